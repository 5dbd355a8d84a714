// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// Bytes in base64 without padding, and back: the standard alphabet of RFC 4648 §4. Not for secrets: the time depends
/// on the characters.
namespace sallyport::crypto {

/// The six bits that a character stands for, or -1 if it is none of the alphabet.
constexpr int base64_value(char c) noexcept {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    if (c == '/') return 63;
    return -1;
}

/// How many characters so many bytes are.
constexpr std::size_t base64_size(std::size_t bytes) noexcept { return bytes / 3 * 4 + (bytes % 3 * 4 + 2) / 3; }

/// How many bytes the text spells, filled into the front of `out`. None if it is no base64, is padded, is not as
/// `encode_base64` writes these bytes, or doesn't fit; `out` is then unspecified.
[[nodiscard]] constexpr std::optional<std::size_t> decode_base64(std::string_view text,
                                                                 std::span<std::uint8_t> out) noexcept {
    if (text.size() % 4 == 1) return std::nullopt;
    std::size_t size = 0;
    unsigned held = 0;  // bits that are not yet a byte
    unsigned bits = 0;
    for (auto const c : text) {
        auto const value = base64_value(c);
        if (value < 0) return std::nullopt;
        held = held << 6 | static_cast<unsigned>(value);
        bits += 6;
        if (bits < 8) continue;
        if (size == out.size()) return std::nullopt;
        bits -= 8;
        out[size++] = static_cast<std::uint8_t>(held >> bits);
        held &= (1U << bits) - 1;
    }
    // What is left over spells nothing; other bits there would be a second spelling of the same bytes (§3.5).
    if (held != 0) return std::nullopt;
    return size;
}

/// Writes the bytes; `out` holds exactly `base64_size` characters.
constexpr void encode_base64(std::span<std::uint8_t const> bytes, std::span<char> out) noexcept {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    assert(out.size() == base64_size(bytes.size()));
    for (std::size_t i = 0; i < out.size(); ++i) {
        // The six bits lie in one byte or across two, where behind the last there are zeros.
        std::size_t const place = i * 6 / 8;
        unsigned const next = place + 1 < bytes.size() ? bytes[place + 1] : 0U;
        unsigned const pair = static_cast<unsigned>(bytes[place]) << 8 | next;
        out[i] = alphabet[pair >> (10 - i * 6 % 8) & 63U];
    }
}

}  // namespace sallyport::crypto
