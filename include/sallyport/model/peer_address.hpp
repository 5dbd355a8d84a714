// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/hex.hpp>
#include <sallyport/model/same_bytes.hpp>

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport {

/// Where a request came from: an IPv4 address, an IPv6 address, or unknown. A small value that owns itself.
/// A v4 address mapped into v6 (RFC 4291 §2.5.5.2), as dual-stack sockets show it, is the v4 address.
class peer_address {
public:
    enum class family : std::uint8_t { unknown, v4, v6 };

    constexpr peer_address() noexcept = default;  ///< unknown

    static constexpr peer_address v4(std::array<std::uint8_t, 4> const& bytes) noexcept {
        peer_address made;
        made.family_ = family::v4;
        std::copy(bytes.begin(), bytes.end(), made.bytes_.begin());
        return made;
    }
    static constexpr peer_address v6(std::array<std::uint8_t, 16> const& bytes) noexcept {
        constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
        if (std::equal(mapped.begin(), mapped.end(), bytes.begin())) {
            return v4({bytes[12], bytes[13], bytes[14], bytes[15]});
        }
        peer_address made;
        made.family_ = family::v6;
        made.bytes_ = bytes;
        return made;
    }

    /// The address that the text spells, in the usual forms: dotted quads without leading zeros, RFC 4291
    /// §2.2 with `::`, a v4 tail and a zone, which is dropped. Unknown for anything else.
    static constexpr peer_address parse(std::string_view text) noexcept {
        if (text.find(':') == text.npos) {
            auto const quad = parse_v4(text);
            return quad ? v4(*quad) : peer_address();
        }
        auto const percent = text.find('%');
        if (percent != text.npos && !is_zone(text.substr(percent + 1))) return {};
        auto const bytes = parse_v6(text.substr(0, percent));
        return bytes ? v6(*bytes) : peer_address();
    }

    constexpr family kind() const noexcept { return family_; }
    constexpr bool known() const noexcept { return family_ != family::unknown; }
    constexpr std::array<std::uint8_t, 16> const& bytes() const noexcept { return bytes_; }  ///< v4: the first four

    /// What one subscriber holds: a v4 address, or a network of a v6 one, within which a host picks freely.
    constexpr peer_address network(unsigned v6_bits = 64) const noexcept {
        return family_ == family::v6 ? prefix(v6_bits) : *this;
    }

    /// The block of addresses that begin with the same bits: the rest is zero.
    constexpr peer_address prefix(unsigned bits) const noexcept {
        auto made = *this;
        for (unsigned at = 0; at < made.bytes_.size(); ++at) {
            auto const kept = bits >= 8 * (at + 1) ? 8 : bits <= 8 * at ? 0 : bits - 8 * at;
            made.bytes_[at] = static_cast<std::uint8_t>(made.bytes_[at] & (0xff00U >> kept));
        }
        return made;
    }

    friend constexpr bool operator==(peer_address const& a, peer_address const& b) noexcept {
        return a.family_ == b.family_ && same_bytes(a.bytes_, b.bytes_);
    }
    friend constexpr auto operator<=>(peer_address const&, peer_address const&) noexcept = default;

private:
    /// The name of an interface, as addresses of one link bear it (RFC 4007 §11).
    static constexpr bool is_zone(std::string_view text) noexcept {
        return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
                   c == '-';
        });
    }

    static constexpr std::optional<std::array<std::uint8_t, 4>> parse_v4(std::string_view text) noexcept {
        std::array<std::uint8_t, 4> bytes{};
        for (std::size_t i = 0; i < 4; ++i) {
            auto const dot = text.find('.');
            auto const part = i < 3 ? text.substr(0, dot) : text;
            if ((i < 3 && dot == text.npos) || part.empty() || part.size() > 3) return std::nullopt;
            if (part.size() > 1 && part.front() == '0') return std::nullopt;
            unsigned value = 0;
            for (auto const c : part) {
                if (c < '0' || c > '9') return std::nullopt;
                value = value * 10 + static_cast<unsigned>(c - '0');
            }
            if (value > 255) return std::nullopt;
            bytes[i] = static_cast<std::uint8_t>(value);
            if (i < 3) text.remove_prefix(dot + 1);
        }
        return bytes;
    }

    static constexpr std::optional<unsigned> parse_group(std::string_view text) noexcept {
        if (text.empty() || text.size() > 4) return std::nullopt;
        unsigned value = 0;
        for (auto const c : text) {
            auto const digit = crypto::hex_value(c);
            if (digit < 0) return std::nullopt;
            value = value << 4 | static_cast<unsigned>(digit);
        }
        return value;
    }

    /// Groups separated by single colons, the last of which may be a dotted quad where they end the address; how
    /// many bytes they made.
    static constexpr std::optional<std::size_t> parse_groups(std::string_view text, bool at_end,
                                                             std::array<std::uint8_t, 16>& bytes) noexcept {
        std::size_t size = 0;
        while (!text.empty()) {
            auto const colon = text.find(':');
            auto const part = text.substr(0, colon);
            if (at_end && colon == text.npos && part.find('.') != part.npos) {
                auto const quad = parse_v4(part);
                if (!quad || size > 12) return std::nullopt;
                for (auto const byte : *quad) bytes[size++] = byte;
                return size;
            }
            auto const group = parse_group(part);
            if (!group || size > 14) return std::nullopt;
            bytes[size++] = static_cast<std::uint8_t>(*group >> 8);
            bytes[size++] = static_cast<std::uint8_t>(*group & 0xff);
            if (colon == text.npos) return size;
            text.remove_prefix(colon + 1);
            if (text.empty()) return std::nullopt;
        }
        return size;
    }

    static constexpr std::optional<std::array<std::uint8_t, 16>> parse_v6(std::string_view text) noexcept {
        std::array<std::uint8_t, 16> head{};
        auto const gap = text.find("::");
        auto const head_size = parse_groups(text.substr(0, gap), gap == text.npos, head);
        if (!head_size) return std::nullopt;
        if (gap == text.npos) return *head_size == 16 ? std::optional(head) : std::nullopt;
        std::array<std::uint8_t, 16> tail{};
        auto const tail_size = parse_groups(text.substr(gap + 2), true, tail);
        if (!tail_size || *head_size + *tail_size > 14) return std::nullopt;
        for (std::size_t i = 0; i < *tail_size; ++i) head[16 - *tail_size + i] = tail[i];
        return head;
    }

    std::array<std::uint8_t, 16> bytes_{};
    family family_ = family::unknown;
};

}  // namespace sallyport
