// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/hex.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Vectors are typed, compared and printed as hexadecimal text.
inline std::string hex_text(std::span<std::uint8_t const> bytes) {
    std::string text(2 * bytes.size(), '\0');
    sallyport::crypto::encode_hex(bytes, text);
    return text;
}

/// Whether bytes are those that the text says; for `static_assert`.
template <std::size_t Size>
constexpr bool is_hex(std::array<std::uint8_t, Size> const& bytes, std::string_view text) {
    std::array<std::uint8_t, Size> expected{};
    return sallyport::crypto::decode_hex(text, expected) && bytes == expected;
}

/// The bytes first, first + step, first + 2 step, … modulo 256.
inline std::vector<std::uint8_t> counting_bytes(std::size_t size, std::size_t first = 0, std::size_t step = 1) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::uint8_t>(first + i * step);
    }
    return bytes;
}

inline std::string_view as_text(std::span<std::uint8_t const> bytes) {
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}
