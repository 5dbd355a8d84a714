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
template <class Scale>
class stamp_ring : public stamp_log<Scale> {
    using log = stamp_log<Scale>;

public:
    using log::log;
    using typename log::ticks;
    using typename log::value;
    using typename log::view;

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

        /// Whether there never was an admission: nobody has looked at it yet.
        bool is_new() const noexcept { return !this->unit(1).counts() && !oldest_.is_floor(); }
        std::uint32_t capacity() const noexcept { return capacity_; }

        /// Tells stamps so that it suits a window. In a ring at which nobody has looked: it is new, or was just taken over.
        void suit(quota const& in, ticks now) noexcept {
            if (is_new()) last_ = this->stamp(now);
            rescale(Scale::word_for(last_, std::chrono::nanoseconds(in.window()).count()));
            last_ = scale_.told(last_);
        }

        /// The slots that it takes to admit this, if it lacks some, else 0.
        std::uint32_t lacking(std::uint32_t cost, ticks now) const noexcept {
            auto const depth = ring_->depth_.load(std::memory_order_relaxed);
            if (capacity_ >= depth) return 0;
            auto const kept = this->within(this->span_of(ring_->horizon(), now).first, capacity_, 1).units;
            auto const needed = std::min(std::min(cost, depth) + kept, depth);
            return needed <= capacity_ ? 0 : std::min(std::max(needed, capacity_ * 2), depth);
        }

        /// Counts an admission, for which there is room.
        void admit(std::uint32_t cost, ticks now) noexcept {
            if (cost == 0) return;
            bool const told = this->is_told(this->stamp(now));
            last_ = this->stamp(now);
            if (!told) rescale(scale_.word_at(last_));
            auto const distance = scale_.distance(last_);
            last_ = scale_.told(last_);
            // The sealed slot is written last, by `leave`: nobody passes it before.
            for (auto each = cost > capacity_ ? cost - capacity_ : 0; each < cost; ++each) {
                auto const at = this->after(each);
                value const unit(at.lap, distance);
                if (at.index == index_) {
                    oldest_ = unit;
                } else {
                    ring_->slots()[at.index].store(unit, std::memory_order_release);
                }
            }
            admitted_ += cost;
        }

        /// Takes back units of this stamp, at most so many; how many there were. Those before them move up, so that the
        /// log is as if they had never been admitted, but for the place of the next, and that its stamp is not before
        /// theirs (and after them, once so many were given back at one stamp that slots' values would come again): they have
        /// overwritten what was too old by then. Linear in the units held.
        std::uint32_t give_back(ticks stamp, std::uint32_t cost) noexcept {
            auto const told = scale_.told(stamp);
            std::uint32_t gone = 0;
            for (std::uint32_t back = 1; back <= capacity_; ++back) {
                auto const unit = this->unit(back);
                if (!unit.counts()) break;
                if (gone < cost && this->stamp_of(unit) == told) {
                    ++gone;
                } else if (gone > 0) {
                    put(back - gone, unit.distance());
                } else if (this->stamp_of(unit) < told) {
                    return 0;
                }
            }
            if (gone == 0) return 0;
            // Nothing in their places counts. Who looked before finds the slot that is written next changed; or, where it
            // was a floor already, has counted more than there is.
            auto const none = oldest_.other_none();
            auto left = gone;
            for (auto back = capacity_; left > 0; --back) {
                if (!this->unit(back).counts()) continue;
                put(back, none);
                --left;
            }
            if (may_have_gone_round()) last_ = std::max(last_, next_stamp());
            oldest_ = value::floor(oldest_.lap(), scale_.distance(last_));
            return gone;
        }

        /// From when on nothing counts in any window that was asked for; the end of time if that is past it, and its
        /// beginning if there never was an admission.
        ticks idle_from() const noexcept { return ring_->idle_from(*this, admitted_ > 0 || this->unit(1).counts()); }

    private:
        friend class stamp_ring;
        using view::capacity_, view::end_, view::index_, view::lap_, view::last_, view::oldest_, view::scale_;

        held(stamp_ring& ring, view const& seen) noexcept : view(seen), ring_(&ring) {}

        /// Whether a slot's value may soon come again, were all units since of one stamp. Between two of one stamp that
        /// are given back the ring goes round once at most, so that of two laps in a row one is seen here.
        bool may_have_gone_round() const noexcept {
            constexpr auto half = value::laps / 2;
            return lap_ % half >= half - 2;
        }
        ticks next_stamp() const noexcept {
            auto const step = scale_.counts_for(1);
            return last_ <= view::never_ticks - step && this->is_told(last_ + step) ? last_ + step : last_;
        }

