// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace sallyport {

/// Whether these are the same bytes, in two comparisons: g++ 12 calls memcmp for those of an array.
constexpr bool same_bytes(std::array<std::uint8_t, 16> const& a, std::array<std::uint8_t, 16> const& b) noexcept {
    using halves = std::array<std::uint64_t, 2>;
    auto const left = std::bit_cast<halves>(a);
    auto const right = std::bit_cast<halves>(b);
    return left[0] == right[0] && left[1] == right[1];
}

}  // namespace sallyport
