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
/// a call fits into a window is told by one look: at the stamp as many admissions ago as the limit leaves room
/// for. Moments and durations are nanoseconds, over the whole range of their type. Not thread-safe.
class stamp_ring {
public:
    using ticks = std::int64_t;

    /// An empty ring, whose stamps start at a moment: none will be earlier.
    explicit stamp_ring(ticks start) noexcept : last_(start) {}

    /// Whether a call of this cost fits into the window that ends at its stamp. Constant time.
    bool admits(quota const& in, std::uint32_t cost, ticks now) const noexcept {
        if (cost > in.limit()) return false;
        auto const room = in.limit() - cost;
        return kept_ <= room || before_window(in, recent(room), stamp(now));
    }

    /// The least wait from `now` after which the same call fits, if nothing else happens in between; 0 if it fits
    /// now, the largest duration if it never does. A clock behind the last stamp waits for that, too.
    ticks wait(quota const& in, std::uint32_t cost, ticks now) const noexcept {
        if (cost > in.limit()) return never_ticks;
        if (admits(in, cost, now)) return 0;
        return until_outside(in, recent(in.limit() - cost), now);
    }

    /// Counts an admission; its stamp. `keep` was told of its quotas.
    ticks admit(std::uint32_t cost, ticks now) noexcept {
        last_ = stamp(now);
        auto const slots = std::min<std::size_t>(cost, stamps_.size());
        kept_ = std::min(kept_ + slots, stamps_.size());
        admitted_ += cost - slots;
        for (std::size_t i = 0; i < slots; ++i) stamps_[static_cast<std::size_t>(admitted_++ % stamps_.size())] = last_;
        return last_;
    }

    /// Makes room for what a quota has to look back on. Allocates when the limit is the highest so far.
    void keep(quota const& in) {
        horizon_ = std::max(horizon_, window_of(in));
        if (in.limit() <= stamps_.size()) return;
        std::vector<ticks> wider(in.limit());
        for (std::size_t i = kept_; i > 0; --i) {
            auto const position = admitted_ - i;
            wider[static_cast<std::size_t>(position % wider.size())] = recent(i - 1);
        }
        stamps_ = std::move(wider);
    }

    /// How much of the limit the window holds that ends at the stamp of `now`. Logarithmic time.
    std::uint32_t used(quota const& in, ticks now) const noexcept {
        auto const end = stamp(now);
        std::size_t low = 0;
        std::size_t high = std::min<std::size_t>(kept_, in.limit());
        while (low < high) {
            auto const middle = low + (high - low) / 2;
            if (before_window(in, recent(middle), end)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return static_cast<std::uint32_t>(low);
    }

    /// How long until the oldest of the `used` admissions leaves the window; 0 if there is none.
    ticks until_freed(quota const& in, std::uint32_t used, ticks now) const noexcept {
        return used == 0 ? 0 : until_outside(in, recent(used - 1), now);
    }

    /// From when on no admission counts in any window that was asked for; the end of time if that is past it.
    ticks idle_from() const noexcept { return add(last_, horizon_); }

    std::uint64_t admitted() const noexcept { return admitted_; }  ///< units admitted in all

private:
    static constexpr ticks never_ticks = std::numeric_limits<ticks>::max();

    static constexpr ticks window_of(quota const& in) noexcept { return std::chrono::nanoseconds(in.window()).count(); }
    static constexpr ticks add(ticks moment, ticks duration) noexcept {
        return moment > never_ticks - duration ? never_ticks : moment + duration;
    }

    ticks stamp(ticks now) const noexcept { return std::max(now, last_); }

    /// The stamp of the admission before which `later` others of those kept came after it.
    ticks recent(std::size_t later) const noexcept {
        return stamps_[static_cast<std::size_t>((admitted_ - 1 - later) % stamps_.size())];
    }

    /// Whether a stamp lies before (end − window, end]. The difference of two moments may not fit: it is taken
    /// without a sign, and stamps are never after `end`.
    static constexpr bool before_window(quota const& in, ticks stamp, ticks end) noexcept {
        auto const age = static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(stamp);
        return age >= static_cast<std::uint64_t>(window_of(in));
    }

    /// How long from `now` until a stamp within the window lies before it.
    ticks until_outside(quota const& in, ticks stamped, ticks now) const noexcept {
        auto const end = stamp(now);
        auto const age = static_cast<ticks>(static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(stamped));
        auto const behind = static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(now);
        auto const wait = static_cast<std::uint64_t>(window_of(in) - age);
        return wait + behind > static_cast<std::uint64_t>(never_ticks) ? never_ticks : static_cast<ticks>(wait + behind);
    }

    std::vector<ticks> stamps_;
    std::size_t kept_ = 0;  ///< how many slots hold an admission
    std::uint64_t admitted_ = 0;
    ticks last_;
    ticks horizon_ = 0;
};

}  // namespace sallyport
