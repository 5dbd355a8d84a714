// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/clock.hpp>

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <utility>

namespace sallyport {

/// A clock whose hands the host moves: an event loop that reads the time once a turn anyway. `now` is one load, and
/// shows the moment of the last `update` or `set`, which is at most a tick, the time between two of them, ago.
///
/// What that costs. Limits are as exact as ever by the moments that this clock shows, and never let more pass. By a
/// real clock a moment may be a tick old: so windows that are a tick shorter than the limit's never hold more than it
/// allows, and a wait that a refusal names may have to be a tick longer. A secret expires at most a tick late. Where
/// nobody moves the hands any more limits refuse at last, but no secret expires.
///
/// For limits it never goes back, whoever sets it; as a calendar it follows its source. It is borrowed by the gate:
/// neither copied nor moved. Thread-safe.
template <class Source>
class basic_cached_clock {
public:
    using time_point = decltype(std::declval<Source const&>().now());

    /// Shows the source's time from the start.
    basic_cached_clock() noexcept : ticks_(ticks_of(Source().now())) {}

    time_point now() const noexcept {
        return time_point(std::chrono::nanoseconds(ticks_.load(std::memory_order_acquire)));
    }

    /// Reads the source: once a turn of the event loop.
    void update() noexcept { set(Source().now()); }

    /// The same for a host that has read it already.
    void set(time_point moment) noexcept {
        if constexpr (std::same_as<time_point, wall_time>) {
            ticks_.store(ticks_of(moment), std::memory_order_release);
        } else {
            auto shown = ticks_.load(std::memory_order_relaxed);
            while (shown < ticks_of(moment) &&
                   !ticks_.compare_exchange_weak(shown, ticks_of(moment), std::memory_order_acq_rel)) {
            }
        }
    }

private:
    static std::int64_t ticks_of(time_point moment) noexcept { return moment.time_since_epoch().count(); }

    std::atomic<std::int64_t> ticks_;
};

using cached_clock = basic_cached_clock<steady_clock>;     ///< for limits
using cached_wall_clock = basic_cached_clock<wall_clock>;  ///< for `not_before` and `expires`

}  // namespace sallyport
