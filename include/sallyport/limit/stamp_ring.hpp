// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/quota.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <optional>

namespace sallyport {

/// The last admissions of one key, one slot a unit of cost, in the order in which they were made: a log whose entries
/// never change, of which the newest are held. A slot is 64 bits: the lap in which it was written, and a stamp that is
/// never before that of the slot before. So one look, at the stamp as many units ago as the limit leaves room for,
/// tells whether a call fits; and one compare-and-swap of the slot to be written next admits it, if nobody was
/// admitted since: that slot's value never comes again. Who is refused writes nothing.
///
/// It may be read, and one unit at a time admitted, by any number of threads; no thread waits for another. All else is
/// done by one thread that has `enter`ed: the slot to be written next is sealed meanwhile, and nobody is admitted.
///
/// It holds every unit that a quota it was told of may count: within the longest window, as many as the highest limit.
/// Moments and durations are nanoseconds, over the whole range of their type. The slots lie in memory right behind it.
class stamp_ring {
    using slot = std::atomic<std::uint64_t>;

public:
    using ticks = std::int64_t;

    static constexpr std::size_t bytes_behind(std::uint32_t capacity) noexcept { return capacity * sizeof(slot); }

    /// Of so many slots, at least one, for which there is memory behind. Sealed: it has to be started.
    explicit stamp_ring(std::uint32_t capacity) noexcept : capacity_(capacity) {
        for (std::uint32_t i = 0; i < capacity; ++i) new (slots() + i) slot(sealed);
    }
    stamp_ring(stamp_ring const&) = delete;
    stamp_ring& operator=(stamp_ring const&) = delete;

    std::uint32_t capacity() const noexcept { return capacity_; }

    /// Whether every unit that this quota counts is held.
    bool reaches(quota const& in) const noexcept {
        return in.limit() <= depth_.load(std::memory_order_relaxed) &&
               in.window().count() <= horizon_.load(std::memory_order_relaxed);
    }

    /// The log up to some entry: what was admitted until a moment at which nothing more was. What it answers holds if it
    /// was not overtaken by then: if so, what it looked at may have been overwritten, and another look is due.
    class view {
    public:
        view() noexcept = default;

        /// Whether anything was written since: then so was the slot that was to be written next. Who has read what was
        /// written later sees that.
        bool overtaken() const noexcept { return ring_->slots()[index_].load(std::memory_order_acquire) != oldest_; }

        /// How many units were admitted in all, modulo a million rings; exact as long as no thread fell 256 behind.
        std::uint64_t position() const noexcept { return std::uint64_t{lap_} * ring_->capacity_ + index_; }

        /// The stamp of a call: the later of its moment and the last admission.
        ticks stamp(ticks now) const noexcept { return std::max(now, last_); }

        /// The least wait from `now` after which the same call fits, if nothing else happens in between; 0 if it fits
        /// now, the largest duration if it never does. A clock behind the last stamp waits for that, too. A call of no
        /// cost always fits. Constant time.
        ticks wait(quota const& in, std::uint32_t cost, ticks now) const noexcept {
            if (cost > in.limit()) return never_ticks;
            return cost == 0 ? 0 : until_outside(in, in.limit() - cost + 1, now);
        }

        /// How much of the limit the window holds that ends at the stamp of `now`. Constant time where it is about as
        /// much as guessed; else the logarithm of how far off that was.
        std::uint32_t used(quota const& in, ticks now, std::uint32_t guess = 1) const noexcept {
            return count_within(window_of(in), std::min(ring_->capacity_, in.limit()), now, guess);
        }

        /// What the first two windows of a budget held when somebody was last admitted, as far as it was noted.
        std::uint32_t guess(std::size_t window) const noexcept {
            if (window >= noted_windows) return 1;
            auto const noted = notes_ >> (window * note_bits) & note_mask;
            return noted < coarse ? std::max(noted, 1U) : (noted - coarse) << coarseness;
        }

