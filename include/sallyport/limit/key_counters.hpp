// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/window_counter.hpp>
#include <sallyport/model/quota.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>

namespace sallyport {

/// The counters of one key: one for each length of window that is asked for. A single one lies in the three words of
/// the state. It may be read, and what falls into its newest sub-window be admitted by one compare-and-swap, by any
/// number of threads, and no thread waits for another. All else is done by one thread that has `enter`ed: the newest
/// word is sealed meanwhile, and nobody is admitted. Who is refused writes nothing.
///
/// The counters of several windows lie in memory right behind, the one that was asked for last first; only who has
/// entered uses them. An admission is counted in all of them. One that was not asked for as long as it reaches back is
/// dropped, and for a fifth length of window the one that was not asked for longest.
class key_counters {
public:
    using ticks = window_counter::ticks;

    /// Capacities: 1 for one window, the other for as many as a budget may have.
    static constexpr std::uint32_t for_several = quotas::max_windows;

    static constexpr std::size_t bytes_behind(std::uint32_t capacity) noexcept {
        return capacity == 1 ? 0 : capacity * sizeof(window_counter);
    }

    /// Of one of the two capacities, for which there is memory behind. Sealed: it has to be started.
    explicit key_counters(std::uint32_t capacity) noexcept {
        if (capacity == 1) return;
        store_older(several);
        for (std::size_t i = 0; i < capacity; ++i) new (behind() + i) window_counter();
    }
    key_counters(key_counters const&) = delete;
    key_counters& operator=(key_counters const&) = delete;

    std::uint32_t capacity() const noexcept {
        return older_[0].load(std::memory_order_acquire) == several[0] ? for_several : 1;
    }

    /// The single counter as it is now; none if there are several, while somebody has entered, or if it was closed.
    std::optional<window_counter> look() const noexcept {
        for (;;) {
            auto const newest = newest_.load(std::memory_order_acquire);
            if (newest == sealed) return std::nullopt;
            window_counter const seen({newest, older()});
            if (newest_.load(std::memory_order_relaxed) != newest) continue;
            if (seen.packed().older == several) return std::nullopt;
            return seen;
        }
    }

    /// Puts a counter in the place of the one that was seen, from which it differs in its newest count, if that is
    /// still so; false, and nothing changed, if not.
    bool replace(window_counter const& seen, window_counter const& by) noexcept {
        auto expected = seen.packed().newest;
        return newest_.compare_exchange_strong(expected, by.packed().newest, std::memory_order_acq_rel,
                                               std::memory_order_relaxed);
    }

    /// What one thread alone may do, from `enter` to `leave`. No two threads may enter at the same time.
    class held {
    public:
        held() noexcept = default;

        std::uint32_t capacity() const noexcept { return of_->capacity(); }
        std::size_t size() const noexcept { return size_; }

        /// Whether it takes the larger capacity to look for this window too.
        bool lacks_room_for(std::chrono::milliseconds window) const noexcept {
            return capacity() == 1 && size_ == 1 && place_of(window) == size_;
        }

        /// From now on, this window has a counter. A new one takes in what the closest of the others holds.
        void look_for(std::chrono::milliseconds window, ticks now) noexcept {
            auto at = place_of(window);
            if (at == size_) {
                window_counter added(window, from_);
                if (size_ > 0) added.take_in(closest_to(added));
                if (size_ < for_several) ++size_;
                at = size_ - 1;
                counters_[at] = added;
            }
            if (at + 1 == size_) last_asked_ = now;
            std::rotate(counters_.begin(), counters_.begin() + at, counters_.begin() + at + 1);
        }
        window_counter const& of(std::chrono::milliseconds window) const noexcept {
            return counters_[place_of(window)];
        }

        /// Drops the counter that was not asked for longest, if all that it reached back to then is past.
        void drop_unasked(ticks now) noexcept {
            if (size_ > 1 && now > last_asked_ && between(last_asked_, now) >= counters_[size_ - 1].reach()) --size_;
        }

        void admit(std::uint32_t cost, ticks now) noexcept {
            for (std::size_t i = 0; i < size_; ++i) counters_[i].admit(cost, now);
        }

        /// From when on nothing counts in any window that is held; the end of time if that is past it, and its
        /// beginning if there never was an admission.
        ticks idle_from() const noexcept {
            auto from = window_counter::earliest_ticks;
            for (std::size_t i = 0; i < size_; ++i) from = std::max(from, counters_[i].idle_from());
            return from;
        }

