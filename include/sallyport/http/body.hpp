// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/decision.hpp>
#include <sallyport/http/json.hpp>

#include <fmt/format.h>

#include <concepts>
#include <iterator>
#include <string>
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

/// What the caller is told. Before proof it is one sentence, whatever happened.
inline std::string message_of(denial const& why) {
    switch (kind_of(why.reason)) {
        case denial_kind::over_limit:
            return why.retry_after == never ? "This request can never pass the rate limit for this endpoint."
                                            : "You have exceeded the rate limit for this endpoint.";
        case denial_kind::unavailable: return "The service can't decide about this request now. Try again later.";
        case denial_kind::not_allowed:
            if (why.reason == denial_reason::access_not_allowed)
                return fmt::format("This client may not use the {} API", why.api);
            if (why.project.empty()) return "The project is not within this client's scope";
            return fmt::format("The project \"{}\" is not within this client's scope", why.project.view());
        case denial_kind::unproven: break;
    }
    return "Invalid client credentials";
}

/// Appends the reason as a member, where the host explains and the refusal is of credentials, access or scope.
inline void append_reason(std::string& out, denial const& why, bool explain) {
    auto const kind = kind_of(why.reason);
    if (!explain || (kind != denial_kind::unproven && kind != denial_kind::not_allowed)) return;
    fmt::format_to(std::back_inserter(out), ",\"reason\":\"{}\"", reason_name(why.reason));
}

/// The form of a denial's body: its media type, and how it is written.
template <class T>
concept body_form = requires(std::string& out, denial const& why, bool explain) {
    { T::content_type } -> std::convertible_to<std::string_view>;
    T::append(out, why, explain);
};

/// `{"error":…,"message":…}`, and a leading `"status"` on 429 and 503: the bytes of OpenPanel's API.
struct error_json {
    static constexpr std::string_view content_type = "application/json; charset=utf-8";

    static void append(std::string& out, denial const& why, bool explain) {
        out += '{';
        if (why.status == 429 || why.status == 503)
            fmt::format_to(std::back_inserter(out), "\"status\":{},", why.status);
        fmt::format_to(std::back_inserter(out), "\"error\":\"{}\",\"message\":", status_phrase(why.status));
        append_json_string(out, message_of(why));
        append_reason(out, why, explain);
        out += '}';
    }
};

/// Problem details (RFC 9457). A limit's type is the one that draft-ietf-httpapi-ratelimit-headers-10 registers.
struct problem_json {
    static constexpr std::string_view content_type = "application/problem+json";

    static void append(std::string& out, denial const& why, bool explain) {
        bool const over_quota = why.reason == denial_reason::rate_limited;
        fmt::format_to(std::back_inserter(out), "{{\"type\":\"{}\",\"title\":\"{}\",\"status\":{},\"detail\":",
                       over_quota ? "https://iana.org/assignments/http-problem-types#quota-exceeded" : "about:blank",
                       status_phrase(why.status), why.status);
        append_json_string(out, message_of(why));
        append_reason(out, why, explain);
        out += '}';
    }
};

}  // namespace sallyport::http