        /// How long until the oldest of the last `used` units leaves the window; 0 if there is none.
        ticks until_freed(quota const& in, std::uint32_t used, ticks now) const noexcept {
            return used == 0 ? 0 : until_outside(in, used, now);
        }

        /// How long a unit counts that has its stamp from `now`.
        ticks until_gone(quota const& in, ticks now) const noexcept { return until_outside(in, stamp(now), now); }

    protected:
        friend class stamp_ring;

        view(stamp_ring const& ring, std::uint64_t base, std::uint32_t index, std::uint32_t lap, std::uint32_t notes,
             std::uint64_t oldest, std::uint64_t newest) noexcept
            : ring_(&ring), oldest_(oldest), base_(base), index_(index), lap_(lap), notes_(notes) {
            if (counts(newest)) last_ = stamp_of(newest);
        }

        ticks stamp_of(std::uint64_t unit) const noexcept { return static_cast<ticks>(base_ + offset_of(unit)); }

        /// The unit with which the last so many begin, at most as many as there are slots.
        std::uint64_t unit(std::uint32_t back) const noexcept {
            if (back == ring_->capacity_) return oldest_;
            auto const at = index_ >= back ? index_ - back : index_ + ring_->capacity_ - back;
            return ring_->slots()[at].load(std::memory_order_acquire);
        }

        ticks until_outside(quota const& in, std::uint32_t back, ticks now) const noexcept {
            if (back > ring_->capacity_) return 0;
            auto const found = unit(back);
            return counts(found) ? until_outside(in, stamp_of(found), now) : 0;
        }

        /// How long from `now` until a stamp lies before the window that ends at the call's own; 0 if it does now.
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

        bool within(ticks window, std::uint64_t unit, ticks end) const noexcept {
            return counts(unit) && between(stamp_of(unit), end) < static_cast<std::uint64_t>(window);
        }

        /// How many of the last `most` units have stamps in (end − window, end], where `end` is the stamp of `now`.
        /// Looks at the guess and beside it, and then further and further away.
        std::uint32_t count_within(ticks window, std::uint32_t most, ticks now, std::uint32_t guess) const noexcept {
            auto const end = stamp(now);
            auto const at = std::min(guess, most);
            if (most == 0) return 0;
            if (within(window, unit(at), end)) {
                if (at == most || !within(window, unit(at + 1), end)) return at;
                return count_from(window, most, end, at + 1, most + 1);
            }
            if (at == 1 || within(window, unit(at - 1), end)) return at - 1;
            return count_from(window, most, end, 0, at - 1);
        }

        /// The same, if more than one of these is known to be within, or fewer than the other.
        std::uint32_t count_from(ticks window, std::uint32_t most, ticks end, std::uint32_t inside,
                                 std::uint32_t outside) const noexcept {
            auto const is_within = [&](std::uint32_t back) { return within(window, unit(back), end); };
            bool const upwards = outside > most;
            for (std::uint32_t step = 1; outside - inside > step; step *= 2) {
                auto const at = upwards ? inside + step : outside - step;
                bool const found = is_within(at);
                (found ? inside : outside) = at;
                if (found != upwards) break;
            }
            while (outside - inside > 1) {
                auto const middle = inside + (outside - inside) / 2;
                (is_within(middle) ? inside : outside) = middle;
            }
            return inside;
        }

        stamp_ring const* ring_ = nullptr;
        std::uint64_t oldest_ = 0;  ///< what the slot holds that is written next
        std::uint64_t base_ = 0;
        ticks last_ = earliest_ticks;
        std::uint32_t index_ = 0;
        std::uint32_t lap_ = 0;
        std::uint32_t notes_ = 0;
    };

