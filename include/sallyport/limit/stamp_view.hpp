// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/stamp_slot.hpp>
#include <sallyport/model/quota.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace sallyport {

/// What the first two windows of a budget held when somebody was last admitted, for the next one to guess from: 12 bits
/// each, below 2,048 as it is, above in parts of 512. They are written from the last window to the first.
class window_notes {
public:
    constexpr window_notes() noexcept = default;
    constexpr explicit window_notes(std::uint32_t bits) noexcept : bits_(bits) {}

    constexpr void write(std::uint32_t used) noexcept {
        bits_ = (bits_ << width | (used < coarse ? used : coarse + (used >> coarseness))) & all;
    }

    /// The note of the first window, and then of the next. Where there is none, or nothing was held, it is 1.
    constexpr std::uint32_t read() noexcept {
        auto const note = bits_ & ((1U << width) - 1);
        bits_ >>= width;
        return note < coarse ? std::max(note, 1U) : (note - coarse) << coarseness;
    }
    constexpr std::uint32_t bits() const noexcept { return bits_; }

private:
    static constexpr unsigned width = 12;
    static constexpr std::uint32_t all = (1U << 2 * width) - 1;
    static constexpr std::uint32_t coarse = 1U << (width - 1);
    static constexpr unsigned coarseness = 9;
    static_assert(quota::max_limit >> coarseness < coarse);

    std::uint32_t bits_ = 0;
};

/// The log of a key's admissions up to some entry, in a ring of slots: what was admitted until a moment at which nothing
/// more was. What it answers holds if it was not overtaken by then: if so, what it looked at may have been overwritten,
/// and another look is due. Moments and durations are nanoseconds, over the whole range of their type; what the scale
/// tells of a stamp may lie before it.
template <class Scale>
class stamp_view {
public:
    using ticks = std::int64_t;
    using value = stamp_slot<Scale>;
    using slot = std::atomic<value>;

    stamp_view() noexcept = default;

    window_notes notes{};  ///< of the last admission; or of this call, if it is admitted

    /// Whether anything was written since: then so was the slot that was to be written next. Who has read what was
    /// written later sees that.
    bool overtaken() const noexcept { return slots_[index_].load(std::memory_order_acquire) != oldest_; }

    /// Whether stamps are told so that a window can be measured as far back as it reaches.
    bool suits(quota const& in) const noexcept { return scale_.suits(std::chrono::nanoseconds(in.window()).count()); }

    /// How many units were admitted in all, modulo a million rings.
    std::uint64_t position() const noexcept { return std::uint64_t{lap_} * capacity_ + index_; }

    /// The stamp of a call: the later of its moment and the last admission.
    ticks stamp(ticks now) const noexcept { return std::max(now, last_); }

    /// What is told of that stamp. It is never before what was told of an earlier one.
    ticks told(ticks now) const noexcept { return scale_.told(stamp(now)); }

    /// The least wait from `now` after which the same call fits, if nothing else happens in between; 0 if it fits now,
    /// the largest duration if it never does. A clock behind the last stamp waits for that, too. A call of no cost always
    /// fits. Constant time.
    ticks wait(quota const& in, std::uint32_t cost, ticks now) const noexcept {
        if (cost > in.limit()) return never_ticks;
        return cost == 0 ? 0 : until_outside(span_of(in, now), in.limit() - cost + 1);
    }

    /// How much of the limit the window holds that ends at the stamp of `now`, and how long until the oldest of that
    /// leaves it; 0 if there is none. Constant time where it is about as much as guessed; else the logarithm of how far
    /// off that was.
    struct usage_type {
        std::uint32_t units;
        ticks until_freed;
    };
    usage_type usage(quota const& in, ticks now, std::uint32_t guess = 1) const noexcept {
        auto const window = span_of(in, now);
        auto const [units, oldest] = within(window.first, std::min(capacity_, in.limit()), guess);
        return {units, units == 0 ? 0 : until_outside(window, stamp_of(oldest))};
    }

    /// How long until the oldest of the last units leaves the window, of at least one.
    ticks until_freed(quota const& in, std::uint32_t units, ticks now) const noexcept {
        return until_outside(span_of(in, now), units);
    }

    /// How long a unit counts that has its stamp from `now`.
    ticks until_gone(quota const& in, ticks now) const noexcept { return until_outside(span_of(in, now), told(now)); }

protected:
    template <class>
    friend class stamp_log;
    template <class>
    friend class stamp_ring;

    static constexpr ticks never_ticks = std::numeric_limits<ticks>::max();
    static constexpr ticks earliest_ticks = std::numeric_limits<ticks>::min();

    // What is said of the end: index, lap, notes.
    static constexpr unsigned index_bits = 20;
    static constexpr std::uint32_t index_mask = (1U << index_bits) - 1;
    static_assert(quota::max_limit <= index_mask);

    static constexpr std::uint32_t index_in(std::uint64_t end) noexcept {
        return static_cast<std::uint32_t>(end) & index_mask;
    }
    static constexpr std::uint32_t lap_in(std::uint64_t end) noexcept {
        return static_cast<std::uint32_t>(end >> index_bits) & index_mask;
    }
    /// Whether two laps are the same or follow on each other, modulo what is said of them.
    static constexpr bool are_near(std::uint32_t a, std::uint32_t b) noexcept {
        return ((a - b + 1) & index_mask) <= 2;
    }

    stamp_view(slot const* slots, std::uint32_t capacity, Scale scale, std::uint64_t end, std::uint32_t index,
               std::uint32_t lap, value oldest, value newest) noexcept
        : notes(static_cast<std::uint32_t>(end >> 2 * index_bits)),
          slots_(slots),
          oldest_(oldest),
          scale_(scale),
          end_(end),
          capacity_(capacity),
          index_(index),
          lap_(lap) {
        if (newest.counts()) last_ = stamp_of(newest);
        if (oldest.is_floor()) last_ = std::max(last_, stamp_of(oldest));
    }

