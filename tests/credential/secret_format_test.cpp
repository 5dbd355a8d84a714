// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/credential/secret_format.hpp>
#include <sallyport/crypto/crc32.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

using sallyport::secret_format;
using sallyport::secret_shape;

namespace {

constexpr secret_format acme{"acme_"};

/// The check value that catalogues of CRCs give for this one.
static_assert(sallyport::crypto::crc32("123456789") == 0xcbf43926);
static_assert(sallyport::crypto::crc32("") == 0);

std::string written(secret_format const& format, std::array<std::uint8_t, 32> const& bits) {
    std::array<char, secret_format::max_size> out{};
    return {out.data(), format.write(bits, out)};
}

std::array<std::uint8_t, 32> random_bits(std::mt19937& random) {
    std::array<std::uint8_t, 32> bits{};
    for (auto& each : bits) each = static_cast<std::uint8_t>(random());
    return bits;
}

/// RFC 4648 §6, by arithmetic on a number of 256 bits and four more.
std::string slow_base32(std::array<std::uint8_t, 32> const& bytes) {
    std::string bits;
    for (auto const byte : bytes) {
        for (int bit = 7; bit >= 0; --bit) bits += static_cast<char>('0' + (byte >> bit & 1));
    }
    bits += "0000";
    std::string text;
    for (std::size_t i = 0; i < bits.size(); i += 5) {
        text += "abcdefghijklmnopqrstuvwxyz234567"[std::stoul(bits.substr(i, 5), nullptr, 2)];
    }
    return text;
}

}  // namespace

TEST_CASE("a secret is the prefix, the bits in base32 and a checksum, and is known by that") {
    std::mt19937 random(1);
    for (int i = 0; i < 200; ++i) {
        auto const bits = random_bits(random);
        auto const text = written(acme, bits);
        REQUIRE(text.size() == acme.size());
        REQUIRE(text.substr(0, 57) == "acme_" + slow_base32(bits));
        REQUIRE(acme.shape_of(text) == secret_shape::intact);
    }
}

TEST_CASE("every slip is told from a secret: a character changed, lost, doubled, two of them swapped") {
    std::mt19937 random(2);
    auto const text = written(acme, random_bits(random));
    for (std::size_t i = acme.prefix().size(); i < text.size(); ++i) {
        for (char const other : {'a', 'B', '7', '-', '\0'}) {
            auto changed = text;
            changed[i] = other;
            if (changed != text) REQUIRE(acme.shape_of(changed) == secret_shape::mistyped);
        }
        REQUIRE(acme.shape_of(text.substr(0, i) + text.substr(i + 1)) == secret_shape::mistyped);
        REQUIRE(acme.shape_of(text.substr(0, i) + text[i] + text.substr(i)) == secret_shape::mistyped);
        auto swapped = text;
        if (i + 1 < text.size()) std::swap(swapped[i], swapped[i + 1]);
        if (swapped != text) REQUIRE(acme.shape_of(swapped) == secret_shape::mistyped);
    }
    REQUIRE(acme.shape_of(text + " ") == secret_shape::mistyped);
}

TEST_CASE("what doesn't begin as this host's secrets do is foreign") {
    std::mt19937 random(3);
    auto const theirs = written(secret_format("other_"), random_bits(random));
    CHECK(acme.shape_of(theirs) == secret_shape::foreign);
    CHECK(acme.shape_of("") == secret_shape::foreign);
    CHECK(acme.shape_of("hunter2") == secret_shape::foreign);
    CHECK(secret_format().shape_of(theirs) == secret_shape::foreign);
}

TEST_CASE("a prefix that a field, a shell or a URL would change is refused with what is accepted") {
    for (std::string_view const good : {"a", "sk_live_", "A-b_9", "0123456789abcdef"}) {
        REQUIRE(secret_format::make(good));
        CHECK(secret_format::make(good).value().prefix() == good);
    }
    for (std::string_view const bad : {"", "0123456789abcdefg", "a b", "a:", "a.", "ä", "a\n"}) {
        auto const made = secret_format::make(bad);
        REQUIRE_FALSE(made);
        CHECK(made.message().find("expected 1 to 16 letters, digits, - and _") != std::string::npos);
        CHECK_THROWS_AS(secret_format(bad), sallyport::setup_error);
    }
}
