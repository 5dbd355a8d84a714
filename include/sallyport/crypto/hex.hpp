// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// Bytes as hexadecimal digits, and back. Not for secrets: the time depends on the digits.
namespace sallyport::crypto {

/// The value of one digit in either case, or -1 if it is none.
constexpr int hex_value(char digit) noexcept {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

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
