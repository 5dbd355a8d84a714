// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace sallyport {

/// Numbers of 1 to 64 bits, one behind the other in words of 64, the first in the uppermost bits. Written once onto
/// zeros, or read, from the front; the words outlive it.
class bit_string {
public:
    constexpr explicit bit_string(std::uint64_t* words) noexcept : words_(words) {}

    /// A number that is less than 2^width.
    constexpr void put(std::uint64_t number, unsigned width) noexcept {
        auto* const word = words_ + at_ / 64;
        auto const left = static_cast<unsigned>(64 - at_ % 64);
        at_ += width;
        if (width <= left) {
            *word |= number << (left - width);
            return;
        }
        *word |= number >> (width - left);
        word[1] |= number << (64 - (width - left));
    }

    constexpr std::uint64_t get(unsigned width) noexcept {
        auto const* const word = words_ + at_ / 64;
        auto const begun = static_cast<unsigned>(at_ % 64);
        at_ += width;
        auto bits = *word << begun;
        if (begun + width > 64) bits |= word[1] >> (64 - begun);
        return bits >> (64 - width);
    }

private:
    std::uint64_t* words_;
    std::size_t at_ = 0;
};

}  // namespace sallyport
