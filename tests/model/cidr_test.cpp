// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/model/cidr.hpp>

#include <array>
#include <cstdint>
#include <random>
#include <string>

namespace sp = sallyport;

namespace {

bool contains(char const* block, char const* address) {
    return sp::cidr::make(block).value().contains(sp::peer_address::parse(address));
}

}  // namespace

TEST_CASE("a block contains the addresses that share its prefix, and no others") {
    CHECK(contains("10.0.0.0/8", "10.255.0.1"));
    CHECK_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
    CHECK(contains("192.168.1.128/25", "192.168.1.129"));
    CHECK_FALSE(contains("192.168.1.128/25", "192.168.1.127"));
    CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
}

TEST_CASE("an address without a prefix length is a block of one") {
    CHECK(contains("127.0.0.1", "127.0.0.1"));
    CHECK_FALSE(contains("127.0.0.1", "127.0.0.2"));
    CHECK(contains("::1", "::1"));
}

TEST_CASE("a block of one family contains no address of the other, and none that is unknown") {
    CHECK_FALSE(contains("0.0.0.0/0", "::1"));
    CHECK_FALSE(contains("::/0", "127.0.0.1"));
    CHECK_FALSE(contains("0.0.0.0/0", "nobody"));
}

TEST_CASE("a v4 address mapped into v6 lies in the block of the v4 address") {
    CHECK(contains("10.0.0.0/8", "::ffff:10.1.1.1"));
}

TEST_CASE("a block that is none is refused with what is accepted") {
    for (std::string const text :
         {"", "/", "x", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/8/8",
          "10.0.0.0/ 8", "10.0.0/8", "::/129", "fe80::1%eth0", "::ffff:10.0.0.0/104", "[::1]"}) {
        CAPTURE(text);
        auto const made = sp::cidr::make(text);
        CHECK_FALSE(made);
        CHECK(made.message().find("expected an IPv4 or IPv6 address and a prefix length") != std::string::npos);
    }
}

TEST_CASE("bits beyond the prefix are refused, since one of the two is a mistake") {
    CHECK_FALSE(sp::cidr::make("10.0.0.1/8"));
    CHECK_FALSE(sp::cidr::make("2001:db8::1/64"));
    CHECK(sp::cidr::make("10.0.0.1/32"));
}

TEST_CASE("whether an address lies in a block is told by its first bits, at every prefix length") {
    std::mt19937 random(1);
    for (unsigned prefix = 0; prefix <= 32; ++prefix) {
        std::uint32_t const mask = prefix == 0 ? 0 : 0xffffffffU << (32 - prefix);
        for (int round = 0; round < 200; ++round) {
            auto const network = static_cast<std::uint32_t>(random()) & mask;
            auto const address =
                round % 2 == 0 ? static_cast<std::uint32_t>(random()) : network ^ (1U << random() % 32);
            auto const bytes = [](std::uint32_t value) {
                return std::array<std::uint8_t, 4>{
                    static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
                    static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
            };
            auto const n = bytes(network);
            auto const text = std::to_string(n[0]) + "." + std::to_string(n[1]) + "." + std::to_string(n[2]) + "." +
                              std::to_string(n[3]) + "/" + std::to_string(prefix);
            CAPTURE(text, address);
            CHECK(sp::cidr::make(text).value().contains(sp::peer_address::v4(bytes(address))) ==
                  ((address & mask) == network));
        }
    }
}
