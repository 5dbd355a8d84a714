// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/bounded_list.hpp>
#include <sallyport/model/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport {

/// How many requests may pass in any window of time. Never invalid: both parts are positive and at most a ceiling.
class quota {
public:
    static constexpr std::uint32_t max_limit = 1'000'000;
    static constexpr std::chrono::milliseconds max_window = std::chrono::hours(24 * 31);

    /// The strictest there is: one request in the longest window.
    constexpr quota() noexcept : quota(1, max_window) {}

    /// A quota from run-time values; none if one of them is not positive or is above its ceiling.
    static constexpr std::optional<quota> make(std::int64_t limit, std::chrono::milliseconds window) noexcept {
        if (limit <= 0 || limit > max_limit) return std::nullopt;
        if (window <= std::chrono::milliseconds::zero() || window > max_window) return std::nullopt;
        return quota(static_cast<std::uint32_t>(limit), window);
    }

    constexpr std::uint32_t limit() const noexcept { return limit_; }                ///< admissions in any window
    constexpr std::chrono::milliseconds window() const noexcept { return window_; }  ///< the window's length

    friend constexpr bool operator==(quota const&, quota const&) noexcept = default;

private:
    constexpr quota(std::uint32_t limit, std::chrono::milliseconds window) noexcept : window_(window), limit_(limit) {}

    std::chrono::milliseconds window_;
    std::uint32_t limit_;
};

/// Never defined: calling one of these stops the compiler, and its name is the message.
void a_limit_is_from_1_to_1000000();
void a_window_is_from_1_ms_to_31_days();

/// Half of a quota: `at_most(100).per(10s)`.
class at_most {
public:
    consteval explicit at_most(std::int64_t limit) : limit_(limit) {
        if (!quota::make(limit, quota::max_window)) a_limit_is_from_1_to_1000000();
    }

    /// The quota. A limit or a window that none may have is refused by the compiler.
    consteval quota per(std::chrono::milliseconds window) const {
        auto const made = quota::make(limit_, window);
        if (!made) a_window_is_from_1_ms_to_31_days();
        return made.value_or(quota());
    }

private:
    std::int64_t limit_;
};

/// One window of a budget: in force, or in shadow. Only a budget has windows in shadow: what else takes a quota, a
/// throttle of failed attempts say, takes none of these.
struct budget_window {
    sallyport::quota quota{};
    bool shadow = false;  ///< counted and reported, never refused

    constexpr budget_window() noexcept = default;
    constexpr budget_window(sallyport::quota in_force) noexcept : quota(in_force) {}

    friend constexpr bool operator==(budget_window const&, budget_window const&) noexcept = default;
};

/// A limit on trial, `{at_most(100).per(10s), in_shadow(at_most(50).per(10s))}`: the decision and the observer are told
/// when it would have refused, and no answer changes.
constexpr budget_window in_shadow(quota tried) noexcept {
    budget_window made(tried);
    made.shadow = true;
    return made;
}

/// Raises a mistake among the windows of a budget. Not constexpr: in a table the compiler stops here, and its name is
/// the message.
[[noreturn]] inline void a_budget_has_at_most_four_windows_and_each_longer_one_admits_more(std::string_view why) {
    raise({std::string(why)});
}

/// The windows of one budget, up to four, all of which that are in force must admit. Empty: no limit. Of two in force,
/// and of two in shadow, the longer one admits more: otherwise the shorter could never be used up, and nobody meant it.
class quotas {
public:
    static constexpr std::size_t max_windows = 4;

    constexpr quotas() noexcept = default;
    constexpr quotas(quota single) noexcept : quotas(budget_window(single)) {}
    constexpr quotas(budget_window single) noexcept { static_cast<void>(windows_.push_back(single)); }

    /// Raises `setup_error` where `objection_to` one of the windows has something to say.
    constexpr quotas(std::initializer_list<budget_window> windows) {
        for (auto const& window : windows) {
            if (!add(window)) a_budget_has_at_most_four_windows_and_each_longer_one_admits_more(objection_to(window));
        }
    }

    /// Why a window can't stand beside those that are there; empty if it can.
    constexpr std::string_view objection_to(budget_window const& added) const noexcept {
        if (windows_.size() == max_windows) return "a budget has at most four windows";
        for (auto const& present : windows_) {
            if (present.shadow != added.shadow) continue;
            if (present.quota.window() == added.quota.window()) return "two windows of a budget have the same length";
            bool const longer = added.quota.window() > present.quota.window();
            bool const more = added.quota.limit() > present.quota.limit();
            if (longer != more || added.quota.limit() == present.quota.limit()) {
                return "the longer of two windows has to admit more, or the shorter could never be used up";
            }
        }
        return {};
    }

    /// Adds a window; false, and nothing changed, where `objection_to` it has something to say.
    [[nodiscard]] constexpr bool add(budget_window window) noexcept {
        return objection_to(window).empty() && windows_.push_back(window);
    }

    constexpr bool unlimited() const noexcept { return windows_.empty(); }  ///< nothing is counted
    constexpr std::size_t size() const noexcept { return windows_.size(); }
    constexpr budget_window const* begin() const noexcept { return windows_.begin(); }
    constexpr budget_window const* end() const noexcept { return windows_.end(); }

private:
    bounded_list<budget_window, max_windows> windows_;
};

/// No limit, said aloud.
inline constexpr quotas unlimited{};

}  // namespace sallyport
