// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/ascii.hpp>
#include <sallyport/headers.hpp>
#include <sallyport/model/caller.hpp>
#include <sallyport/model/cidr.hpp>
#include <sallyport/model/peer_address.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport {

/// The one field in which a host's proxies say whom they speak for. A proxy that sets one of them passes the
/// caller's other through, so the other is never read.
enum class forwarded_field : unsigned char {
    x_forwarded_for,  ///< `X-Forwarded-For`, and the scheme in `X-Forwarded-Proto`
    forwarded,        ///< RFC 7239, the scheme in `proto=`
};

/// The proxies in front of a host. Only what one of them says is believed: the addresses of the field are read
/// from right to left, past trusted hops, up to the first that is none. What can't be read leaves the last
/// address that could be trusted. Constant after it is made; thread-safe; allocates nothing per request.
class trusted_proxies {
public:
    trusted_proxies() = default;  ///< nobody is believed
    explicit trusted_proxies(std::vector<cidr> blocks, forwarded_field field = forwarded_field::x_forwarded_for)
        : blocks_(std::move(blocks)), field_(field) {}

    /// The caller of a request that came from the socket's peer, encrypted or not, as far as the host knows: that
    /// counts where no trusted proxy stands between. Linear in the field's length.
    caller resolve(header_view headers, peer_address socket, std::optional<bool> https = std::nullopt) const noexcept {
        caller found{.peer = socket, .https = https};
        if (!trusts(socket)) return found;
        auto said = read(headers);
        found.resolved = false;
        found.https = said.scheme;
        while (trusts(found.peer)) {
            auto const text = said.take_last();
            if (text.empty()) break;
            auto const nearer = read_hop(text);
            if (field_ == forwarded_field::forwarded) found.https = nearer.https;
            found.resolved = nearer.address.known();
            if (!found.resolved) break;
            found.peer = nearer.address;
        }
        return found;
    }

private:
    /// One of those who passed the request on.
    struct hop {
        peer_address address{};
        std::optional<bool> https{};
    };

    /// The lines of the field, as many of the last ones as there is room for.
    struct said_by_proxies {
        std::array<std::string_view, 32> lines{};
        std::size_t count = 0;
        std::optional<bool> scheme{};
        bool scheme_seen = false;

        /// The last part that was not taken yet and is not empty; empty if there is none.
        std::string_view take_last() noexcept {
            for (std::size_t looked = 0; looked < lines.size() && count > 0;) {
                auto& line = lines[(count - 1) % lines.size()];
                if (auto const part = ascii::trim(cut_last(line, ',')); !part.empty()) return part;
                if (line.empty()) {
                    --count;
                    ++looked;
                }
            }
            return {};
        }
    };

    bool trusts(peer_address const& address) const noexcept {
        return std::any_of(blocks_.begin(), blocks_.end(), [&](cidr const& block) { return block.contains(address); });
    }

    said_by_proxies read(header_view headers) const noexcept {
        bool const customary = field_ == forwarded_field::x_forwarded_for;
        std::string_view const path = customary ? "x-forwarded-for" : "forwarded";
        std::string_view const scheme = "x-forwarded-proto";
        name_lengths lengths;
        lengths.add(path.size());
        if (customary) lengths.add(scheme.size());
        said_by_proxies said;
        headers.for_each_of(lengths, [&](std::string_view name, std::string_view value) {
            if (ascii::equals_ignoring_case(name, path)) {
                said.lines[said.count++ % said.lines.size()] = value;
            } else if (customary && ascii::equals_ignoring_case(name, scheme)) {
                said.scheme = said.scheme_seen ? std::nullopt : read_scheme(ascii::trim(value));
                said.scheme_seen = true;
            }
        });
        return said;
    }

