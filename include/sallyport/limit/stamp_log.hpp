// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/stamp_slot.hpp>
#include <sallyport/limit/stamp_view.hpp>
#include <sallyport/model/prefetch_lines.hpp>
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

/// The last admissions of one key, one slot a unit of cost, in the order in which they were made: a log of which the
/// newest are held, and whose entries change only where one is given back or all are told anew. A slot has the lap in
/// which it was written, and a stamp that is never before that of the slot before. So one look, at the stamp as many
/// units ago as the limit leaves room for, tells whether a call fits; and one compare-and-swap of the slot to be written
/// next admits it, if nobody was admitted since: that slot's value never comes again. Who is refused writes nothing.
///
/// This much of a `stamp_ring` any number of threads may do at once, and no thread waits for another. The slots lie in
/// memory right behind it.
template <class Scale>
class stamp_log {
public:
    using view = stamp_view<Scale>;
    using ticks = typename view::ticks;
    using value = typename view::value;
    using slot = typename view::slot;

    static constexpr std::size_t bytes_behind(std::uint32_t capacity) noexcept { return capacity * sizeof(slot); }

    /// Of so many slots, at least one, for which there is memory behind. Sealed: it has to be started.
    explicit stamp_log(std::uint32_t capacity) noexcept : capacity_(capacity) {
        for (std::uint32_t i = 0; i < capacity; ++i) new (slots() + i) slot(value::sealed());
    }
    stamp_log(stamp_log const&) = delete;
    stamp_log& operator=(stamp_log const&) = delete;

    std::uint32_t capacity() const noexcept { return capacity_; }

    /// Whether every unit that this quota counts is held.
    bool reaches(quota const& in) const noexcept {
        return in.limit() <= depth_.load(std::memory_order_relaxed) &&
               in.window().count() <= horizon_.load(std::memory_order_relaxed);
    }

    /// Asks for the memory that a look reads.
    void prefetch() const noexcept {
        auto const* const next = slots() + view::index_in(end_.load(std::memory_order_relaxed));
        prefetch_lines(next);
        prefetch_lines(next - 1);
    }

    /// The log as it is now; none while somebody has entered, or if it was closed. Walks past what was admitted since
    /// somebody last said where the end is: a step for each thread that is about to. What was said may be of the key that
    /// had this memory before, and be ahead: the slot before the end shows it, which has to be of the same lap, and the
    /// walk begins anew at the first one. Or it was long ago by now: laps are told modulo 128, and so it is heard again.
    std::optional<view> look() const noexcept {
        auto end = end_.load(std::memory_order_acquire);
        auto index = view::index_in(end);
        auto lap = view::lap_in(end);
        for (;;) {
            auto const word = scale_.load(std::memory_order_acquire);
            auto const oldest = slots()[index].load(std::memory_order_acquire);
            if (oldest == value::sealed()) return std::nullopt;
            auto const ahead = value::tag_of(oldest.lap() - (lap - 1));
            if (ahead > 0) [[unlikely]] {
                lap += ahead - 1;
                step(index, lap);
                continue;
            }
            auto newest = oldest;
            if (capacity_ > 1) {
                newest = slots()[(index == 0 ? capacity_ : index) - 1].load(std::memory_order_acquire);
                if (!newest.was_written_in(index == 0 ? lap - 1 : lap)) [[unlikely]] {
                    if (index == 0) --lap;
                    index = 0;
                    continue;
                }
            }
            auto const heard = end_.load(std::memory_order_relaxed);
            if (heard != end && !view::are_near(view::lap_in(heard), lap)) [[unlikely]] {
                end = heard;
                index = view::index_in(end);
                lap = view::lap_in(end);
            } else if (scale_.load(std::memory_order_acquire) == word) [[likely]] {
                return view(slots(), capacity_, Scale(word), end, index, lap, oldest, newest);
            }
        }
    }

    /// Admits one unit, at this stamp, if nobody was since the look. Does nothing where `enter` has to make room.
    enum class admission : std::uint8_t { done, overtaken, no_room };
    admission admit_one(view const& seen, ticks stamp) noexcept {
        if (!seen.is_told(stamp)) return admission::no_room;
        if (capacity_ < depth_.load(std::memory_order_relaxed) &&
            seen.is_within(seen.span_of(horizon(), stamp).first, seen.oldest_unit())) {
            return admission::no_room;
        }
        auto expected = seen.oldest_;
        if (!slots()[seen.index_].compare_exchange_strong(expected, value(seen.lap_, seen.scale_.distance(stamp)),
                                                          std::memory_order_acq_rel, std::memory_order_relaxed)) {
            return admission::overtaken;
        }
        say_end(seen, 1);
        return admission::done;
    }

    /// Seals it for good if it is idle at `now`: who comes late finds it closed. From when on it is idle.
    struct closing {
        bool closed;
        ticks idle_from;
    };
    closing close(ticks now) noexcept {
        for (;;) {
            auto const seen = look();
            if (!seen) return {false, view::never_ticks};
            auto const idle = idle_from(*seen, seen->unit(1).counts());
            if (seen->overtaken()) continue;
            if (idle > now || idle == view::never_ticks) return {false, idle};
            auto expected = seen->oldest_;
            if (slots()[seen->index_].compare_exchange_weak(expected, value::sealed(), std::memory_order_acq_rel,
                                                            std::memory_order_relaxed)) {
                return {true, idle};
            }
        }
    }

protected:
    ticks horizon() const noexcept {
        return std::chrono::nanoseconds(std::chrono::milliseconds(horizon_.load(std::memory_order_relaxed))).count();
    }

    /// Where all was given back, from past its stamps: no later key's will be the same.
    ticks idle_from(view const& of, bool used) const noexcept {
        if (!used && !of.oldest_.is_floor()) return view::earliest_ticks;
        auto const counts_for = of.scale_.counts_for(used ? horizon() : 1);
        return of.last_ > view::never_ticks - counts_for ? view::never_ticks : of.last_ + counts_for;
    }

    void step(std::uint32_t& index, std::uint32_t& lap) const noexcept {
        if (++index != capacity_) return;
        index = 0;
        ++lap;
    }

    /// Says where the end is since so much was admitted after a view, unless somebody has said it since that.
    void say_end(view const& seen, std::uint64_t admitted) noexcept {
        auto said = seen.end_;
        end_.compare_exchange_strong(said, seen.end_after(admitted), std::memory_order_release,
                                     std::memory_order_relaxed);
    }

    slot* slots() noexcept { return reinterpret_cast<slot*>(this + 1); }
    slot const* slots() const noexcept { return reinterpret_cast<slot const*>(this + 1); }

    std::atomic<std::uint64_t> end_{0};  ///< lap and index of the slot to be written next, or of one before
    std::uint32_t const capacity_;
    std::atomic<std::uint32_t> scale_{0};    ///< by which stamps are told
    std::atomic<std::uint32_t> depth_{0};    ///< the highest limit that was asked for
    std::atomic<std::uint32_t> horizon_{0};  ///< the longest window that was asked for, in milliseconds
};

}  // namespace sallyport
