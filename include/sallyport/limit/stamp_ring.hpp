// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/quota.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace sallyport {

/// The last admissions of one key, as a ring of stamps: one a unit of cost, in order, never out of it. Whether
/// a call fits into a window is told by one look: at the stamp as many units ago as the limit leaves room for.
/// Moments and durations are nanoseconds, over the whole range of their type. Not thread-safe.
///
/// It holds every unit that a quota it was told of may count: within the longest window, as many as the highest
/// limit, and never fewer than the last 32. 8 bytes each.
class stamp_ring {
public:
    using ticks = std::int64_t;

    /// An empty ring, whose stamps start at a moment: none will be earlier.
    explicit stamp_ring(ticks start) noexcept : last_(start) {}

    /// From now on, what is within reach of this quota is not dropped: one unit more than the limit tells whether it
    /// is exceeded, which it can be after a shadow claim.
    void look_back(quota const& in) noexcept {
        horizon_ = std::max(horizon_, window_of(in));
        depth_ = std::max<std::size_t>(depth_, std::size_t{in.limit()} + 1);
    }

    /// The stamp of a call: the later of its moment and the last admission.
    ticks stamp(ticks now) const noexcept { return std::max(now, last_); }

    /// The least wait from `now` after which the same call fits, if nothing else happens in between; 0 if it fits
    /// now, the largest duration if it never does. A clock behind the last stamp waits for that, too. Constant time.
    ticks wait(quota const& in, std::uint32_t cost, ticks now) const noexcept {
        if (cost > in.limit()) return never_ticks;
        auto const room = in.limit() - cost;
        return kept_ <= room ? 0 : until_outside(in, recent(room), now);
    }

    /// Makes room for an admission, which then can't fail. Allocates at the first, and when a limit above 1,024 is
    /// used up further than ever; if that fails, nothing has changed.
    void reserve(std::uint32_t cost, ticks now) {
        if (cost <= stamps_.size() - kept_) return;
        auto const in_reach = count_within(horizon_, kept_, now) + std::min<std::size_t>(cost, depth_);
        auto const needed = std::min(in_reach, depth_);
        if (needed <= stamps_.size()) return;
        std::vector<ticks> wider(std::min(std::max({needed, stamps_.size() * 2, first_size}), depth_));
        for (std::size_t i = 0; i < kept_; ++i) wider[i] = recent(kept_ - 1 - i);
        stamps_ = std::move(wider);
        next_ = kept_;
    }

    /// Counts an admission, for which there is room.
    void admit(std::uint32_t cost, ticks now) noexcept {
        last_ = stamp(now);
        untouched_ = false;
        admitted_ += cost;
        auto const slots = std::min<std::size_t>(cost, stamps_.size());
        kept_ = std::min(kept_ + slots, stamps_.size());
        for (std::size_t i = 0; i < slots; ++i) {
            stamps_[next_] = last_;
            next_ = next_ + 1 == stamps_.size() ? 0 : next_ + 1;
        }
    }

    /// How much of the limit the window holds that ends at the stamp of `now`. Logarithmic time.
    std::uint32_t used(quota const& in, ticks now) const noexcept {
        return static_cast<std::uint32_t>(count_within(window_of(in), std::min<std::size_t>(kept_, in.limit()), now));
    }

    /// How long until the oldest of the last `used` units leaves the window; 0 if there is none.
    ticks until_freed(quota const& in, std::uint32_t used, ticks now) const noexcept {
        return used == 0 ? 0 : until_outside(in, recent(used - 1), now);
    }

    /// From when on nothing counts in any window that was asked for; the end of time if that is past it, and its
    /// beginning if there never was an admission.
    ticks idle_from() const noexcept {
        if (untouched_) return std::numeric_limits<ticks>::min();
        auto const counts_for = kept_ == 0 ? 0 : horizon_;
        return last_ > never_ticks - counts_for ? never_ticks : last_ + counts_for;
    }

    std::uint64_t admitted() const noexcept { return admitted_; }  ///< units admitted in all

private:
    static constexpr ticks never_ticks = std::numeric_limits<ticks>::max();
    static constexpr std::size_t least_depth = 32;
    static constexpr std::size_t first_size = 1024;

    static constexpr ticks window_of(quota const& in) noexcept { return std::chrono::nanoseconds(in.window()).count(); }

    /// The length of time between two moments in their order, which may be too long for one with a sign.
    static constexpr std::uint64_t between(ticks from, ticks to) noexcept {
        return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
    }

    /// The stamp of the unit before which `later` others of those kept came after it.
    ticks recent(std::size_t later) const noexcept {
        auto const back = later + 1;
        return stamps_[next_ >= back ? next_ - back : next_ + stamps_.size() - back];
    }

    /// How many of the last `most` units have stamps in (end − window, end], where `end` is the stamp of `now`.
    std::size_t count_within(ticks window, std::size_t most, ticks now) const noexcept {
        auto const end = stamp(now);
        std::size_t low = 0;
        while (low < most) {
            auto const middle = low + (most - low) / 2;
            if (between(recent(middle), end) >= static_cast<std::uint64_t>(window)) {
                most = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /// How long from `now` until a unit lies before the window that ends at the call's stamp; 0 if it does now.
    ticks until_outside(quota const& in, ticks stamped, ticks now) const noexcept {
        auto const end = stamp(now);
        auto const window = static_cast<std::uint64_t>(window_of(in));
        auto const age = between(stamped, end);
        if (age >= window) return 0;
        auto const behind = between(now, end);
        auto const left = window - age;
        return behind > static_cast<std::uint64_t>(never_ticks) - left ? never_ticks
                                                                       : static_cast<ticks>(behind + left);
    }

    std::vector<ticks> stamps_;
    std::size_t kept_ = 0;  ///< how many slots hold a unit
    std::size_t next_ = 0;  ///< the slot of the next one
    std::uint64_t admitted_ = 0;
    ticks last_;
    ticks horizon_ = 0;
    std::size_t depth_ = least_depth;
    bool untouched_ = true;
};

}  // namespace sallyport
