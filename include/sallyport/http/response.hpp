// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/decision.hpp>
#include <sallyport/http/body.hpp>
#include <sallyport/http/rate_fields.hpp>
#include <sallyport/http/text_writer.hpp>
#include <sallyport/model/claim.hpp>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
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

    /// Calls `sink(name, value)` for each field, for a host that puts them straight into its own answer.
    template <class Level, class Sink>
    void for_each_field(decision<Level> const& made, Sink&& sink) const {
        visit_fields(made ? nullptr : &made.denial(), made.rates(), [&sink](std::string_view name, auto const& value) {
            if constexpr (is_text<decltype(value)>) {
                sink(name, std::string_view(value));
            } else {
                with_text<max_rate_field_size>(value, [&](std::string_view text) { sink(name, text); });
            }
        });
    }

    /// Appends the body of a denial.
    void append_body(std::string& out, denial const& why) const {
        append_text(out, [&](text_writer& to) { Body::write(to, why, explain); });
    }

    /// Writes the body of a denial into memory of the host's, as far as that reaches; how many bytes it takes in all. What
    /// has room for `max_body_size<Body>` has room for every one.
    constexpr std::size_t write_body(std::span<char> room, denial const& why) const noexcept {
        text_writer out(room);
        Body::write(out, why, explain);
        return out.size();
    }

    /// Writes the fields of an answer likewise, as lines of an HTTP/1.1 header section: `Name: value` and a line break
    /// each. What has room for `max_fields_size()` has room for all.
    template <class Level>
    constexpr std::size_t write_fields(std::span<char> room, decision<Level> const& made) const noexcept {
        return write_lines(room, made ? nullptr : &made.denial(), made.rates());
    }

    /// The size of the longest fields with this challenge, of budgets whose names have at most as many bytes as a
    /// project's may have.
    constexpr std::size_t max_fields_size() const noexcept {
        denial const longest{.status = 401, .retry_after = never - std::chrono::nanoseconds(1)};
        return write_lines({}, &longest, widest_rate_states());
    }

private:
    template <class Value>
    static constexpr bool is_text = std::is_convertible_v<Value, std::string_view>;

    /// Calls `visit(name, value)` for each field: a text, or what appends one to a `text_writer`.
    template <class Visit>
    constexpr void visit_fields(denial const* why, rate_states const& rates, Visit&& visit) const {
        if (why) visit(std::string_view("Content-Type"), Body::content_type);
        visit(std::string_view("Cache-Control"), std::string_view("no-store"));
        if (why && why->status == 401) visit(std::string_view("WWW-Authenticate"), challenge);
        if (why && why->retry_after > std::chrono::nanoseconds::zero() && why->retry_after != never) {
            visit(std::string_view("Retry-After"),
                  [why](text_writer& out) { out.append_number(whole_seconds(why->retry_after)); });
        }
        visit_rate_fields(rates, visit);
    }

    constexpr std::size_t write_lines(std::span<char> room, denial const* why,
                                      rate_states const& rates) const noexcept {
        text_writer out(room);
        visit_fields(why, rates, [&out](std::string_view name, auto const& value) {
            out.append(name);
            out.append(": ");
            if constexpr (is_text<decltype(value)>) {
                out.append(value);
            } else {
                value(out);
            }
            out.append("\r\n");
        });
        return out.size();
    }
};

}  // namespace sallyport::http
