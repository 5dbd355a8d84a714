// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/ascii.hpp>
#include <sallyport/crypto/crc32.hpp>
#include <sallyport/model/result.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sallyport {

/// What the text of a presented secret looks like, whoever's it is.
enum class secret_shape : std::uint8_t {
    foreign,   ///< nothing that this host has issued
    mistyped,  ///< begins like one, and was cut short or changed on its way
    intact,    ///< as one that this host may have issued: if it is wrong, it was revoked, or somebody made it up
};

/// How the secrets look that a host issues: a prefix of its own, by which scanners find a leaked one, 256 random bits
/// and a checksum, by which the host tells a slip from an attack. The prefix is no secret.
///
///     PREFIX + 52 characters for the bits + 7 for the CRC-32 of all before, in base32 (RFC 4648 §6) in lower case
class secret_format {
public:
    static constexpr std::size_t random_bytes = 32;
    static constexpr std::size_t body = 52;
    static constexpr std::size_t checksum = 7;
    static constexpr std::size_t max_prefix = 16;
    static constexpr std::size_t max_size = max_prefix + body + checksum;

    constexpr secret_format() noexcept = default;  ///< no prefix: every secret is foreign

    /// A prefix has 1 to 16 letters, digits, `-` and `_`, so that no field, shell or URL changes it. Raises
    /// `setup_error` on another; `make` is the twin that returns it.
    constexpr explicit secret_format(std::string_view prefix) : prefix_size_(prefix.size()) {
        if (!accepts(prefix)) raise(refusal(prefix));
        std::copy(prefix.begin(), prefix.end(), prefix_.begin());
    }
    static result<secret_format> make(std::string_view prefix) {
        if (!accepts(prefix)) return refusal(prefix);
        return secret_format(prefix);
    }

    constexpr std::string_view prefix() const noexcept { return {prefix_.data(), prefix_size_}; }
    constexpr std::size_t size() const noexcept { return prefix_size_ + body + checksum; }

    /// Writes the secret that these bits make; how many characters that were. Its time depends on no bit.
    constexpr std::size_t write(std::span<std::uint8_t const, random_bytes> bits,
                                std::span<char, max_size> out) const noexcept {
        auto* end = std::copy_n(prefix_.data(), prefix_size_, out.data());
        end = append_base32(bits, end);
        auto const sum = checksum_of({out.data(), prefix_size_ + body});
        append_base32(sum, end);
        return size();
    }

    constexpr secret_shape shape_of(std::string_view text) const noexcept {
        if (prefix_size_ == 0 || !text.starts_with(prefix())) return secret_shape::foreign;
        if (text.size() != size()) return secret_shape::mistyped;
        auto const before = text.substr(0, prefix_size_ + body);
        std::array<char, checksum> expected{};
        append_base32(checksum_of(before), expected.data());
        bool const same = text.substr(before.size()) == std::string_view(expected.data(), expected.size());
        return same ? secret_shape::intact : secret_shape::mistyped;
    }

private:
    static constexpr bool accepts(std::string_view prefix) noexcept {
        return !prefix.empty() && prefix.size() <= max_prefix && std::all_of(prefix.begin(), prefix.end(), [](char c) {
            return ascii::is_alpha(c) || ascii::is_digit(c) || c == '-' || c == '_';
        });
    }

    static constexpr std::array<std::uint8_t, 4> checksum_of(std::string_view text) noexcept {
        auto const sum = crypto::crc32(text);
        return {static_cast<std::uint8_t>(sum >> 24), static_cast<std::uint8_t>(sum >> 16),
                static_cast<std::uint8_t>(sum >> 8), static_cast<std::uint8_t>(sum)};
    }

    /// The letters `a` to `z`, then the digits `2` to `7`; by arithmetic, since a table's lines would show the bits.
    static constexpr char base32_digit(unsigned value) noexcept {
        auto const is_digit = (25U - value) >> 31;  // 1 from 26 on, where the difference wraps
        return static_cast<char>('a' + value - is_digit * ('a' + 26 - '2'));
    }

    static constexpr char* append_base32(std::span<std::uint8_t const> bytes, char* to) noexcept {
        unsigned held = 0;
        unsigned bits = 0;
        for (auto const byte : bytes) {
            held = held << 8 | byte;
            for (bits += 8; bits >= 5; bits -= 5) *to++ = base32_digit(held >> (bits - 5) & 31U);
        }
        if (bits > 0) *to++ = base32_digit(held << (5 - bits) & 31U);
        return to;
    }

    static error refusal(std::string_view prefix) {
        auto const quoted = std::string("\"").append(prefix).append("\"");
        return {quoted + " is no prefix of secrets; expected 1 to 16 letters, digits, - and _"};
    }

    std::array<char, max_prefix> prefix_{};
    std::size_t prefix_size_ = 0;
};

}  // namespace sallyport
