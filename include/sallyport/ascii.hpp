// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace sallyport::ascii {

/// Lower case for A to Z, everything else as it is; no locale.
constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) noexcept { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }

/// No bits if the bytes of two words are the same without regard to case: each pair is equal, or differs in the bit of
/// the case and is of letters.
template <class Word>
constexpr Word mismatch(Word a, Word b) noexcept {
    constexpr Word ones = static_cast<Word>(~Word{}) / 0xff;
    constexpr Word case_bits = ones * 0x20;
    Word const differing = a ^ b;
    Word const lower = a | b;  // where they differ in that bit, the letter in lower case
    Word const bits = lower & ones * 0x7f;
    // The top bit of each byte tells: no sum carries into the next, no difference borrows from it.
    Word const from_a = bits + ones * (0x80 - 'a');
    Word const to_z = ones * (0x80 + 'z') - bits;
    Word const no_letters = (from_a ^ to_z) | lower;
    return (differing & ~case_bits) | (differing << 2 & no_letters);
}

/// Equality without regard to case.
constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
    auto const size = a.size();
    if (size != b.size()) return false;
    if (std::is_constant_evaluated() || size < 4) {
        for (std::size_t i = 0; i < size; ++i) {
            if (to_lower(a[i]) != to_lower(b[i])) return false;
        }
        return true;
    }
    auto const mismatch_at = [&](std::size_t at, auto x) {
        auto y = x;
        std::memcpy(&x, a.data() + at, sizeof x);
        std::memcpy(&y, b.data() + at, sizeof y);
        return mismatch(x, y);
    };
    // The last word ends with the text, and may begin within the one before.
    if (size < 8) return mismatch_at(0, std::uint32_t{}) == 0 && mismatch_at(size - 4, std::uint32_t{}) == 0;
    for (std::size_t at = 0; at < size - 8; at += 8) {
        if (mismatch_at(at, std::uint64_t{}) != 0) return false;
    }
    return mismatch_at(size - 8, std::uint64_t{}) == 0;
}

/// The text without blanks and tabs at its ends: a field value's optional white space (RFC 9110 §5.6.3).
constexpr std::string_view trim(std::string_view text) noexcept {
    auto const blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace sallyport::ascii