    /// Takes the last part off the text. Quotes are paired from the right, where the nearest proxy wrote: one that a
    /// caller left open on the left can't swallow what follows. Nor can one that a proxy repeated in a quoted string end
    /// that: it is escaped there (RFC 9110 §5.6.4).
    static std::string_view cut_last(std::string_view& text, char separator) noexcept {
        bool quoted = false;
        auto at = text.size();
        while (at > 0 && (quoted || text[at - 1] != separator)) {
            --at;
            if (text[at] == '"' && !(quoted && is_escaped(text.substr(0, at)))) quoted = !quoted;
        }
        auto const part = text.substr(at);
        text = text.substr(0, at == 0 ? 0 : at - 1);
        return part;
    }

    /// Whether what comes next in a quoted string is escaped: by the last of an odd number of backslashes.
    static bool is_escaped(std::string_view before) noexcept {
        auto const last = before.find_last_not_of('\\');
        return (before.size() - (last == before.npos ? 0 : last + 1)) % 2 == 1;
    }

    static std::optional<bool> read_scheme(std::string_view scheme) noexcept {
        if (ascii::equals_ignoring_case(scheme, "https")) return true;
        if (ascii::equals_ignoring_case(scheme, "http")) return false;
        return std::nullopt;
    }

    hop read_hop(std::string_view text) const noexcept {
        return field_ == forwarded_field::forwarded ? read_element(text) : hop{.address = read_node(text)};
    }

    /// One element of `Forwarded`: `for=`, `proto=` and others, each at most once (RFC 7239 §4).
    static hop read_element(std::string_view element) noexcept {
        hop made;
        unsigned fors = 0;
        unsigned protos = 0;
        while (!element.empty()) {
            auto const pair = ascii::trim(cut_last(element, ';'));
            auto const equals = pair.find('=');
            auto const name = pair.substr(0, equals);
            auto const value = equals == pair.npos ? std::string_view() : unquoted(pair.substr(equals + 1));
            if (ascii::equals_ignoring_case(name, "for")) {
                made.address = read_node(value);
                ++fors;
            } else if (ascii::equals_ignoring_case(name, "proto")) {
                made.https = read_scheme(value);
                ++protos;
            }
        }
        if (fors != 1) made.address = peer_address();
        if (protos != 1) made.https = std::nullopt;
        return made;
    }

    /// The text of a quoted string, or the token that it is; empty if the quotes don't pair, or hide an escape.
    static std::string_view unquoted(std::string_view text) noexcept {
        if (text.empty() || text.front() != '"') return text.find('"') == text.npos ? text : std::string_view();
        if (text.size() < 2 || text.back() != '"') return {};
        auto const inner = text.substr(1, text.size() - 2);
        return inner.find_first_of("\"\\") == inner.npos ? inner : std::string_view();
    }

    /// An address with or without a port, a v6 one with or without brackets. Unknown for `unknown`, for an
    /// obfuscated name and for everything else (RFC 7239 §6).
    static peer_address read_node(std::string_view node) noexcept {
        if (node.starts_with('[')) {
            auto const end = node.find(']');
            if (end == node.npos || !is_port_suffix(node.substr(end + 1))) return {};
            auto const inside = node.substr(1, end - 1);
            return inside.find(':') == inside.npos ? peer_address() : peer_address::parse(inside);
        }
        auto const colon = node.find(':');
        bool const with_port = colon != node.npos && node.find(':', colon + 1) == node.npos;
        if (!with_port) return peer_address::parse(node);
        return is_port_suffix(node.substr(colon)) ? peer_address::parse(node.substr(0, colon)) : peer_address();
    }

    static bool is_port_suffix(std::string_view text) noexcept {
        if (text.empty()) return true;
        auto const port = text.substr(1);
        if (text.front() != ':' || port.empty()) return false;
        if (port.front() == '_') {
            return port.size() > 1 && std::all_of(port.begin() + 1, port.end(), [](char c) {
                       return ascii::is_alpha(c) || ascii::is_digit(c) || c == '.' || c == '_' || c == '-';
                   });
        }
        return port.size() <= 5 && std::all_of(port.begin(), port.end(), ascii::is_digit);
    }

    std::vector<cidr> blocks_;
    forwarded_field field_ = forwarded_field::x_forwarded_for;
};

}  // namespace sallyport
