// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/hex.hpp>
#include <sallyport/model/same_bytes.hpp>
#include <sallyport/model/uuid_parse_portable.hpp>
#include <sallyport/model/uuid_parse_simd.hpp>

#include <fmt/core.h>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace sallyport {

/// A universally unique identifier: 16 bytes in the order of their text (RFC 9562 §4).
class uuid {
public:
    using bytes_type = std::array<std::uint8_t, 16>;

    constexpr uuid() noexcept = default;  ///< the nil id, which is no client's
    constexpr explicit uuid(bytes_type const& bytes) noexcept : bytes_(bytes) {}

    constexpr bytes_type const& bytes() const noexcept { return bytes_; }

    /// The 36 characters of its text, in lower case.
    constexpr std::array<char, 36> text() const noexcept {
        std::array<char, 36> out{};
        std::size_t at = 0;
        for (std::size_t i = 0; i < bytes_.size(); ++i) {
            if (i == 4 || i == 6 || i == 8 || i == 10) out[at++] = '-';
            crypto::encode_hex(std::span(bytes_).subspan(i, 1), std::span(out).subspan(at, 2));
            at += 2;
        }
        return out;
    }

    friend constexpr bool operator==(uuid const& a, uuid const& b) noexcept { return same_bytes(a.bytes_, b.bytes_); }
    friend constexpr auto operator<=>(uuid const&, uuid const&) noexcept = default;

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, uuid const& id) {
        auto const text = id.text();
        return out << std::string_view(text.data(), text.size());
    }

private:
    bytes_type bytes_{};
};

/// The id that the text spells, if it is exactly a version 4 UUID: 36 characters, hyphens in place, hex
/// digits of either case, version 4 and variant 10xx (RFC 9562 §5.4). None for anything else, whatever its
/// bytes. Neither allocates nor looks at a locale; reads at most 36 characters.
constexpr std::optional<uuid> parse_uuid_v4(std::string_view text) noexcept {
    if (text.size() != 36) return std::nullopt;
    std::span<char const, 36> const all(text.data(), 36);
    uuid::bytes_type bytes{};
    bool is_v4 = false;
    if (std::is_constant_evaluated()) {
        is_v4 = parse_uuid_v4_portable(all, bytes);
    } else {
        is_v4 = parse_uuid_v4_simd(all, bytes);
    }
    if (!is_v4) return std::nullopt;
    return uuid(bytes);
}

namespace literals {

/// A version 4 UUID, checked by the compiler.
consteval uuid operator""_uuid(char const* text, std::size_t size) { return parse_uuid_v4({text, size}).value(); }

}  // namespace literals

}  // namespace sallyport

/// Spreads ids that are random already. Not keyed: no table that a stranger's bytes reach uses it.
template <>
struct std::hash<sallyport::uuid> {
    std::size_t operator()(sallyport::uuid const& id) const noexcept {
        std::uint64_t folded = 0;
        for (std::size_t i = 0; i < 8; ++i) {
            folded = folded << 8 | static_cast<std::uint64_t>(id.bytes()[i] ^ id.bytes()[i + 8]);
        }
        return static_cast<std::size_t>(folded);
    }
};

/// Whoever formats an id includes <fmt/format.h>.
template <>
struct fmt::formatter<sallyport::uuid> : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(sallyport::uuid const& id, Context& context) const {
        auto const text = id.text();
        return fmt::formatter<fmt::string_view>::format({text.data(), text.size()}, context);
    }
};