        /// Writes a unit, and keeps the lap in which its place was written.
        void put(std::uint32_t back, std::uint64_t distance) noexcept {
            value const unit(this->unit(back).lap(), distance);
            if (back == capacity_) {
                oldest_ = unit;
            } else {
                ring_->slots()[this->place_of(back)].store(unit, std::memory_order_release);
            }
        }

        /// Tells stamps by another scale. What it can't tell is older than any window that it suits. If somebody may have
        /// looked, an admission has to follow: it tells them that it is over.
        void rescale(std::uint32_t word) noexcept {
            auto& ring = *ring_;
            auto const before = scale_;
            ring.scale_.store(word, std::memory_order_release);
            scale_ = Scale(word);
            auto const moved = [&](value unit) {
                if (!unit.counts() && !unit.is_floor()) return unit;
                auto const distance = scale_.distance(before.moment(unit.distance()));
                bool const told = value::representable(distance) && distance <= scale_.distance(last_);
                if (!told) return value(unit.lap(), 0);
                return unit.is_floor() ? value::floor(unit.lap(), distance) : value(unit.lap(), distance);
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

    /// Keeps all others out, once it has come in between two admissions. It is not closed.
    static held enter(stamp_ring& ring) noexcept {
        for (;;) {
            auto const seen = ring.look();
            auto expected = seen->oldest_;
            if (ring.slots()[seen->index_].compare_exchange_weak(expected, value::sealed(), std::memory_order_acq_rel,
                                                                 std::memory_order_relaxed)) {
                return held(ring, *seen);
            }
        }
    }

    /// Lets others in again.
    static void leave(held& entered) noexcept {
        auto& ring = *entered.ring_;
        ring.slots()[entered.index_].store(entered.oldest_, std::memory_order_release);
        if (entered.admitted_ > 0) ring.say_end(entered, entered.admitted_);
    }

    /// Begins anew, in a ring that is sealed: nothing is counted, and stamps start at a moment. The generation is one
    /// that this memory never had: who has looked before it can't admit after.
    static held start(stamp_ring& ring, ticks from, std::uint32_t generation) noexcept {
        ring.depth_.store(0, std::memory_order_relaxed);
        ring.horizon_.store(0, std::memory_order_relaxed);
        auto const scale = Scale::word_for(from, 0);
        ring.scale_.store(scale, std::memory_order_relaxed);
        // First the seal: the slot that was sealed until now is written like the others.
        ring.slots()[0].store(value::sealed(), std::memory_order_release);
        ring.end_.store(0, std::memory_order_release);
        auto const empty = value::empty(generation);
        for (std::uint32_t i = 1; i < ring.capacity_; ++i) ring.slots()[i].store(empty, std::memory_order_release);
        held made(ring, view(ring.slots(), ring.capacity_, Scale(scale), 0, 0, 0, empty, empty));
        made.last_ = from;
        return made;
    }

    /// Takes over, in a ring that was just started and has more slots, all that another one holds. That stays sealed.
    static held take_over(held fresh, held const& from) noexcept {
        auto& ring = *fresh.ring_;
        ring.depth_.store(from.ring_->depth_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        ring.horizon_.store(from.ring_->horizon_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        ring.scale_.store(from.ring_->scale_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        auto const empty = fresh.oldest_;
        auto const position = from.position();
        auto const capacity = ring.capacity_;
        // First the seal, as in `start`.
        ring.slots()[position % capacity].store(value::sealed(), std::memory_order_release);
        for (std::uint64_t back = 1; back <= capacity; ++back) {
            auto const unit = back <= from.capacity_ ? from.unit(static_cast<std::uint32_t>(back)) : empty;
            // Counts from the end of the first lap where there is none before.
            auto const at = position + capacity - back;
            value const kept(static_cast<std::uint32_t>(at / capacity) - 1, (unit.counts() ? unit : empty).distance());
            auto const index = static_cast<std::uint32_t>(at % capacity);
            if (back == capacity) {
                bool const has_floor = from.oldest_.is_floor();
                fresh.oldest_ = has_floor ? value::floor(kept.lap(), from.oldest_.distance()) : kept;
            } else {
                ring.slots()[index].store(kept, std::memory_order_release);
            }
        }
        fresh.index_ = static_cast<std::uint32_t>(position % capacity);
        fresh.lap_ = static_cast<std::uint32_t>(position / capacity);
        fresh.notes = from.notes;
        fresh.scale_ = from.scale_;
        fresh.last_ = from.last_;
        fresh.end_ = fresh.end_after(0);
        ring.end_.store(fresh.end_, std::memory_order_release);
        return fresh;
    }
};

static_assert(sizeof(stamp_ring<exact_scale>) == 24);

}  // namespace sallyport
