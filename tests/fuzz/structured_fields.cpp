// SPDX-License-Identifier: BSL-1.0
#include "property.hpp"

#include "../http/structured_fields.hpp"

#include <sallyport/http/rate_fields.hpp>
#include <sallyport/model/claim.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sp = sallyport;

namespace {

/// The digits at the front, whatever follows them, as a number that wraps.
std::uint64_t take_number(std::string_view& line) {
    std::uint64_t value = 0;
    for (auto const c : take_part(line, ' ')) {
        if (c >= '0' && c <= '9') value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

std::chrono::nanoseconds take_wait(std::string_view& line) {
    return std::chrono::nanoseconds(take_number(line) % (std::uint64_t{1} << 63));
}

/// `LIMIT MILLISECONDS REMAINING RESET RETRY_AFTER SHADOW NAME`.
sp::rate_state read_state(std::string_view line) {
    auto const limit = static_cast<std::int64_t>(1 + take_number(line) % sp::quota::max_limit);
    auto const most = static_cast<std::uint64_t>(sp::quota::max_window.count());
    std::chrono::milliseconds const window(1 + take_number(line) % most);
    sp::rate_state made{.quota = sp::quota::make(limit, window).value()};
    made.remaining = static_cast<std::uint32_t>(take_number(line) % static_cast<std::uint64_t>(limit + 1));
    made.reset = take_wait(line);
    made.retry_after = take_wait(line);
    made.shadow = take_number(line) % 2 == 1;
    made.name = line;
    return made;
}

/// A division that nobody can get wrong: the first number of seconds that is not less.
std::int64_t seconds_of(std::chrono::nanoseconds wait) {
    auto seconds = wait.count() / 1'000'000'000;
    while (static_cast<__int128>(seconds) * 1'000'000'000 < wait.count()) ++seconds;
    return seconds;
}

/// The name as a String can hold it, told apart from those of other windows where there are some.
std::string label_of(sp::rate_state const& state, bool alone) {
    std::string label(state.name);
    for (auto& c : label) {
        if (c < ' ' || c > '~') c = '_';
    }
    if (alone) return label;
    auto const window = state.quota.window().count();
    return label + '-' + (window % 1000 == 0 ? std::to_string(window / 1000) + "s" : std::to_string(window) + "ms");
}

using fields = std::vector<std::pair<std::string, std::string>>;
using parameters = std::map<std::string, std::int64_t>;

/// Each window of the list that a field is, in order.
template <class Expected>
void check_list(std::string const& field, std::vector<sp::rate_state> const& shown, Expected expected) {
    auto const members = structured_list::parse(field);
    require(members.has_value(), "the field is a List of Strings with Integers as parameters");
    require(members->size() == shown.size(), "the field lists each window that is not in the shadow");
    for (std::size_t i = 0; i < shown.size(); ++i) {
        require((*members)[i].text == label_of(shown[i], shown.size() == 1), "a window goes by its budget's name");
        require((*members)[i].parameters == expected(shown[i]), "a window's parameters are its numbers");
    }
}

bool is_tighter(sp::rate_state const& a, sp::rate_state const& b) {
    return a.retry_after != b.retry_after ? a.retry_after > b.retry_after : a.remaining < b.remaining;
}

void check_fields(fields const& written, std::vector<sp::rate_state> const& shown) {
    std::vector<std::string> const names{"RateLimit-Policy", "RateLimit", "X-RateLimit-Limit", "X-RateLimit-Remaining",
                                         "X-RateLimit-Reset"};
    require(written.size() == names.size() &&
                std::equal(names.begin(), names.end(), written.begin(),
                           [](auto const& name, auto const& field) { return name == field.first; }),
            "the two fields of the draft and the three customary ones are written");
    check_list(written[0].second, shown, [](sp::rate_state const& state) {
        return parameters{{"q", state.quota.limit()}, {"w", seconds_of(state.quota.window())}};
    });
    check_list(written[1].second, shown, [](sp::rate_state const& state) {
        return parameters{{"r", state.remaining}, {"t", seconds_of(state.reset)}};
    });
    auto const tightest = *std::min_element(shown.begin(), shown.end(), is_tighter);
    require(written[2].second == std::to_string(tightest.quota.limit()) &&
                written[3].second == std::to_string(tightest.remaining) &&
                written[4].second == std::to_string(seconds_of(tightest.reset)),
            "the customary fields show the window that keeps a caller the longest, or has the least left");
}

}  // namespace

/// One state a line, as many as there can be.
void check(std::string_view input) {
    sp::rate_states states;
    std::vector<sp::rate_state> shown;
    while (!input.empty()) {
        auto const state = read_state(take_part(input));
        if (states.push_back(state) && !state.shadow) shown.push_back(state);
    }
    fields written;
    sp::http::for_each_rate_field(
        states, [&](std::string_view name, std::string_view value) { written.emplace_back(name, value); });
    if (!shown.empty()) return check_fields(written, shown);
    require(written.empty(), "where no limit is shown there is no field");
}
