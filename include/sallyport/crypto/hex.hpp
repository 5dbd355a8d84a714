// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// Bytes as hexadecimal digits, and back. Not for secrets: the time depends on the digits.
namespace sallyport::crypto {

/// What each character is worth as a digit in either case, and -1 for all that are none.
inline constexpr std::array<std::int8_t, 256> hex_values = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < 10; ++i) values['0' + i] = static_cast<std::int8_t>(i);
    for (std::size_t i = 0; i < 6; ++i) values['a' + i] = values['A' + i] = static_cast<std::int8_t>(10 + i);
    return values;
}();

/// The value of one digit in either case, or -1 if it is none.
constexpr int hex_value(char digit) noexcept { return hex_values[static_cast<unsigned char>(digit)]; }

/// Fills `out` from exactly two digits a byte. False for any other length or character; `out` is then unspecified.
[[nodiscard]] constexpr bool decode_hex(std::string_view digits, std::span<std::uint8_t> out) noexcept {
    if (digits.size() % 2 != 0 || digits.size() / 2 != out.size()) {
        return false;
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
        int const high = hex_value(digits[2 * i]);
        int const low = hex_value(digits[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return true;
}

/// Writes two lower-case digits for each byte; `out` holds exactly twice as many characters as there are bytes.
constexpr void encode_hex(std::span<std::uint8_t const> bytes, std::span<char> out) noexcept {
    constexpr std::string_view digits = "0123456789abcdef";
    assert(out.size() == 2 * bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

}  // namespace sallyport::crypto
