// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// The 64 words of a block's message schedule (FIPS 180-4 §6.2.2). From any 16 of them that follow on each other the
/// block can be computed back.
inline std::array<std::uint32_t, 64> schedule_of(std::string_view block) {
    std::array<std::uint32_t, 64> words{};
    for (std::size_t i = 0; i < 64; ++i) {
        words[i / 4] |= std::uint32_t{static_cast<std::uint8_t>(block[i])} << (24 - 8 * (i % 4));
    }
    for (std::size_t i = 16; i < words.size(); ++i) {
        auto const a = words[i - 15];
        auto const b = words[i - 2];
        words[i] = words[i - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3) + words[i - 7] +
                   (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10);
    }
    return words;
}
