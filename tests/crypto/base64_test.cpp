// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "hex_text.hpp"

#include <sallyport/crypto/base64.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using sallyport::crypto::base64_size;
using sallyport::crypto::base64_value;
using sallyport::crypto::decode_base64;
using sallyport::crypto::encode_base64;

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string encoded(std::span<std::uint8_t const> bytes) {
    std::string text(base64_size(bytes.size()), '\0');
    encode_base64(bytes, text);
    return text;
}

std::optional<std::vector<std::uint8_t>> decoded(std::string_view text) {
    std::vector<std::uint8_t> bytes(text.size());
    auto const size = decode_base64(text, bytes);
    if (!size) return std::nullopt;
    bytes.resize(*size);
    return bytes;
}

/// The slow model: the bytes as one row of bits, cut into sixes.
std::string by_bits(std::span<std::uint8_t const> bytes) {
    std::string bits;
    for (auto const byte : bytes) {
        for (int bit = 7; bit >= 0; --bit) bits += (byte >> bit & 1) != 0 ? '1' : '0';
    }
    while (bits.size() % 6 != 0) bits += '0';
    std::string text;
    for (std::size_t i = 0; i < bits.size(); i += 6) text += alphabet[std::stoul(bits.substr(i, 6), nullptr, 2)];
    return text;
}

constexpr bool reads_foobar() {
    std::array<std::uint8_t, 6> bytes{};
    return decode_base64("Zm9vYmFy", bytes) == 6 && bytes[0] == 'f' && bytes[5] == 'r';
}
static_assert(reads_foobar());

}  // namespace

TEST_CASE("base64 as in RFC 4648 §10, without the padding") {
    struct vector {
        std::string_view bytes;
        std::string_view text;
    };
    for (auto const& [bytes, text] : {vector{"", ""},
                                      {"f", "Zg"},
                                      {"fo", "Zm8"},
                                      {"foo", "Zm9v"},
                                      {"foob", "Zm9vYg"},
                                      {"fooba", "Zm9vYmE"},
                                      {"foobar", "Zm9vYmFy"}}) {
        CAPTURE(text);
        std::vector<std::uint8_t> const of_bytes(bytes.begin(), bytes.end());
        CHECK(encoded(of_bytes) == text);
        CHECK(decoded(text) == of_bytes);
    }
}

TEST_CASE("bytes of every size are written as the slow model writes them, and read back") {
    std::mt19937 random(20);
    for (std::size_t size = 0; size < 80; ++size) {
        CAPTURE(size);
        std::vector<std::uint8_t> bytes(size);
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
        auto const text = encoded(bytes);
        CHECK(text == by_bits(bytes));
        CHECK(decoded(text) == bytes);
    }
}

TEST_CASE("a character stands for its place in the alphabet, and no other character for anything") {
    for (int c = -128; c < 128; ++c) {
        auto const place = alphabet.find(static_cast<char>(c));
        CHECK(base64_value(static_cast<char>(c)) == (place == alphabet.npos ? -1 : static_cast<int>(place)));
    }
}

TEST_CASE("every text of up to three characters is read if and only if it is what its bytes are written as") {
    // All of the alphabet, the padding, the other alphabet's signs, space and zero.
    std::string const signs = std::string(alphabet) + "=-_ \n" + '\0';
    std::size_t read = 0;
    auto const check = [&](std::string const& text) {
        auto const bytes = decoded(text);
        read += bytes.has_value();
        if (bytes && encoded(*bytes) != text) FAIL("read, but not as it is written: " << text);
    };
    for (char const a : signs) {
        check({a});
        for (char const b : signs) {
            check({a, b});
            for (char const c : signs) check({a, b, c});
        }
    }
    CHECK(read == 256 + 256 * 256);
}

TEST_CASE("padding is refused, and so is a length that no bytes have") {
    for (auto const* text : {"Zg=", "Zg==", "Zm8=", "Zm9v=", "=", "====", "Zm9vZ", "Z", "Zm 9v", "Zm9v\n"}) {
        CAPTURE(text);
        CHECK_FALSE(decoded(text));
    }
}

TEST_CASE("text that spells more bytes than there is room for is refused") {
    std::array<std::uint8_t, 8> bytes{};
    CHECK(decode_base64("Zm9v", std::span(bytes).first(3)) == 3U);
    CHECK_FALSE(decode_base64("Zm9v", std::span(bytes).first(2)));
    CHECK_FALSE(decode_base64("Zg", {}));
    CHECK(decode_base64("", {}) == 0U);
}
