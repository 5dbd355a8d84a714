// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/http/text_writer.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/name.hpp>
#include <sallyport/model/quota.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace sallyport::http {

/// Whole seconds, rounded up: nobody is told to come back too early.
constexpr std::int64_t whole_seconds(std::chrono::nanoseconds duration) noexcept {
    auto const seconds = std::chrono::floor<std::chrono::seconds>(duration);
    return seconds.count() + (seconds < duration ? 1 : 0);
}

/// Appends the inside of a String of RFC 9651 §3.3.3. A byte that such a string can't hold becomes an underscore.
constexpr void append_sf_text(text_writer& out, std::string_view text) noexcept {
    for (auto const c : text) {
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c >= 0x20 && c < 0x7f ? c : '_');
    }
}

/// Appends what tells the windows of one budget apart: `-10s`, or `-500ms` where it is no whole number of seconds.
constexpr void append_window_label(text_writer& out, std::chrono::milliseconds window) noexcept {
    bool const whole = window % std::chrono::seconds(1) == std::chrono::milliseconds::zero();
    out.push_back('-');
    out.append_number(whole ? window.count() / 1000 : window.count());
    out.append(whole ? "s" : "ms");
}

/// A parameter of a window: `;q=100`.
constexpr void append_parameter(text_writer& out, char name, std::int64_t value) noexcept {
    out.push_back(';');
    out.push_back(name);
    out.push_back('=');
    out.append_number(value);
}

/// Appends a list of those windows that are shown, each named, and followed by what `parameters(state)` appends.
template <class Parameters>
constexpr void append_windows(text_writer& out, rate_states const& states, Parameters const& parameters) noexcept {
    auto const shown = std::count_if(states.begin(), states.end(), [](auto const& state) { return !state.shadow; });
    bool first = true;
    for (auto const& state : states) {
        if (state.shadow) continue;
        out.append(first ? "\"" : ", \"");
        first = false;
        append_sf_text(out, state.name);
        if (shown > 1) append_window_label(out, state.quota.window());
        out.push_back('"');
        parameters(state);
    }
}

/// The limits as fields: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10) list each
/// window; the customary `X-RateLimit-*` show the tightest. Shadow limits are not shown. Nothing for no limits.
/// Calls `visit(name, write)` for each, of which `write(text_writer&)` appends the value.
template <class Visit>
constexpr void visit_rate_fields(rate_states const& states, Visit&& visit) {
    auto const* const tightest = sallyport::tightest(states);
    if (!tightest) return;
    visit(std::string_view("RateLimit-Policy"), [&states](text_writer& out) {
        append_windows(out, states, [&out](rate_state const& state) {
            append_parameter(out, 'q', state.quota.limit());
            append_parameter(out, 'w', whole_seconds(state.quota.window()));
        });
    });
    visit(std::string_view("RateLimit"), [&states](text_writer& out) {
        append_windows(out, states, [&out](rate_state const& state) {
            append_parameter(out, 'r', state.remaining);
            append_parameter(out, 't', whole_seconds(state.reset));
        });
    });
    auto const number = [&visit](std::string_view field, std::int64_t value) {
        visit(field, [value](text_writer& out) { out.append_number(value); });
    };
    number("X-RateLimit-Limit", tightest->quota.limit());
    number("X-RateLimit-Remaining", tightest->remaining);
    number("X-RateLimit-Reset", whole_seconds(tightest->reset));
}

/// A name of a budget, as long as a project's may be, of which each byte takes two.
inline constexpr auto widest_name = [] {
    std::array<char, name::max_size> quotes{};
    quotes.fill('"');
    return quotes;
}();

/// As many windows of such a budget as there can be, each with numbers that take as many bytes as any.
constexpr rate_states widest_rate_states() noexcept {
    rate_state const widest{.name = {widest_name.data(), widest_name.size()},
                            .quota = *quota::make(quota::max_limit, quota::max_window - std::chrono::milliseconds(1)),
                            .remaining = std::numeric_limits<std::uint32_t>::max(),
                            .reset = never};
    rate_states states;
    while (states.push_back(widest)) {
    }
    return states;
}

/// The size of the longest value of such a field, of budgets with such names: found by the compiler, which writes them.
inline constexpr std::size_t max_rate_field_size = [] {
    std::size_t most = 0;
    visit_rate_fields(widest_rate_states(), [&most](std::string_view, auto const& write) {
        text_writer counted;
        write(counted);
        most = std::max(most, counted.size());
    });
    return most;
}();

/// Calls `sink(name, value)` for each of these fields. Allocates for names of budgets that are longer than any project's.
template <class Sink>
void for_each_rate_field(rate_states const& states, Sink&& sink) {
    visit_rate_fields(states, [&sink](std::string_view name, auto const& write) {
        with_text<max_rate_field_size>(write, [&](std::string_view value) { sink(name, value); });
    });
}

}  // namespace sallyport::http
