// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/hex.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sallyport {

/// Whether the 36 characters are a version 4 UUID, whose bytes are then in `out`; they are unspecified otherwise. For
/// constant expressions, and for processors without vector instructions that are known here.
constexpr bool parse_uuid_v4_portable(std::span<char const, 36> text, std::span<std::uint8_t, 16> out) noexcept {
    constexpr std::array<std::size_t, 16> places{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    int seen = 0;  // negative from the first character on that is no digit
    for (std::size_t i = 0; i < out.size(); ++i) {
        int const high = crypto::hex_value(text[places[i]]);
        int const low = crypto::hex_value(text[places[i] + 1]);
        seen |= high | low;
        out[i] = static_cast<std::uint8_t>((high & 15) << 4 | (low & 15));
    }
    bool const hyphens = text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
    return seen >= 0 && hyphens && (out[6] & 0xf0U) == 0x40U && (out[8] & 0xc0U) == 0x80U;
}

}  // namespace sallyport
