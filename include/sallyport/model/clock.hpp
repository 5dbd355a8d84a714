// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>

namespace sallyport {

/// A moment on a clock that only limits look at. Where it starts means nothing.
using steady_time = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// A moment of the calendar, by which secrets begin and expire.
using wall_time = std::chrono::sys_time<std::chrono::nanoseconds>;

/// Tells the time by which limits are counted. `now` may be called from several threads at once; a clock
/// that stands still or steps back admits nothing extra.
template <class T>
concept steady_clock_source = requires(T const& clock) {
    { clock.now() }
    noexcept->std::same_as<steady_time>;
};

/// Tells the time by which secrets begin and expire. `now` may be called from several threads at once.
template <class T>
concept wall_clock_source = requires(T const& clock) {
    { clock.now() }
    noexcept->std::same_as<wall_time>;
};

/// The machine's monotonic clock.
struct steady_clock {
    steady_time now() const noexcept { return std::chrono::steady_clock::now(); }
};

/// How far a wall clock is ahead of a steady one, so that a reading of the second tells the time of both. Not
/// thread-safe.
class wall_offset {
public:
    static constexpr std::chrono::milliseconds max_age{10};  ///< by the steady clock; then it is measured again
    static constexpr std::chrono::microseconds max_error{10};

    /// What `wall` shows at the `moment` that `steady` has just shown; a step of `wall` is seen at most `max_age` late.
    wall_time at(steady_time moment, steady_clock_source auto const& steady,
                 wall_clock_source auto const& wall) noexcept {
        if (moment < until_) return wall_time(moment.time_since_epoch() + offset_);
        auto const shown = wall.now();
        // What a thread that was interrupted has read isn't kept.
        if (steady.now() - moment <= max_error) {
            offset_ = shown.time_since_epoch() - moment.time_since_epoch();
            until_ = moment + max_age;
        }
        return shown;
    }

private:
    std::chrono::nanoseconds offset_{0};
    steady_time until_ = steady_time::min();
};

/// The machine's calendar.
struct wall_clock {
    wall_time now() const noexcept { return std::chrono::system_clock::now(); }

    /// The same, at the moment that the machine's steady clock has just shown: of 10 milliseconds one reading serves a
    /// thread, and the calendar's own steps are seen so much later. What slews one of the two clocks slews the other.
    wall_time at(steady_time moment) const noexcept {
        static thread_local wall_offset offset;
        return offset.at(moment, steady_clock(), *this);
    }
};

/// A clock that moves only when it is told to, for tests: the library's and its users'. Thread-safe.
template <class TimePoint>
class basic_manual_clock {
public:
    basic_manual_clock() noexcept = default;
    explicit basic_manual_clock(TimePoint start) noexcept { set(start); }
    basic_manual_clock(basic_manual_clock const& other) noexcept { set(other.now()); }
    basic_manual_clock& operator=(basic_manual_clock const& other) noexcept {
        set(other.now());
        return *this;
    }

    TimePoint now() const noexcept {
        return TimePoint(std::chrono::nanoseconds(ticks_.load(std::memory_order_acquire)));
    }
    void set(TimePoint moment) noexcept { ticks_.store(moment.time_since_epoch().count(), std::memory_order_release); }
    void advance(std::chrono::nanoseconds by) noexcept { ticks_.fetch_add(by.count(), std::memory_order_acq_rel); }

private:
    std::atomic<std::int64_t> ticks_{0};
};

using manual_clock = basic_manual_clock<steady_time>;     ///< for limits
using manual_wall_clock = basic_manual_clock<wall_time>;  ///< for `not_before` and `expires`

}  // namespace sallyport
