// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "../sanitizer.hpp"

#include <sallyport/model/peer_address.hpp>

#include <arpa/inet.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <regex>
#include <string>
#include <string_view>

using sallyport::peer_address;
using family = peer_address::family;

namespace {

static_assert(!peer_address().known());
static_assert(peer_address::parse("192.0.2.1") == peer_address::v4({192, 0, 2, 1}));
static_assert(peer_address::parse("2001:db8::1").kind() == family::v6);
static_assert(peer_address::parse("2001:DB8::1") == peer_address::parse("2001:0db8:0:0:0:0:0:1"));
static_assert(peer_address::parse("::") == peer_address::v6({}));
static_assert(peer_address::parse("::").known());
static_assert(peer_address::parse("0.0.0.0") != peer_address::parse("::"));
static_assert(peer_address::parse("64:ff9b::192.0.2.33") == peer_address::parse("64:ff9b::c000:221"));

// RFC 4291 §2.5.5.2: a dual-stack socket shows v4 peers so.
static_assert(peer_address::parse("::ffff:192.0.2.1") == peer_address::parse("192.0.2.1"));
static_assert(peer_address::parse("::ffff:c000:201") == peer_address::parse("192.0.2.1"));
static_assert(peer_address::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}).kind() == family::v4);
static_assert(peer_address::parse("::192.0.2.1").kind() == family::v6);
static_assert(peer_address::parse("::fffe:192.0.2.1").kind() == family::v6);

// A zone names an interface of this machine, not another peer.
static_assert(peer_address::parse("fe80::1%eth0") == peer_address::parse("fe80::1"));
static_assert(!peer_address::parse("192.0.2.1%eth0").known());
static_assert(!peer_address::parse("fe80::1%").known());
static_assert(!peer_address::parse("fe80::1%\", x").known());

// Leading zeros are octal to some readers and decimal to others.
static_assert(!peer_address::parse("192.0.02.1").known());
static_assert(!peer_address::parse("192.0.2.00").known());

static_assert(!peer_address::parse("").known());
static_assert(!peer_address::parse("localhost").known());
static_assert(!peer_address::parse("192.0.2").known());
static_assert(!peer_address::parse("192.0.2.1.").known());
static_assert(!peer_address::parse("192.0.2.256").known());
static_assert(!peer_address::parse("192.0.2.1:80").known());
static_assert(!peer_address::parse("[::1]").known());
static_assert(!peer_address::parse("::1::").known());
static_assert(!peer_address::parse(":::").known());
static_assert(!peer_address::parse("1:2:3:4:5:6:7").known());
static_assert(!peer_address::parse("1:2:3:4:5:6:7:8:9").known());
static_assert(!peer_address::parse("1::2:3:4:5:6:7:8").known());
static_assert(!peer_address::parse("192.0.2.1::").known());
static_assert(!peer_address::parse("1:192.0.2.1::1").known());
static_assert(!peer_address::parse("::192.0.2.1:1").known());
static_assert(!peer_address::parse("1:2:3:4:5:6:7:192.0.2.1").known());

using generator = std::mt19937_64;

/// What inet_pton makes of it. Of the text before a zone, which inet_pton doesn't read; a text with a NUL is none.
peer_address judged_by_the_system(std::string_view text) {
    if (text.find('\0') != text.npos) return {};
    if (text.find(':') != text.npos) {
        static std::regex const zoned("[^%]*(%[A-Za-z0-9._-]+)?");
        if (!std::regex_match(text.begin(), text.end(), zoned)) return {};
        std::array<std::uint8_t, 16> bytes{};
        bool const known = inet_pton(AF_INET6, std::string(text.substr(0, text.find('%'))).c_str(), bytes.data()) == 1;
        return known ? peer_address::v6(bytes) : peer_address();
    }
    std::array<std::uint8_t, 4> bytes{};
    return inet_pton(AF_INET, std::string(text).c_str(), bytes.data()) == 1 ? peer_address::v4(bytes) : peer_address();
}

