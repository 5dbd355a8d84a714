// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/peer_address.hpp>
#include <sallyport/model/result.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sallyport {

/// A block of addresses, as `10.0.0.0/8` or `2001:db8::/32`; an address alone is a block of one (RFC 4632 §3.1,
/// RFC 4291 §2.3).
class cidr {
public:
    /// The block that the text spells. Bits beyond the prefix have to be zero, since otherwise one of the two is
    /// a mistake.
    static result<cidr> make(std::string_view text) {
        cidr made;
        auto const slash = text.find('/');
        made.network_ = peer_address::parse(text.substr(0, slash));
        bool const v4 = made.network_.kind() == peer_address::family::v4;
        bool const mapped = v4 && text.find(':') != text.npos;
        unsigned const widest = v4 ? 32 : 128;
        made.prefix_ = widest;
        bool fits = made.network_.known() && text.find('%') == text.npos && !(mapped && slash != text.npos);
        if (slash != text.npos) {
            auto const length = prefix_length(text.substr(slash + 1));
            fits = fits && length <= widest;
            made.prefix_ = length;
        }
        if (!fits || !made.rest_is_zero()) {
            return error{
                fmt::format("\"{}\" is no block of addresses; expected an IPv4 or IPv6 address and a prefix length, as "
                            "10.0.0.0/8 or 2001:db8::/32, with no bits beyond the prefix",
                            text)};
        }
        return made;
    }

    /// Whether the address lies in the block. An unknown one lies in none.
    constexpr bool contains(peer_address const& address) const noexcept {
        if (!address.known() || address.kind() != network_.kind()) return false;
        for (unsigned bit = 0; bit < prefix_; bit += 8) {
            auto const kept = prefix_ - bit >= 8 ? 0xffU : 0xffU << (8 - (prefix_ - bit));
            auto const difference = static_cast<unsigned>(address.bytes()[bit / 8] ^ network_.bytes()[bit / 8]);
            if ((difference & kept & 0xffU) != 0) return false;
        }
        return true;
    }

private:
    constexpr cidr() noexcept = default;

    /// A length over any that an address can have, if the text is none.
    static constexpr unsigned prefix_length(std::string_view text) noexcept {
        constexpr unsigned none = 129;
        if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0')) return none;
        unsigned length = 0;
        for (auto const c : text) {
            if (c < '0' || c > '9') return none;
            length = length * 10 + static_cast<unsigned>(c - '0');
        }
        return length;
    }

    constexpr bool rest_is_zero() const noexcept {
        for (unsigned bit = prefix_; bit < 128; ++bit) {
            if ((network_.bytes()[bit / 8] >> (7 - bit % 8) & 1U) != 0) return false;
        }
        return true;
    }

    peer_address network_{};
    unsigned prefix_ = 0;
};

}  // namespace sallyport
