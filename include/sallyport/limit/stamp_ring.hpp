// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/stamp_log.hpp>
#include <sallyport/limit/stamp_slot.hpp>
#include <sallyport/limit/stamp_view.hpp>
#include <sallyport/model/quota.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sallyport {

/// The last admissions of one key, in a log (see `stamp_log`) of which it holds every unit that a quota it was told of may
/// count: within the longest window, as many as the highest limit. What the log's own functions can't do is done by one
/// thread that has `enter`ed: the slot to be written next is sealed meanwhile, and nobody is admitted.
class stamp_ring : public stamp_log {
public:
    using stamp_log::stamp_log;

    /// What one thread alone may do, from `enter` to `leave`. No two threads may enter at the same time.
    class held : public view {
    public:
        held() noexcept = default;

        /// From now on, what is within reach of this quota is not dropped.
        void look_back(quota const& in) noexcept {
            auto& ring = *ring_;
            if (in.limit() > ring.depth_) ring.depth_ = in.limit();
            auto const window = static_cast<std::uint32_t>(in.window().count());
            if (window > ring.horizon_) ring.horizon_ = window;
        }

        /// The slots that it takes to admit this, if it lacks some, else 0.
        std::uint32_t lacking(std::uint32_t cost, ticks now) const noexcept {
            auto const depth = ring_->depth_.load(std::memory_order_relaxed);
            if (capacity_ >= depth) return 0;
            auto const kept = count_within(ring_->horizon(), capacity_, now, 1);
            auto const needed = std::min(std::min(cost, depth) + kept, depth);
            return needed <= capacity_ ? 0 : std::min(std::max(needed, capacity_ * 2), depth);
        }

        /// Counts an admission, for which there is room.
        void admit(std::uint32_t cost, ticks now) noexcept {
            if (cost == 0) return;
            last_ = stamp(now);
            auto const first = cost > capacity_ ? cost - capacity_ : 0;
            if (!stamp_slot::representable(static_cast<std::uint64_t>(last_) - base_)) rebase();
            auto const offset = static_cast<std::uint64_t>(last_) - base_;
            // The sealed slot is written last, by `leave`: nobody passes it before.
            auto const position = this->position();
            for (auto each = first; each < cost; ++each) {
                auto const at = position + each;
                stamp_slot const value(static_cast<std::uint32_t>(at / capacity_), offset);
                auto const index = static_cast<std::uint32_t>(at % capacity_);
                if (index == index_) {
                    oldest_ = value;
                } else {
                    ring_->slots()[index].store(value, std::memory_order_release);
                }
            }
            admitted_ += cost;
        }

        /// Takes back units of this stamp, at most so many; how many there were. Those before them move up, so that the
        /// log is as if they had never been admitted, but for the place of the next. Linear in the units since then.
        std::uint32_t give_back(ticks stamp, std::uint32_t cost) noexcept {
            std::uint32_t gone = 0;
            for (std::uint32_t back = 1; back <= capacity_; ++back) {
                auto const unit = this->unit(back);
                if (!unit.counts()) break;
                if (gone < cost && stamp_of(unit) == stamp) {
                    ++gone;
                } else if (gone > 0) {
                    put(back - gone, unit.offset());
                } else if (stamp_of(unit) < stamp) {
                    return 0;
                }
            }
            // Nothing in their places counts, and the one that is written next tells who looked before that it is over.
            auto const none = oldest_.other_none();
            auto left = gone;
            for (auto back = capacity_; left > 0; --back) {
                if (!unit(back).counts()) continue;
                put(back, none);
                --left;
            }
            if (gone > 0) put(capacity_, none);
            return gone;
        }

        /// From when on nothing counts in any window that was asked for; the end of time if that is past it, and its
        /// beginning if there never was an admission.
        ticks idle_from() const noexcept { return ring_->idle_from(admitted_ > 0 || unit(1).counts(), last_); }

    private:
        friend class stamp_ring;

        held(stamp_ring& ring, view const& seen) noexcept : view(seen), ring_(&ring) {}