std::string random_quad(generator& random) {
    std::string text = std::to_string(random() % 256);
    for (int i = 0; i < 3; ++i) text += '.' + std::to_string(random() % (random() % 8 == 0 ? 300 : 256));
    return text;
}

/// Groups in any notation, most often of the right number.
std::string random_groups(generator& random) {
    constexpr std::string_view digits = "0123456789abcdefABCDEF";
    auto const groups = random() % 4 == 0 ? random() % 10 : 8;
    auto const gap = random() % 10;
    std::string text;
    for (std::size_t i = 0; i < groups; ++i) {
        if (i == gap) text += text.empty() ? "::" : ":";
        if (i + 1 == groups && random() % 4 == 0) return text + random_quad(random);
        for (auto size = 1 + random() % 4; size > 0; --size) text += digits[random() % digits.size()];
        if (i + 1 < groups) text += ':';
    }
    return text;
}

std::string random_text(generator& random) {
    constexpr std::string_view signs = "0123456789abcdefABCDEF::::....%xg -/[]";
    auto text = random() % 2 == 0 ? random_quad(random) : random_groups(random);
    if (random() % 8 == 0) text = "::ffff:" + text;
    for (auto changes = random() % 3; changes > 0 && !text.empty(); --changes) {
        auto const place = random() % text.size();
        auto const sign = random() % 8 == 0 ? static_cast<char>(random()) : signs[random() % signs.size()];
        switch (random() % 4) {
            case 0: text[place] = sign; break;
            case 1: text.insert(place, 1, sign); break;
            case 2: text.erase(place, 1 + random() % 3); break;
            default: text += sign; break;
        }
    }
    return text;
}

}  // namespace

TEST_CASE("an address is what the system's own reader takes for one") {
    generator random(1);
    std::size_t known = 0;
    constexpr std::size_t tries = 400'000 / haste;
    for (std::size_t i = 0; i < tries; ++i) {
        auto const text = random_text(random);
        auto const parsed = peer_address::parse(text);
        if (parsed != judged_by_the_system(text)) FAIL("judged otherwise: " << text);
        known += parsed.known();
    }
    CHECK(known > tries / 8);
    CHECK(known < tries * 7 / 8);
}

TEST_CASE("an address that the system writes is read as it was") {
    generator random(2);
    for (int i = 0; i < 50'000 / haste; ++i) {
        std::array<std::uint8_t, 16> bytes{};
        for (auto& byte : bytes) byte = random() % 2 == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(random());
        std::array<char, INET6_ADDRSTRLEN> text{};
        REQUIRE(inet_ntop(AF_INET6, bytes.data(), text.data(), text.size()));
        if (peer_address::parse(text.data()) != peer_address::v6(bytes)) FAIL(text.data());
        REQUIRE(inet_ntop(AF_INET, bytes.data(), text.data(), text.size()));
        if (peer_address::parse(text.data()) != peer_address::v4({bytes[0], bytes[1], bytes[2], bytes[3]}))
            FAIL(text.data());
    }
}

TEST_CASE("the network of a v6 address is its /64, and a v4 address is its own") {
    auto const host = peer_address::parse("2001:db8:1:2:3:4:5:6");
    CHECK(host.network() == peer_address::parse("2001:db8:1:2::"));
    CHECK(host.network() == peer_address::parse("2001:db8:1:2:ffff:ffff:ffff:ffff").network());
    CHECK(host.network() != peer_address::parse("2001:db8:1:3:3:4:5:6").network());
    CHECK(host.network().network() == host.network());
    CHECK(host.network() != host);

    auto const v4 = peer_address::parse("192.0.2.1");
    CHECK(v4.network() == v4);
    CHECK(peer_address::parse("::ffff:192.0.2.1").network() == v4);
    CHECK(v4.network() != peer_address::parse("192.0.2.2").network());
    CHECK(peer_address().network() == peer_address());
}

TEST_CASE("addresses of different families differ though their bytes are the same") {
    CHECK(peer_address() != peer_address::v4({}));
    CHECK(peer_address::v4({}) != peer_address::v6({}));
    CHECK(peer_address::v4({}).bytes() == peer_address::v6({}).bytes());
}