    /// The length of time between two moments in their order, which may be too long for one with a sign.
    static constexpr std::uint64_t between(ticks from, ticks to) noexcept {
        return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
    }

    /// Whether a stamp can be told, and is then told after all that were admitted: distances are counted modulo 2^64.
    bool is_told(ticks stamp) const noexcept {
        auto const distance = scale_.distance(stamp);
        auto const newest = scale_.distance(last_);
        return value::representable(distance) && (distance >= newest || !value::representable(newest));
    }

    ticks stamp_of(value unit) const noexcept { return scale_.moment(unit.distance()); }

    /// The place so many units after the one that is written next, and the lap in which it is written.
    struct place {
        std::uint32_t index;
        std::uint32_t lap;
    };
    place after(std::uint64_t units) const noexcept {
        auto const index = index_ + units;
        if (index < capacity_) [[likely]]
            return {static_cast<std::uint32_t>(index), lap_};
        return {static_cast<std::uint32_t>(index % capacity_), lap_ + static_cast<std::uint32_t>(index / capacity_)};
    }

    /// What is to be said of the end once so much more is admitted.
    std::uint64_t end_after(std::uint64_t units) const noexcept {
        auto const [index, lap] = after(units);
        return std::uint64_t{notes.bits()} << 2 * index_bits | std::uint64_t{lap & index_mask} << index_bits | index;
    }

    /// Where the unit lies with which the last so many begin.
    std::uint32_t place_of(std::uint32_t back) const noexcept {
        return index_ >= back ? index_ - back : index_ + capacity_ - back;
    }

    /// What the slot that is written next holds as a unit: a floor is none.
    value oldest_unit() const noexcept { return oldest_.is_floor() ? value(oldest_.lap(), 0) : oldest_; }

    /// The unit with which the last so many begin, at most as many as there are slots.
    value unit(std::uint32_t back) const noexcept {
        return back == capacity_ ? oldest_unit() : slots_[place_of(back)].load(std::memory_order_acquire);
    }

    /// A window that ends at a call's stamp: what is told of one of its stamps is not as old as the window.
    struct span {
        std::uint64_t first;   ///< the least distance within, of all that was admitted
        std::uint64_t before;  ///< the last moment before it, modulo 2^64
        std::uint64_t behind;  ///< how far the call's moment lies before its stamp
    };
    span span_of(ticks window, ticks now) const noexcept {
        auto const end = stamp(now);
        auto const length = static_cast<std::uint64_t>(scale_.counts_for(window));
        auto const before = static_cast<std::uint64_t>(end) - length;
        auto const distance = scale_.distance(static_cast<ticks>(before));
        auto const first = value::representable(distance) ? distance + 1 : Scale::least_distance;
        return {between(last_, end) < length ? first : ~std::uint64_t{0}, before, between(now, end)};
    }
    span span_of(quota const& in, ticks now) const noexcept {
        return span_of(std::chrono::nanoseconds(in.window()).count(), now);
    }

    static constexpr bool is_within(std::uint64_t first, value unit) noexcept { return unit.distance() >= first; }

    ticks until_outside(span const& in, std::uint32_t back) const noexcept {
        if (back > capacity_) return 0;
        auto const found = unit(back);
        return is_within(in.first, found) ? until_outside(in, stamp_of(found)) : 0;
    }

    /// How long from the call's moment until a stamp that lies within lies before the window that ends at its own.
    static constexpr ticks until_outside(span const& in, ticks stamped) noexcept {
        auto const left = static_cast<std::uint64_t>(stamped) - in.before;
        return in.behind > static_cast<std::uint64_t>(never_ticks) - left ? never_ticks
                                                                          : static_cast<ticks>(in.behind + left);
    }

    /// How many of the last `most` units lie within, and the oldest of them. Looks at the guess and beside it, and then
    /// further and further away.
    struct held_units {
        std::uint32_t units = 0;
        value oldest{};
    };
    held_units within(std::uint64_t first, std::uint32_t most, std::uint32_t guess) const noexcept {
        auto at = std::min(guess, most);
        auto found = unit(at);
        if (is_within(first, found)) {
            if (at == most || !is_within(first, unit(at + 1))) [[likely]]
                return {at, found};
            at = count_from(first, most, at + 1, most + 1);
        } else {
            if (at == 1) return {};
            found = unit(--at);
            if (is_within(first, found)) [[likely]]
                return {at, found};
            at = count_from(first, most, 0, at);
        }
        return {at, at == 0 ? value() : unit(at)};
    }

    /// How many it is, if more than one of these is known to be within, or fewer than the other.
    std::uint32_t count_from(std::uint64_t first, std::uint32_t most, std::uint32_t inside,
                             std::uint32_t outside) const noexcept {
        bool const upwards = outside > most;
        for (std::uint32_t step = 1; outside - inside > step; step *= 2) {
            auto const at = upwards ? inside + step : outside - step;
            bool const found = is_within(first, unit(at));
            (found ? inside : outside) = at;
            if (found != upwards) break;
        }
        while (outside - inside > 1) {
            auto const middle = inside + (outside - inside) / 2;
            (is_within(first, unit(middle)) ? inside : outside) = middle;
        }
        return inside;
    }

    slot const* slots_ = nullptr;
    value oldest_{};  ///< what the slot holds that is written next
    Scale scale_{0};
    std::uint64_t end_ = 0;  ///< what was said of the end
    ticks last_ = earliest_ticks;
    std::uint32_t capacity_ = 0;
    std::uint32_t index_ = 0;
    std::uint32_t lap_ = 0;
};

}  // namespace sallyport
