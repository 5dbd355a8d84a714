// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/ascii.hpp>
#include <sallyport/model/result.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sallyport {

/// The three parts of an `Origin`, as views of the text (RFC 6454 §4): `scheme://host[:port]`, the host of
/// letters, digits, dots and hyphens. `null` and every other form are none.
struct origin_parts {
    std::string_view scheme;
    std::string_view host;
    std::string_view port;  ///< the scheme's own if the text names none; empty if that isn't known

    static constexpr std::optional<origin_parts> parse(std::string_view text) noexcept {
        auto const separator = text.find("://");
        if (separator == text.npos || separator == 0) return std::nullopt;
        origin_parts parts{.scheme = text.substr(0, separator), .host = text.substr(separator + 3), .port = {}};
        bool const named = ascii::is_alpha(parts.scheme.front());  // RFC 3986 §3.1
        if (!named || !std::all_of(parts.scheme.begin(), parts.scheme.end(), in_scheme)) return std::nullopt;
        if (auto const colon = parts.host.find(':'); colon != text.npos) {
            parts.port = parts.host.substr(colon + 1);
            parts.host = parts.host.substr(0, colon);
            if (!is_port(parts.port)) return std::nullopt;
        }
        if (parts.host.empty() || !std::all_of(parts.host.begin(), parts.host.end(), in_host)) return std::nullopt;
        if (parts.port.empty()) parts.port = default_port(parts.scheme);
        return parts;
    }

private:
    static constexpr bool in_host(char c) noexcept {
        return ascii::is_alpha(c) || ascii::is_digit(c) || c == '.' || c == '-';
    }
    static constexpr bool in_scheme(char c) noexcept { return in_host(c) || c == '+'; }
    /// 1 to 65535 without leading zeros, so that equal ports are equal texts.
    static constexpr bool is_port(std::string_view port) noexcept {
        if (port.empty() || port.front() == '0') return false;
        if (!std::all_of(port.begin(), port.end(), ascii::is_digit)) return false;
        return port.size() < 5 || (port.size() == 5 && port <= "65535");
    }
    static constexpr std::string_view default_port(std::string_view scheme) noexcept {
        if (ascii::equals_ignoring_case(scheme, "https")) return "443";
        if (ascii::equals_ignoring_case(scheme, "http")) return "80";
        return {};
    }
};

/// An origin that a client's record lists: `https://shop.example.com`, or `https://*.example.org` for every
/// subdomain at any depth (and not for example.org itself). It matches whole: scheme, host and port.
class origin_pattern {
public:
    static result<origin_pattern> make(std::string_view text) {
        origin_pattern made;
        made.text_ = std::string(text);
        std::transform(made.text_.begin(), made.text_.end(), made.text_.begin(), ascii::to_lower);
        if (auto const star = made.text_.find("://*."); star != std::string::npos) {
            made.any_subdomain_ = true;
            made.text_.erase(star + 3, 2);
        }
        if (!origin_parts::parse(made.text_)) {
            return error{
                std::string("\"").append(text).append("\" is no origin; expected scheme://host[:port] or "
                                                      "scheme://*.host[:port], the host of letters, digits, "
                                                      "dots and hyphens")};
        }
        return made;
    }

    /// Raises `setup_error` where `make` returns an error.
    origin_pattern(std::string_view text) : origin_pattern(make(text).value()) {}
    origin_pattern(char const* text) : origin_pattern(std::string_view(text)) {}

    /// Whether the value of an `Origin` field is meant. No allocation.
    bool matches(std::string_view origin) const noexcept {
        auto const theirs = origin_parts::parse(origin);
        auto const ours = origin_parts::parse(text_);
        if (!theirs || !ours) return false;
        return ascii::equals_ignoring_case(theirs->scheme, ours->scheme) && theirs->port == ours->port &&
               host_matches(theirs->host, ours->host);
    }

private:
    origin_pattern() = default;

    bool host_matches(std::string_view theirs, std::string_view ours) const noexcept {
        if (!any_subdomain_) return ascii::equals_ignoring_case(theirs, ours);
        if (theirs.size() < ours.size() + 2) return false;
        auto const dot = theirs.size() - ours.size() - 1;
        return theirs[dot] == '.' && ascii::equals_ignoring_case(theirs.substr(dot + 1), ours);
    }

    std::string text_;
    bool any_subdomain_ = false;
};

}  // namespace sallyport
