// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/decision.hpp>
#include <sallyport/http/json.hpp>
#include <sallyport/http/text_writer.hpp>
#include <sallyport/model/enumerators.hpp>
#include <sallyport/model/name.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sallyport::http {

/// The status's phrase (RFC 9110 §15), for the statuses of denials.
constexpr std::string_view status_phrase(unsigned status) noexcept {
    switch (status) {
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 429: return "Too Many Requests";
        default: return "Service Unavailable";
    }
}

/// Appends what the caller is told, as a JSON string. Before proof it is one sentence, whatever happened.
constexpr void append_message(text_writer& out, denial const& why) noexcept {
    // A name is escaped on its own, and stands between the two halves of a sentence that needs no escapes.
    auto const sentence = [&out](std::string_view before, std::string_view name = {}, std::string_view after = {}) {
        out.push_back('"');
        out.append(before);
        append_json_text(out, name);
        out.append(after);
        out.push_back('"');
    };
    switch (kind_of(why.reason)) {
        case denial_kind::over_limit:
            return sentence(why.retry_after == never ? "This request can never pass the rate limit for this endpoint."
                                                     : "You have exceeded the rate limit for this endpoint.");
        case denial_kind::unavailable:
            return sentence("The service can't decide about this request now. Try again later.");
        case denial_kind::not_allowed:
            if (why.reason == denial_reason::access_not_allowed)
                return sentence("This client may not use the ", why.api, " API");
            if (why.project.empty()) return sentence("The project is not within this client's scope");
            return sentence("The project \\\"", why.project, "\\\" is not within this client's scope");
        case denial_kind::unproven: break;
    }
    sentence("Invalid client credentials");
}

/// Appends the reason as a member, where the host explains and the refusal is of credentials, access or scope.
constexpr void append_reason(text_writer& out, denial const& why, bool explain) noexcept {
    auto const kind = kind_of(why.reason);
    if (!explain || (kind != denial_kind::unproven && kind != denial_kind::not_allowed)) return;
    out.append(",\"reason\":\"");
    out.append(reason_name(why.reason));
    out.push_back('"');
}

/// The form of a denial's body: its media type, and how it is written.
template <class T>
concept body_form = requires(text_writer& out, denial const& why, bool explain) {
    { T::content_type } -> std::convertible_to<std::string_view>;
    { T::write(out, why, explain) }
    noexcept;
};

/// `{"error":…,"message":…}`, and a leading `"status"` on 429 and 503: the bytes of OpenPanel's API.
struct error_json {
    static constexpr std::string_view content_type = "application/json; charset=utf-8";

    static constexpr void write(text_writer& out, denial const& why, bool explain) noexcept {
        out.push_back('{');
        if (why.status == 429 || why.status == 503) {
            out.append("\"status\":");
            out.append_number(why.status);
            out.push_back(',');
        }
        out.append("\"error\":\"");
        out.append(status_phrase(why.status));
        out.append("\",\"message\":");
        append_message(out, why);
        append_reason(out, why, explain);
        out.push_back('}');
    }
};

/// Problem details (RFC 9457). A limit's type is the one that draft-ietf-httpapi-ratelimit-headers-10 registers.
struct problem_json {
    static constexpr std::string_view content_type = "application/problem+json";

    static constexpr void write(text_writer& out, denial const& why, bool explain) noexcept {
        out.append("{\"type\":\"");
        out.append(why.reason == denial_reason::rate_limited
                       ? "https://iana.org/assignments/http-problem-types#quota-exceeded"
                       : "about:blank");
        out.append("\",\"title\":\"");
        out.append(status_phrase(why.status));
        out.append("\",\"status\":");
        out.append_number(why.status);
        out.append(",\"detail\":");
        append_message(out, why);
        append_reason(out, why, explain);
        out.push_back('}');
    }
};

/// The size of the longest body there is, of an API whose name has at most as many bytes as a project's may have. Found
/// by the compiler, which writes them all, with names of bytes that take six each.
template <body_form Body>
inline constexpr std::size_t max_body_size = [] {
    std::array<char, name::max_size> longest{};
    std::string_view const text(longest.data(), longest.size());
    std::size_t most = 0;
    for (std::size_t i = 0; i < enumerator_count<denial_reason>; ++i) {
        for (auto const status : std::array<std::uint16_t, 4>{401, 403, 429, 503}) {
            for (auto const wait : {std::chrono::nanoseconds{0}, never}) {
                text_writer counted;
                denial const denied{.reason = static_cast<denial_reason>(i),
                                    .status = status,
                                    .retry_after = wait,
                                    .api = text,
                                    .project = text};
                Body::write(counted, denied, true);
                most = std::max(most, counted.size());
            }
        }
    }
    return most;
}();

}  // namespace sallyport::http
