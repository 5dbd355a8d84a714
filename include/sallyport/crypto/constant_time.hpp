// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
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

/// Whether two byte strings are the same, in a time that depends on their length alone.
/// Lengths are taken to be public: unequal ones are false at once. Compares only for equality, never for order.
[[nodiscard]] constexpr bool constant_time_equal(std::span<std::uint8_t const> a,
                                                 std::span<std::uint8_t const> b) noexcept {
    if (a.size() != b.size()) {
        return false;
    }
    std::uint32_t difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        // Inside the loop, so that no compiler may stop at the first difference.
        difference = value_barrier(difference | std::uint32_t(a[i] ^ b[i]));
    }
    return declassify(difference == 0);  // whether, but never where
}

}  // namespace sallyport::crypto
