// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/claim.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace sallyport::http {

/// Whole seconds, rounded up: nobody is told to come back too early.
constexpr std::int64_t whole_seconds(std::chrono::nanoseconds duration) noexcept {
    auto const seconds = std::chrono::floor<std::chrono::seconds>(duration);
    return seconds.count() + (seconds < duration ? 1 : 0);
}

using field_buffer = fmt::basic_memory_buffer<char, 256>;

/// Appends a String of RFC 9651 §3.3.3. A byte that such a string can't hold becomes an underscore.
inline void append_sf_string(field_buffer& out, std::string_view text) {
    out.push_back('"');
    for (auto const c : text) {
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c >= 0x20 && c < 0x7f ? c : '_');
    }
    out.push_back('"');
}

/// Appends what tells the windows of one budget apart: `-10s`, or `-500ms` where it is no whole number of seconds.
inline void append_window_label(field_buffer& out, std::chrono::milliseconds window) {
    bool const whole = window % std::chrono::seconds(1) == std::chrono::milliseconds::zero();
    fmt::format_to(std::back_inserter(out), "-{}{}", whole ? window.count() / 1000 : window.count(),
                   whole ? "s" : "ms");
}

/// The limits as fields: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10) list each
/// window; the customary `X-RateLimit-*` show the tightest. Shadow limits are not shown. Nothing for no limits.
template <class Sink>
void for_each_rate_field(rate_states const& states, Sink&& sink) {
    auto const* const tightest = sallyport::tightest(states);
    if (!tightest) return;
    auto const shown = std::count_if(states.begin(), states.end(), [](rate_state const& each) { return !each.shadow; });

    field_buffer policies;
    field_buffer standing;
    for (auto const& state : states) {
        if (state.shadow) continue;
        auto const window = whole_seconds(state.quota.window());
        field_buffer label;
        label.append(state.name);
        if (shown > 1) append_window_label(label, state.quota.window());
        if (policies.size() != 0) {
            policies.append(std::string_view(", "));
            standing.append(std::string_view(", "));
        }
        append_sf_string(policies, {label.data(), label.size()});
        append_sf_string(standing, {label.data(), label.size()});
        fmt::format_to(std::back_inserter(policies), ";q={};w={}", state.quota.limit(), window);
        fmt::format_to(std::back_inserter(standing), ";r={};t={}", state.remaining, whole_seconds(state.reset));
    }
    sink(std::string_view("RateLimit-Policy"), std::string_view(policies.data(), policies.size()));
    sink(std::string_view("RateLimit"), std::string_view(standing.data(), standing.size()));

    auto const number = [&sink](std::string_view field, std::int64_t value) {
        fmt::format_int const text(value);
        sink(field, std::string_view(text.data(), text.size()));
    };
    number("X-RateLimit-Limit", tightest->quota.limit());
    number("X-RateLimit-Remaining", tightest->remaining);
    number("X-RateLimit-Reset", whole_seconds(tightest->reset));
}

}  // namespace sallyport::http