        /// Writes a unit, and keeps the lap in which its place was written.
        void put(std::uint32_t back, std::uint64_t offset) noexcept {
            stamp_slot const value(unit(back).lap(), offset);
            if (back == capacity_) {
                oldest_ = value;
            } else {
                ring_->slots()[place_of(back)].store(value, std::memory_order_release);
            }
        }

        /// Counts stamps from a base that suits the last one. What then can't be told is older than any window.
        void rebase() noexcept {
            auto& ring = *ring_;
            auto const before = base_;
            ring.base_.store(stamp_slot::base_for(last_), std::memory_order_release);
            base_ = ring.base();
            auto const moved = [&](stamp_slot unit) {
                if (!unit.counts()) return unit;
                auto const offset = before + unit.offset() - base_;
                return stamp_slot(unit.lap(), stamp_slot::representable(offset) ? offset : 0);
            };
            for (std::uint32_t i = 0; i < capacity_; ++i) {
                if (i == index_) continue;
                ring.slots()[i].store(moved(ring.slots()[i].load(std::memory_order_relaxed)),
                                      std::memory_order_release);
            }
            oldest_ = moved(oldest_);
        }

        stamp_ring* ring_ = nullptr;
        std::uint64_t admitted_ = 0;  ///< since it was entered
    };

    /// Keeps all others out, once it has come in between two admissions. None if it is closed.
    static held enter(stamp_ring& ring) noexcept {
        for (;;) {
            auto const seen = ring.look();
            auto expected = seen->oldest_;
            if (ring.slots()[seen->index_].compare_exchange_weak(
                    expected, stamp_slot::sealed(), std::memory_order_acq_rel, std::memory_order_relaxed)) {
                return held(ring, *seen);
            }
        }
    }

    /// Lets others in again.
    static void leave(held& entered) noexcept {
        auto& ring = *entered.ring_;
        ring.slots()[entered.index_].store(entered.oldest_, std::memory_order_release);
        if (entered.admitted_ > 0) ring.say_end(entered, entered.admitted_, {});
    }

    /// Begins anew, in a ring that is sealed: nothing is counted, and stamps start at a moment. The generation is one
    /// that this memory never had: who has looked before it can't admit after.
    static held start(stamp_ring& ring, ticks from, std::uint32_t generation) noexcept {
        ring.depth_.store(0, std::memory_order_relaxed);
        ring.horizon_.store(0, std::memory_order_relaxed);
        ring.base_.store(stamp_slot::base_for(from), std::memory_order_relaxed);
        // First the seal: the slot that was sealed until now is written like the others.
        ring.slots()[0].store(stamp_slot::sealed(), std::memory_order_release);
        ring.end_.store(0, std::memory_order_release);
        stamp_slot const empty(-1U, generation);
        for (std::uint32_t i = 1; i < ring.capacity_; ++i) ring.slots()[i].store(empty, std::memory_order_release);
        held made(ring, view(ring.slots(), ring.capacity_, ring.base(), 0, 0, 0, empty, empty));
        made.last_ = from;
        return made;
    }

    /// Takes over, in a ring that was just started and has more slots, all that another one holds. That stays sealed.
    static held take_over(held fresh, held const& from) noexcept {
        auto& ring = *fresh.ring_;
        ring.depth_.store(from.ring_->depth_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        ring.horizon_.store(from.ring_->horizon_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        ring.base_.store(from.ring_->base_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        auto const empty = fresh.oldest_;
        auto const position = from.position();
        auto const capacity = ring.capacity_;
        // First the seal, as in `start`.
        ring.slots()[position % capacity].store(stamp_slot::sealed(), std::memory_order_release);
        for (std::uint64_t back = 1; back <= capacity; ++back) {
            bool const is_held = back <= from.capacity_ && back <= position;
            auto const unit = is_held ? from.unit(static_cast<std::uint32_t>(back)) : empty;
            // Counts from the end of the first lap where there is none before.
            auto const at = position + capacity - back;
            stamp_slot const value(static_cast<std::uint32_t>(at / capacity) - 1,
                                   (unit.counts() ? unit : empty).offset());
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
        fresh.end_ = fresh.end_after(0, {});
        ring.end_.store(fresh.end_, std::memory_order_release);
        return fresh;
    }
};

static_assert(sizeof(stamp_ring) == 24);

}  // namespace sallyport
