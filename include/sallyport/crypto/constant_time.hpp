// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

/// Comparison whose time tells nothing about what is compared.
namespace sallyport::crypto {

/// The same value, of which the optimiser no longer knows anything: it can't turn arithmetic on it back into a branch.
/// Costs at most a move; does nothing in a constant expression.
template <std::unsigned_integral T>
constexpr T value_barrier(T value) noexcept {
    if (std::is_constant_evaluated()) {
        return value;
    }
#if defined(__GNUC__) || defined(__clang__)
    __asm__ volatile("" : "+r"(value));
    return value;
#else
    T volatile opaque = value;
    return opaque;
#endif
}

/// The same answer, public from here on. A checker that follows secrets through the program hears of it by
/// SALLYPORT_MARK_PUBLIC(address, size), which only a test defines; otherwise nothing is done.
constexpr bool declassify(bool answer) noexcept {
#if defined(SALLYPORT_MARK_PUBLIC)
    if (!std::is_constant_evaluated()) SALLYPORT_MARK_PUBLIC(&answer, sizeof answer);
#endif
    return answer;
}

/// What is compared at a time: 16 bytes where a vector register holds them, a word of 8 elsewhere.
#if (defined(__GNUC__) || defined(__clang__)) && (defined(__SSE2__) || defined(__aarch64__))
using compared_block = std::uint64_t __attribute__((vector_size(16)));

inline compared_block value_barrier(compared_block value) noexcept {
#    if defined(__SSE2__)
    __asm__ volatile("" : "+x"(value));
#    else
    __asm__ volatile("" : "+w"(value));
#    endif
    return value;
}

inline bool is_zero(compared_block value) noexcept { return value_barrier(value[0] | value[1]) == 0; }
#else
using compared_block = std::uint64_t;

inline bool is_zero(compared_block value) noexcept { return value == 0; }
#endif

/// The differing bits of all blocks together. The last block begins where it fits, whatever was compared already.
inline compared_block differing_bits(std::uint8_t const* a, std::uint8_t const* b, std::size_t size) noexcept {
    constexpr std::size_t step = sizeof(compared_block);
    compared_block difference{};
    for (std::size_t done = 0; done < size; done += step) {
        std::size_t const at = size - done < step ? size - step : done;
        compared_block left{};
        compared_block right{};
        std::memcpy(&left, a + at, step);
        std::memcpy(&right, b + at, step);
        // Inside the loop, so that no compiler may stop at the first difference.
        difference = value_barrier(difference | (left ^ right));
    }
    return difference;
}

// Without optimisation each block would lie on the stack, where nobody wipes it.
#if defined(__OPTIMIZE__)
inline constexpr bool in_blocks = true;
#else
inline constexpr bool in_blocks = false;
#endif

/// Whether two byte strings are the same, in a time that depends on their length alone.
/// Lengths are taken to be public: unequal ones are false at once. Compares only for equality, never for order.
[[nodiscard]] constexpr bool constant_time_equal(std::span<std::uint8_t const> a,
                                                 std::span<std::uint8_t const> b) noexcept {
    if (a.size() != b.size()) {
        return false;
    }
    if (!std::is_constant_evaluated() && in_blocks && a.size() >= sizeof(compared_block)) {
        return declassify(is_zero(differing_bits(a.data(), b.data(), a.size())));  // whether, but never where
    }
    std::uint32_t difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference = value_barrier(difference | std::uint32_t(a[i] ^ b[i]));
    }
    return declassify(difference == 0);
}

}  // namespace sallyport::crypto