    /// The log as it is now; none while somebody has entered, or if it was closed. Walks past what was admitted since
    /// somebody last said where the end is: a step for each thread that is about to. What was said may be of the key
    /// that had this memory before, or 256 rings old, and then be ahead: the slot before the end shows it, which has to be
    /// of the same lap, and the walk begins anew at the first one.
    std::optional<view> look() const noexcept {
        auto const end = end_.load(std::memory_order_acquire);
        auto index = static_cast<std::uint32_t>(end) & index_mask;
        auto lap = static_cast<std::uint32_t>(end >> index_bits) & index_mask;
        for (;;) {
            auto const base = this->base();
            auto const oldest = slots()[index].load(std::memory_order_acquire);
            if (oldest == sealed) return std::nullopt;
            auto const ahead = tag_of(lap_of(oldest) - (lap - 1));
            if (ahead > 0) {
                lap += ahead - 1;
                step(index, lap);
                continue;
            }
            auto const newest =
                capacity_ == 1 ? oldest : slots()[(index == 0 ? capacity_ : index) - 1].load(std::memory_order_acquire);
            if (lap_of(newest) != tag_of(index == 0 ? lap - 1 : lap)) {
                if (index == 0) --lap;
                index = 0;
            } else if (this->base() == base) {
                return view(*this, base, index, lap, static_cast<std::uint32_t>(end >> 2 * index_bits), oldest, newest);
            }
        }
    }

    /// What the first two windows of a budget hold, for the next one to guess from.
    static constexpr std::uint32_t note(std::size_t window, std::uint32_t used) noexcept {
        if (window >= noted_windows) return 0;
        return (used < coarse ? used : coarse + (used >> coarseness)) << (window * note_bits);
    }

    /// Admits one unit, at this stamp, if nobody was since the look. Does nothing where `enter` has to make room.
    enum class admission : std::uint8_t { done, overtaken, no_room };
    admission admit_one(view const& seen, ticks stamp, std::uint32_t notes = 0) noexcept {
        auto const offset = static_cast<std::uint64_t>(stamp) - seen.base_;
        if (!representable(offset)) return admission::no_room;
        if (capacity_ < depth_.load(std::memory_order_relaxed) && seen.within(horizon(), seen.oldest_, stamp)) {
            return admission::no_room;
        }
        auto expected = seen.oldest_;
        if (!slots()[seen.index_].compare_exchange_strong(expected, tagged(seen.lap_, offset),
                                                          std::memory_order_acq_rel, std::memory_order_relaxed)) {
            return admission::overtaken;
        }
        set_end(seen.index_, seen.lap_, 1, notes);
        return admission::done;
    }

    /// What one thread alone may do, from `enter` to `leave`. No two threads may enter at the same time.
    class held : public view {
    public:
        held() noexcept = default;

        /// From now on, what is within reach of this quota is not dropped.
        void look_back(quota const& in) noexcept {
            auto& ring = *this->ring();
            if (in.limit() > ring.depth_) ring.depth_ = in.limit();
            auto const window = static_cast<std::uint32_t>(in.window().count());
            if (window > ring.horizon_) ring.horizon_ = window;
        }

        /// The slots that it takes to admit this, if it lacks some, else 0.
        std::uint32_t lacking(std::uint32_t cost, ticks now) const noexcept {
            auto const capacity = ring_->capacity_;
            auto const depth = ring_->depth_.load(std::memory_order_relaxed);
            if (capacity >= depth) return 0;
            auto const kept = count_within(ring_->horizon(), capacity, now, 1);
            auto const needed = std::min(std::min(cost, depth) + kept, depth);
            return needed <= capacity ? 0 : std::min(std::max(needed, capacity * 2), depth);
        }

        /// Counts an admission, for which there is room.
        void admit(std::uint32_t cost, ticks now) noexcept {
            if (cost == 0) return;
            auto& ring = *this->ring();
            last_ = stamp(now);
            auto const capacity = ring.capacity_;
            auto const first = std::uint64_t{cost} > capacity ? cost - capacity : 0;
            if (!representable(static_cast<std::uint64_t>(last_) - base_)) rebase();
            auto const offset = static_cast<std::uint64_t>(last_) - base_;
            // The sealed slot is written last, by `leave`: nobody passes it before.
            auto const position = this->position();
            for (auto each = first; each < cost; ++each) {
                auto const at = position + each;
                auto const value = tagged(static_cast<std::uint32_t>(at / capacity), offset);
                auto const index = static_cast<std::uint32_t>(at % capacity);
                if (index == index_) {
                    oldest_ = value;
                } else {
                    ring.slots()[index].store(value, std::memory_order_release);
                }
            }
            admitted_ += cost;
        }

