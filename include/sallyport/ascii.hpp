// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
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

/// What a letter's two cases differ in.
inline constexpr unsigned char case_bit = 'a' - 'A';

/// Sixteen bytes at once: an extension of g++ and clang, for whichever processor.
using block [[gnu::vector_size(16)]] = unsigned char;

/// What two ends of a text hold, of so many bytes each; they may overlap.
template <std::size_t Size>
inline block ends_of(std::string_view text) noexcept {
    block made{};
    std::memcpy(&made, text.data(), Size);
    std::memcpy(reinterpret_cast<char*>(&made) + Size, text.data() + text.size() - Size, Size);
    return made;
}

/// No bits if the bytes are the same without regard to case: each pair is equal, or differs in one bit and is of letters.
inline block mismatch(block a, block b) noexcept {
    auto const letters = block((a | case_bit) - 'a' < 26);
    return (a ^ b) & ~(letters & case_bit);
}

/// The same of two texts of one size.
constexpr bool letters_match(std::string_view a, std::string_view b) noexcept {
    auto const size = a.size();
    if (std::is_constant_evaluated() || size < 4) {
        for (std::size_t i = 0; i < size; ++i) {
            if (to_lower(a[i]) != to_lower(b[i])) return false;
        }
        return true;
    }
    block differing{};
    if (size < 8) {
        differing = mismatch(ends_of<4>(a), ends_of<4>(b));
    } else if (size < 16) {
        differing = mismatch(ends_of<8>(a), ends_of<8>(b));
    } else {
        auto const at = [](std::string_view text, std::size_t from) {
            block made;
            std::memcpy(&made, text.data() + from, sizeof made);
            return made;
        };
        // The last block ends with the text, and may begin within the one before.
        differing = mismatch(at(a, size - 16), at(b, size - 16));
        for (std::size_t from = 0; from + 16 < size; from += 16) differing |= mismatch(at(a, from), at(b, from));
    }
    std::array<std::uint64_t, 2> halves{};
    std::memcpy(halves.data(), &differing, sizeof halves);
    return (halves[0] | halves[1]) == 0;
}

/// Equality without regard to case. Texts that differ do so mostly in their sizes, or else at their ends.
constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    return a.empty() || (((a.back() ^ b.back()) & ~case_bit) == 0 && letters_match(a, b));
}

/// The text without blanks and tabs at its ends: a field value's optional white space (RFC 9110 §5.6.3).
constexpr std::string_view trim(std::string_view text) noexcept {
    auto const blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace sallyport::ascii
