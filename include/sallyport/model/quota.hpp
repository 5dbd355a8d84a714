// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/bounded_list.hpp>
#include <sallyport/model/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>

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

/// The windows of one budget, all of which must admit: up to four, no two of the same length. Empty: no limit.
class quotas {
public:
    static constexpr std::size_t max_windows = 4;

    constexpr quotas() noexcept = default;
    constexpr quotas(quota single) noexcept { static_cast<void>(add(single)); }

    /// Raises `setup_error` on a fifth window or a second one of the same length.
    constexpr quotas(std::initializer_list<quota> windows) {
        for (auto const& window : windows) {
            if (!add(window)) raise({"a budget has at most four windows, each of another length"});
        }
    }

    /// Adds a window; false, and nothing changed, on a fifth or on one of a length that is there.
    [[nodiscard]] constexpr bool add(quota window) noexcept {
        for (auto const& present : windows_) {
            if (present.window() == window.window()) return false;
        }
        return windows_.push_back(window);
    }

    constexpr bool unlimited() const noexcept { return windows_.empty(); }
    constexpr std::size_t size() const noexcept { return windows_.size(); }
    constexpr quota const* begin() const noexcept { return windows_.begin(); }
    constexpr quota const* end() const noexcept { return windows_.end(); }

private:
    bounded_list<quota, max_windows> windows_;
};

/// No limit, said aloud.
inline constexpr quotas unlimited{};

}  // namespace sallyport