    private:
        friend class key_counters;

        static constexpr std::uint64_t between(ticks from, ticks to) noexcept {
            return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
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

        key_counters* of_ = nullptr;
        ticks from_ = window_counter::earliest_ticks;  ///< where the first counter starts
        ticks last_asked_ = 0;                         ///< when the last of the counters was asked for, at the latest
        std::size_t size_ = 0;
        std::array<window_counter, for_several> counters_{};
    };

    /// Keeps all others out, once it has come in between two admissions. None may have closed it.
    static held enter(key_counters& state) noexcept {
        held made;
        made.of_ = &state;
        auto const newest = state.newest_.exchange(sealed, std::memory_order_acq_rel);
        if (state.capacity() == 1) {
            made.counters_[0] = window_counter({newest, state.older()});
            made.size_ = 1;
            return made;
        }
        made.size_ = newest & size_mask;
        made.last_asked_ = static_cast<ticks>(newest & ~size_mask);
        std::copy(state.behind(), state.behind() + made.size_, made.counters_.begin());
        return made;
    }

    /// Lets others in again. There is a counter.
    static void leave(held& entered) noexcept {
        auto& state = *entered.of_;
        if (state.capacity() == 1) {
            auto const& packed = entered.counters_[0].packed();
            state.store_older(packed.older);
            state.newest_.store(packed.newest, std::memory_order_release);
            return;
        }
        std::copy(entered.counters_.begin(), entered.counters_.begin() + entered.size_, state.behind());
        auto const asked = static_cast<std::uint64_t>(entered.last_asked_) & ~size_mask;
        state.newest_.store(asked | entered.size_, std::memory_order_release);
    }

    /// Begins anew, in a state that is sealed: nothing is counted, and stamps start at a moment.
    static held start(key_counters& state, ticks from, std::uint32_t) noexcept {
        held made;
        made.of_ = &state;
        made.from_ = from;
        return made;
    }

    /// Takes over, in a state that was just started and has room for them, all that another one holds. That stays
    /// sealed.
    static held take_over(held const& fresh, held from) noexcept {
        from.of_ = fresh.of_;
        return from;
    }

    /// Seals it for good if it is idle at `now`: who comes late finds it closed. From when on it is idle.
    struct closing {
        bool closed;
        ticks idle_from;
    };
    closing close(ticks now) noexcept {
        for (;;) {
            auto seen = newest_.load(std::memory_order_acquire);
            if (seen == sealed) return {false, window_counter::never_ticks};
            auto const idle = idle_from(seen);
            if (newest_.load(std::memory_order_relaxed) != seen) continue;
            if (idle > now || idle == window_counter::never_ticks) return {false, idle};
            if (newest_.compare_exchange_weak(seen, sealed, std::memory_order_acq_rel)) return {true, idle};
        }
    }

private:
    using older_words = std::array<std::uint64_t, 2>;
    static constexpr std::uint64_t sealed = window_counter::no_newest;
    static constexpr std::uint64_t size_mask = 0xff;
    static constexpr older_words several = window_counter::no_older;

    older_words older() const noexcept {
        return {older_[0].load(std::memory_order_acquire), older_[1].load(std::memory_order_acquire)};
    }
    void store_older(older_words const& to) noexcept {
        for (std::size_t i = 0; i < to.size(); ++i) older_[i].store(to[i], std::memory_order_release);
    }

    ticks idle_from(std::uint64_t newest) const noexcept {
        if (capacity() == 1) return window_counter({newest, older()}).idle_from();
        auto from = window_counter::earliest_ticks;
        for (std::size_t i = 0; i < (newest & size_mask); ++i) from = std::max(from, behind()[i].idle_from());
        return from;
    }

    window_counter* behind() noexcept { return reinterpret_cast<window_counter*>(this + 1); }
    window_counter const* behind() const noexcept { return reinterpret_cast<window_counter const*>(this + 1); }

    // A single counter's words. Or, if there are several: when the last of them was asked for, to 256 ns, and how many
    // there are; and words that no counter has.
    std::atomic<std::uint64_t> newest_{sealed};
    std::array<std::atomic<std::uint64_t>, 2> older_{};
};

static_assert(sizeof(key_counters) == 24);

}  // namespace sallyport