        /// Takes back units of this stamp, at most so many; how many there were. Those before them move up, so that the
        /// log is as if they had never been admitted, but for the place of the next. Linear in the units since then.
        std::uint32_t give_back(ticks stamp, std::uint32_t cost) noexcept {
            std::uint32_t gone = 0;
            for (std::uint32_t back = 1; back <= ring_->capacity_; ++back) {
                auto const unit = this->unit(back);
                if (!counts(unit)) break;
                if (gone < cost && stamp_of(unit) == stamp) {
                    ++gone;
                } else if (gone > 0) {
                    put(back - gone, offset_of(unit));
                } else if (stamp_of(unit) < stamp) {
                    return 0;
                }
            }
            // Nothing in their places counts, and the one that is written next tells who looked before that it is over.
            auto const none = (offset_of(oldest_) + 1) % least_offset;
            auto left = gone;
            for (auto back = ring_->capacity_; left > 0; --back) {
                if (!counts(unit(back))) continue;
                put(back, none);
                --left;
            }
            if (gone > 0) put(ring_->capacity_, none);
            return gone;
        }

        /// From when on nothing counts in any window that was asked for; the end of time if that is past it, and its
        /// beginning if there never was an admission.
        ticks idle_from() const noexcept { return ring_->idle_from(admitted_ > 0, *this); }

    private:
        friend class stamp_ring;

        explicit held(view const& seen) noexcept : view(seen) {}

        stamp_ring* ring() noexcept { return const_cast<stamp_ring*>(ring_); }

        /// Writes a unit, and keeps the lap in which its place was written.
        void put(std::uint32_t back, std::uint64_t offset) noexcept {
            auto const value = tagged(lap_of(unit(back)), offset);
            if (back == ring_->capacity_) {
                oldest_ = value;
                return;
            }
            auto const at = index_ >= back ? index_ - back : index_ + ring_->capacity_ - back;
            ring()->slots()[at].store(value, std::memory_order_release);
        }

        /// Counts stamps from a base that suits the last one. What then can't be told is older than any window.
        void rebase() noexcept {
            auto& ring = *this->ring();
            auto const before = base_;
            ring.base_.store(base_for(last_), std::memory_order_release);
            base_ = ring.base();
            auto const moved = [&](std::uint64_t unit) {
                if (!counts(unit)) return unit;
                auto const offset = before + offset_of(unit) - base_;
                return tagged(lap_of(unit), representable(offset) ? offset : 0);
            };
            for (std::uint32_t i = 0; i < ring.capacity_; ++i) {
                if (i == index_) continue;
                ring.slots()[i].store(moved(ring.slots()[i].load(std::memory_order_relaxed)),
                                      std::memory_order_release);
            }
            oldest_ = moved(oldest_);
        }

        std::uint64_t admitted_ = 0;  ///< since it was entered
    };

    /// Keeps all others out, once it has come in between two admissions. None if it is closed.
    static held enter(stamp_ring& ring) noexcept {
        for (;;) {
            auto const seen = ring.look();
            auto expected = seen->oldest_;
            if (ring.slots()[seen->index_].compare_exchange_weak(expected, sealed, std::memory_order_acq_rel,
                                                                 std::memory_order_relaxed)) {
                return held(*seen);
            }
        }
    }

    /// Lets others in again.
    static void leave(held& entered) noexcept {
        auto& ring = *entered.ring();
        ring.slots()[entered.index_].store(entered.oldest_, std::memory_order_release);
        if (entered.admitted_ > 0) ring.set_end(entered.index_, entered.lap_, entered.admitted_, 0);
    }

