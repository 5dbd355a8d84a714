// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/decision.hpp>
#include <sallyport/http/body.hpp>
#include <sallyport/http/rate_fields.hpp>

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::http {

/// One field of an answer.
struct field {
    std::string_view name;  ///< in static storage
    std::string value;

    friend bool operator==(field const&, field const&) = default;
};

/// A decision as it reads on the wire, as values that any host can copy. Of a grant: status 200, the fields that
/// the host adds to its own answer, and no body.
struct response {
    unsigned status = 200;
    std::vector<field> fields;
    std::string body;
};

/// Writes decisions as a host's answers, in a body form of its choice. A plain value; thread-safe.
template <body_form Body = error_json>
struct responder {
    /// The challenge of a 401 (RFC 9110 §11.6.1). A scheme that no browser knows opens no password box.
    std::string_view challenge = "ClientCredentials realm=\"api\"";
    /// Whether a 401 says why: for hosts whose callers are their own. A stranger learns from it which ids exist.
    bool explain = false;

    template <class Level>
    response respond(decision<Level> const& made) const {
        response answer;
        for_each_field(made, [&answer](std::string_view name, std::string_view value) {
            answer.fields.push_back({name, std::string(value)});
        });
        if (!made) {
            answer.status = made.denial().status;
            append_body(answer.body, made.denial());
        }
        return answer;
    }

    /// Calls `sink(name, value)` for each field, for a host that writes them straight into its own answer.
    template <class Level, class Sink>
    void for_each_field(decision<Level> const& made, Sink&& sink) const {
        if (!made) sink(std::string_view("Content-Type"), Body::content_type);
        sink(std::string_view("Cache-Control"), std::string_view("no-store"));
        if (!made && made.denial().status == 401) sink(std::string_view("WWW-Authenticate"), challenge);
        if (!made) retry_field(made.denial(), sink);
        for_each_rate_field(made.rates(), sink);
    }

    /// Appends the body of a denial.
    void append_body(std::string& out, denial const& why) const { Body::append(out, why, explain); }

private:
    template <class Sink>
    static void retry_field(denial const& why, Sink& sink) {
        if (why.retry_after <= std::chrono::nanoseconds::zero() || why.retry_after == never) return;
        fmt::format_int const text(whole_seconds(why.retry_after));
        sink(std::string_view("Retry-After"), std::string_view(text.data(), text.size()));
    }
};

}  // namespace sallyport::http
