// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/window_counter.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>
#include <sallyport/model/quota.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sallyport {

/// What one key has used, by counters for up to four lengths of windows, the one that was asked for last first. An admission
/// is counted in all of them. One that was not asked for as long as it reaches back is dropped, and for a fifth length of
/// window the one that was not asked for longest. A plain value.
class window_counters {
public:
    using ticks = window_counter::ticks;
    static constexpr std::size_t most = quotas::max_windows;

    window_counters() noexcept = default;

    /// Of no window yet. Nothing will be counted before a moment.
    explicit window_counters(ticks from) noexcept : from_(from) {}

    /// Of these windows, in this order, of which the last was asked for at this moment, at the latest.
    void add(window_counter const& next) noexcept { counters_[size_++] = next; }
    void set_last_asked(ticks moment) noexcept { last_asked_ = moment; }
    ticks last_asked() const noexcept { return last_asked_; }

    std::size_t size() const noexcept { return size_; }
    window_counter const& operator[](std::size_t i) const noexcept { return counters_[i]; }
    window_counter const& of(std::chrono::milliseconds window) const noexcept { return counters_[place_of(window)]; }

    /// From now on, this window has a counter. A new one takes in what the closest of the others holds.
    void look_for(std::chrono::milliseconds window, ticks now) noexcept {
        auto at = place_of(window);
        if (at == size_) {
            window_counter added(window, from_);
            if (size_ > 0) added.take_in(closest_to(added));
            if (size_ < most) ++size_;
            at = size_ - 1;
            counters_[at] = added;
        }
        if (at + 1 == size_) last_asked_ = std::max({last_asked_, now, last_admitted()});
        std::rotate(counters_.begin(), counters_.begin() + at, counters_.begin() + at + 1);
    }

    /// Drops the counter that was not asked for longest, if all that it reached back to then is past.
    void drop_unasked(ticks now) noexcept {
        if (size_ > 1 && now > last_asked_ && between(last_asked_, now) >= counters_[size_ - 1].reach()) --size_;
    }

    void admit(std::uint32_t cost, ticks now) noexcept {
        for (std::size_t i = 0; i < size_; ++i) counters_[i].admit(cost, now);
    }

    /// Takes back so many units that were counted by a stamp, in each window as many as are still there; whether any was.
    bool give_back(std::uint32_t cost, ticks stamp) noexcept {
        std::uint32_t gone = 0;
        for (std::size_t i = 0; i < size_; ++i) gone = std::max(gone, counters_[i].give_back(cost, stamp));
        return gone > 0;
    }

    /// Where an admission of this cost was counted that was the last one: a moment in the newest sub-window of each counter,
    /// as long as none is ahead of the others, and how much was counted before since then.
    receipt last(std::uint32_t cost) const noexcept {
        auto const* shortest = &counters_[0];
        auto end = window_counter::never_ticks;
        for (std::size_t i = 0; i < size_; ++i) {
            if (counters_[i].newest_start() > shortest->newest_start()) shortest = &counters_[i];
            end = std::min(end, counters_[i].newest_end());
        }
        auto place = place_in(*shortest, cost);
        place.stamp = std::min(place.stamp, steady_time(std::chrono::nanoseconds(end - 1)));
        return place;
    }
    /// The same of a single counter.
    static receipt place_in(window_counter const& of, std::uint32_t cost) noexcept {
        auto const count = of.newest_count();
        return {steady_time(std::chrono::nanoseconds(of.newest_start())), count - std::min(cost, count)};
    }

    std::uint32_t highest_count() const noexcept {
        std::uint32_t highest = 0;
        for (std::size_t i = 0; i < size_; ++i) highest = std::max(highest, counters_[i].highest_count());
        return highest;
    }

    /// From when on nothing counts in any window that is held; the end of time if that is past it, and its beginning if
    /// nothing is counted.
    ticks idle_from() const noexcept {
        auto from = window_counter::earliest_ticks;
        for (std::size_t i = 0; i < size_; ++i) from = std::max(from, counters_[i].idle_from());
        return from;
    }

private:
    static constexpr std::uint64_t between(ticks from, ticks to) noexcept {
        return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
    }
    /// When the last admission came, at the latest.
    ticks last_admitted() const noexcept {
        auto end = window_counter::never_ticks;
        for (std::size_t i = 0; i < size_; ++i) end = std::min(end, counters_[i].newest_end());
        return end - 1;
    }
    std::size_t place_of(std::chrono::milliseconds window) const noexcept {
        std::size_t at = 0;
        while (at < size_ && !counters_[at].is_for(window)) ++at;
        return at;
    }
    /// The finest of those that reach back as far, or the one that reaches back farthest.
    window_counter const& closest_to(window_counter const& other) const noexcept {
        auto const* closest = &counters_[0];
        for (std::size_t i = 1; i < size_; ++i) {
            auto const reach = counters_[i].reach();
            bool const reaches = closest->reach() >= other.reach();
            if (reaches ? reach >= other.reach() && reach < closest->reach() : reach > closest->reach()) {
                closest = &counters_[i];
            }
        }
        return *closest;
    }

    ticks from_ = window_counter::earliest_ticks;        ///< where the first counter starts
    ticks last_asked_ = window_counter::earliest_ticks;  ///< when the last counter was asked for, at the latest
    std::size_t size_ = 0;
    std::array<window_counter, most> counters_{};
};

}  // namespace sallyport
