// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/crypto/hex.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

using namespace sallyport::crypto;

namespace {

constexpr bool round_trip_at_compile_time() {
    std::array<std::uint8_t, 3> bytes{};
    std::array<char, 6> digits{};
    if (!decode_hex("00Fa9f", bytes)) {
        return false;
    }
    encode_hex(bytes, digits);
    return std::string_view{digits.data(), digits.size()} == "00fa9f";
}
static_assert(round_trip_at_compile_time());
static_assert(hex_value('0') == 0 && hex_value('9') == 9 && hex_value('a') == 10 && hex_value('F') == 15);
static_assert(hex_value('g') == -1 && hex_value('\0') == -1);

}  // namespace

TEST_CASE("of all 256 characters exactly the 22 digits have a value") {
    for (int i = 0; i < 256; ++i) {
        char const character = static_cast<char>(i);
        auto const lower = std::string_view{"0123456789abcdef"}.find(character);
        auto const upper = std::string_view{"0123456789ABCDEF"}.find(character);
        int const expected = lower != std::string_view::npos   ? static_cast<int>(lower)
                             : upper != std::string_view::npos ? static_cast<int>(upper)
                                                               : -1;
        REQUIRE(hex_value(character) == expected);
    }
}

TEST_CASE("every byte is written as printf would write it, and read back in either case") {
    for (unsigned byte = 0; byte < 256; ++byte) {
        char lower[3];
        char upper[3];
        std::snprintf(lower, sizeof lower, "%02x", byte);
        std::snprintf(upper, sizeof upper, "%02X", byte);

        std::array<std::uint8_t, 1> const bytes{static_cast<std::uint8_t>(byte)};
        std::array<char, 2> digits{};
        encode_hex(bytes, digits);
        REQUIRE(std::string_view(digits.data(), 2) == lower);

        std::array<std::uint8_t, 1> read{};
        REQUIRE(decode_hex(lower, read));
        REQUIRE(read == bytes);
        REQUIRE(decode_hex(upper, read));
        REQUIRE(read == bytes);
    }
}

TEST_CASE("a string with any other character anywhere is refused") {
    std::array<std::uint8_t, 4> out{};
    for (std::size_t position = 0; position < 8; ++position) {
        for (int i = 0; i < 256; ++i) {
            std::string digits = "01234567";
            digits[position] = static_cast<char>(i);
            REQUIRE(decode_hex(digits, out) == (hex_value(digits[position]) >= 0));
        }
    }
}

TEST_CASE("a string that is too short, too long or odd is refused") {
    std::string const digits(64, 'a');
    for (std::size_t bytes = 0; bytes <= 16; ++bytes) {
        std::vector<std::uint8_t> out(bytes);
        for (std::size_t size = 0; size <= digits.size(); ++size) {
            REQUIRE(decode_hex(std::string_view{digits}.substr(0, size), out) == (size == 2 * bytes));
        }
    }
}