    /// Begins anew, in a ring that is sealed: nothing is counted, and stamps start at a moment. The generation is one
    /// that this memory never had: who has looked before it can't admit after.
    static held start(stamp_ring& ring, ticks from, std::uint32_t generation) noexcept {
        ring.depth_.store(0, std::memory_order_relaxed);
        ring.horizon_.store(0, std::memory_order_relaxed);
        ring.base_.store(base_for(from), std::memory_order_relaxed);
        // First the seal: the slot that was sealed until now is written like the others.
        ring.slots()[0].store(sealed, std::memory_order_release);
        ring.end_.store(0, std::memory_order_release);
        auto const empty = tagged(-1U, generation);
        for (std::uint32_t i = 1; i < ring.capacity_; ++i) ring.slots()[i].store(empty, std::memory_order_release);
        held made(view(ring, ring.base(), 0, 0, 0, empty, empty));
        made.last_ = from;
        return made;
    }

    /// Takes over, in a ring that was just started and has more slots, all that another one holds. That stays sealed.
    static held take_over(held fresh, held const& from) noexcept {
        auto& ring = *fresh.ring();
        ring.depth_.store(from.ring_->depth_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        ring.horizon_.store(from.ring_->horizon_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        ring.base_.store(from.ring_->base_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        auto const empty = fresh.oldest_;
        auto const position = from.position();
        auto const capacity = ring.capacity_;
        // First the seal, as in `start`.
        ring.slots()[position % capacity].store(sealed, std::memory_order_release);
        for (std::uint64_t back = 1; back <= capacity; ++back) {
            bool const is_held = back <= from.ring_->capacity_ && back <= position;
            auto const unit = is_held ? from.unit(static_cast<std::uint32_t>(back)) : empty;
            // Counts from the end of the first lap where there is none before.
            auto const at = position + capacity - back;
            auto const value =
                tagged(static_cast<std::uint32_t>(at / capacity) - 1, offset_of(counts(unit) ? unit : empty));
            auto const index = static_cast<std::uint32_t>(at % capacity);
            if (back == capacity) {
                fresh.oldest_ = value;
            } else {
                ring.slots()[index].store(value, std::memory_order_release);
            }
        }
        fresh.index_ = static_cast<std::uint32_t>(position % capacity);
        fresh.lap_ = static_cast<std::uint32_t>(position / capacity);
        fresh.base_ = from.base_;
        fresh.last_ = from.last_;
        ring.set_end(fresh.index_, fresh.lap_, 0, 0);
        return fresh;
    }

    /// Seals it for good if it is idle at `now`: who comes late finds it closed. From when on it is idle.
    struct closing {
        bool closed;
        ticks idle_from;
    };
    closing close(ticks now) noexcept {
        for (;;) {
            auto const seen = look();
            if (!seen) return {false, never_ticks};
            auto const idle = idle_from(false, *seen);
            if (seen->overtaken()) continue;
            if (idle > now || idle == never_ticks) return {false, idle};
            auto expected = seen->oldest_;
            if (slots()[seen->index_].compare_exchange_weak(expected, sealed, std::memory_order_acq_rel,
                                                            std::memory_order_relaxed)) {
                return {true, idle};
            }
        }
    }

private:
    static constexpr ticks never_ticks = std::numeric_limits<ticks>::max();
    static constexpr ticks earliest_ticks = std::numeric_limits<ticks>::min();

    // A slot: the lap modulo 256, then a stamp as its distance from the base. Below 2^32 it is none, and tells the
    // generation of a slot that was not written yet.
    static constexpr unsigned offset_bits = 56;
    static constexpr std::uint64_t offset_mask = (std::uint64_t{1} << offset_bits) - 1;
    static constexpr std::uint64_t least_offset = std::uint64_t{1} << 32;
    static constexpr std::uint64_t sealed = ~std::uint64_t{0};
    static_assert(std::chrono::nanoseconds(quota::max_window).count() < std::int64_t{1} << (offset_bits - 2));

    // The end: index, lap, and what windows held: below 2,048 as it is, above in parts of 512.
    static constexpr unsigned index_bits = 20;
    static constexpr std::uint32_t index_mask = (1U << index_bits) - 1;
    static constexpr std::size_t noted_windows = 2;
    static constexpr unsigned note_bits = 12;
    static constexpr std::uint32_t note_mask = (1U << note_bits) - 1;
    static constexpr std::uint32_t coarse = 1U << (note_bits - 1);
    static constexpr unsigned coarseness = 9;
    static_assert(quota::max_limit <= index_mask && quota::max_limit >> coarseness < coarse);

    static constexpr std::uint32_t tag_of(std::uint32_t lap) noexcept { return lap & 0xff; }
    static constexpr std::uint32_t lap_of(std::uint64_t slot) noexcept {
        return static_cast<std::uint32_t>(slot >> offset_bits);
    }
    static constexpr std::uint64_t offset_of(std::uint64_t slot) noexcept { return slot & offset_mask; }
    static constexpr std::uint64_t tagged(std::uint32_t lap, std::uint64_t offset) noexcept {
        return std::uint64_t{tag_of(lap)} << offset_bits | offset;
    }
    static constexpr bool representable(std::uint64_t offset) noexcept {
        return offset >= least_offset && offset < offset_mask;
    }
    static constexpr bool counts(std::uint64_t slot) noexcept { return offset_of(slot) >= least_offset; }

    static constexpr ticks window_of(quota const& in) noexcept { return std::chrono::nanoseconds(in.window()).count(); }

    /// The length of time between two moments in their order, which may be too long for one with a sign.
    static constexpr std::uint64_t between(ticks from, ticks to) noexcept {
        return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
    }

    /// The upper half of a base from which a moment lies in the middle of what can be told: a year to either side.
    static constexpr std::uint32_t base_for(ticks moment) noexcept {
        return static_cast<std::uint32_t>((static_cast<std::uint64_t>(moment) - (offset_mask >> 1)) >> 32);
    }
    std::uint64_t base() const noexcept { return std::uint64_t{base_.load(std::memory_order_acquire)} << 32; }
    ticks horizon() const noexcept {
        return std::chrono::nanoseconds(std::chrono::milliseconds(horizon_.load(std::memory_order_relaxed))).count();
    }

    ticks idle_from(bool admitted, view const& seen) const noexcept {
        if (!admitted && seen.position() == 0) return earliest_ticks;
        auto const counts_for = horizon();
        return seen.last_ > never_ticks - counts_for ? never_ticks : seen.last_ + counts_for;
    }

    void step(std::uint32_t& index, std::uint32_t& lap) const noexcept {
        if (++index != capacity_) return;
        index = 0;
        ++lap;
    }

    void set_end(std::uint32_t index, std::uint32_t lap, std::uint64_t further, std::uint32_t notes) noexcept {
        if (further == 1) {
            step(index, lap);
        } else {
            auto const end = std::uint64_t{lap} * capacity_ + index + further;
            index = static_cast<std::uint32_t>(end % capacity_);
            lap = static_cast<std::uint32_t>(end / capacity_);
        }
        end_.store(std::uint64_t{notes} << 2 * index_bits | std::uint64_t{lap & index_mask} << index_bits | index,
                   std::memory_order_release);
    }

    slot* slots() noexcept { return reinterpret_cast<slot*>(this + 1); }
    slot const* slots() const noexcept { return reinterpret_cast<slot const*>(this + 1); }

    std::atomic<std::uint64_t> end_{0};  ///< lap and index of the slot to be written next, or of one before
    std::uint32_t const capacity_;
    std::atomic<std::uint32_t> base_{0};     ///< the upper half of the moment from which stamps are counted
    std::atomic<std::uint32_t> depth_{0};    ///< the highest limit that was asked for
    std::atomic<std::uint32_t> horizon_{0};  ///< the longest window that was asked for, in milliseconds
};

static_assert(sizeof(stamp_ring) == 24);

}  // namespace sallyport
