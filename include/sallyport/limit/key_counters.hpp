// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/bit_string.hpp>
#include <sallyport/limit/window_counter.hpp>
#include <sallyport/limit/window_counters.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>

namespace sallyport {

/// The state of one key of a sliding counter. A single window's counter lies in its three words. It may be read, and what
/// falls into its newest sub-window be admitted by one compare-and-swap, by any number of threads, and no thread waits for
/// another. All else is done by one thread that has `enter`ed: the newest word is sealed meanwhile, and nobody is admitted.
/// Who is refused writes nothing.
///
/// Counters of several windows, which only who has entered uses, lie as bits in the older words and the memory behind,
/// counts with as many bits each as there is room for. A state for one window never holds several, nor the other way round:
/// who found it sees no more than its counter's own steps.
class key_counters {
public:
    using ticks = window_counter::ticks;

    /// The least capacity for so many windows, and sub-windows that count so much. Capacities are powers of four: so a
    /// block of one capacity never stands in for one of another.
    static constexpr std::uint32_t capacity_for(std::size_t windows, std::uint32_t highest_count) noexcept {
        if (windows == 1) return 1;
        auto const bits = std::min(static_cast<unsigned>(std::bit_width(highest_count)), window_counter::count_bits);
        std::uint32_t capacity = 4;
        while (bits_a_count(windows, capacity) < bits) capacity *= 4;
        return capacity;
    }

    static constexpr std::size_t bytes_behind(std::uint32_t capacity) noexcept {
        return words_behind(capacity) * sizeof(std::uint64_t);
    }

    /// Of a capacity for which there is memory behind. Sealed: it has to be started.
    explicit key_counters(std::uint32_t capacity) noexcept {
        if (capacity == 1) return;
        std::array<std::uint64_t, 2> marked{};
        bit_string bits(marked.data());
        write_mark(bits, capacity, 1);
        store_older(marked);
        for (std::size_t i = 0; i < words_behind(capacity); ++i) new (behind() + i) std::uint64_t(0);
    }
    key_counters(key_counters const&) = delete;
    key_counters& operator=(key_counters const&) = delete;

    std::uint32_t capacity() const noexcept {
        auto const word = older_[0].load(std::memory_order_acquire);
        if (word >> (64 - window_counter::no_older_bits) != window_counter::no_older) return 1;
        return std::uint32_t{1} << 2 * (word << window_counter::no_older_bits >> (64 - unit_bits));
    }

    /// The single counter as it is now; none if there are several, while somebody has entered, or if it was closed.
    std::optional<window_counter> look() const noexcept {
        for (;;) {
            auto const newest = newest_.load(std::memory_order_acquire);
            if ((newest & window_counter::no_newest) == window_counter::no_newest) return std::nullopt;
            window_counter const seen({newest, older()});
            if (newest_.load(std::memory_order_relaxed) == newest) return seen;
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

        window_counters const& counters() const noexcept { return counters_; }

        /// Whether these can be put in their place as it is.
        bool has_room_for(window_counters const& others) const noexcept {
            auto const capacity = of_->capacity();
            if (capacity == 1 || others.size() == 1) return capacity == 1 && others.size() == 1;
            return capacity_for(others.size(), others.highest_count()) <= capacity;
        }
        void set(window_counters const& others) noexcept { counters_ = others; }
        void admit(std::uint32_t cost, ticks now) noexcept { counters_.admit(cost, now); }
        bool give_back(std::uint32_t cost, ticks stamp) noexcept { return counters_.give_back(cost, stamp); }

        ticks idle_from() const noexcept { return counters_.idle_from(); }

    private:
        friend class key_counters;
        held(key_counters& of, window_counters const& counters) noexcept : of_(&of), counters_(counters) {}

        key_counters* of_ = nullptr;
        window_counters counters_;
    };

    /// Keeps all others out, once it has come in between two admissions. None may have closed it.
    static held enter(key_counters& state) noexcept {
        return {state, state.read(state.newest_.exchange(sealed, std::memory_order_acq_rel))};
    }

    /// Lets others in again. There is a counter, and room for all.
    static void leave(held const& entered) noexcept {
        auto& state = *entered.of_;
        auto const& counters = entered.counters_;
        if (state.capacity() == 1) {
            auto const& packed = counters[0].packed();
            state.store_older(packed.older);
            state.newest_.store(packed.newest, std::memory_order_release);
            return;
        }
        state.write(counters);
        auto const asked = (static_cast<std::uint64_t>(counters.last_asked()) ^ sign) | window_counter::no_newest;
        state.newest_.store(asked, std::memory_order_release);
    }

    /// Begins anew, in a state that is sealed: nothing is counted, and stamps start at a moment.
    static held start(key_counters& state, ticks from, std::uint32_t) noexcept {
        return {state, window_counters(from)};
    }

    /// Takes over, in a state that was just started, all that another one holds, for which there may be room only once it
    /// was `set`. That stays sealed.
    static held take_over(held const& fresh, held const& from) noexcept { return {*fresh.of_, from.counters_}; }

    /// Seals it for good if it is idle at `now`: who comes late finds it closed. From when on it is idle. Nobody enters
    /// meanwhile.
    struct closing {
        bool closed;
        ticks idle_from;
    };
    closing close(ticks now) noexcept {
        for (;;) {
            auto seen = newest_.load(std::memory_order_acquire);
            if (seen == sealed) return {false, window_counter::never_ticks};
            auto const idle = read(seen).idle_from();
            if (newest_.load(std::memory_order_relaxed) != seen) continue;
            if (idle > now || idle == window_counter::never_ticks) return {false, idle};
            if (newest_.compare_exchange_weak(seen, sealed, std::memory_order_acq_rel)) return {true, idle};
        }
    }

private:
    using older_words = std::array<std::uint64_t, 2>;
    static constexpr std::uint64_t sealed = ~std::uint64_t{0};
    static constexpr std::uint64_t sign = std::uint64_t{1} << 63;

    // In front of the bits of several: that it is no single counter's older word; how many units of memory are behind, a
    // unit being two words; how many counters there are, less one.
    static constexpr unsigned unit_bits = 3;
    static constexpr unsigned size_bits = 2;
    static constexpr unsigned mark_bits = window_counter::no_older_bits + unit_bits + size_bits;

    static constexpr std::size_t words_behind(std::uint32_t capacity) noexcept {
        return static_cast<std::size_t>(std::countr_zero(capacity));
    }
    static constexpr unsigned bits_a_count(std::size_t windows, std::uint32_t capacity) noexcept {
        auto const all = (2 + words_behind(capacity)) * 64 - mark_bits;
        return window_counter::count_bits_of(static_cast<unsigned>(all / windows));
    }
    static constexpr std::size_t most_words = 2 + 12;

    static constexpr void write_mark(bit_string& to, std::uint32_t capacity, std::size_t counters) noexcept {
        to.put(window_counter::no_older, window_counter::no_older_bits);
        to.put(words_behind(capacity) / 2, unit_bits);
        to.put(counters - 1, size_bits);
    }

    /// Of several.
    void write(window_counters const& counters) noexcept {
        auto const own = capacity();
        auto const a_count = bits_a_count(counters.size(), own);
        std::array<std::uint64_t, most_words> words{};
        bit_string bits(words.data());
        write_mark(bits, own, counters.size());
        for (std::size_t i = 0; i < counters.size(); ++i) counters[i].write(bits, a_count);
        store_older({words[0], words[1]});
        std::copy_n(words.data() + 2, words_behind(own), behind());
    }

    /// All counters, where the newest word is this.
    window_counters read(std::uint64_t newest) const noexcept {
        window_counters made;
        auto const own = capacity();
        if (own == 1) {
            made.add(window_counter({newest, older()}));
            return made;
        }
        std::array<std::uint64_t, most_words> words{};
        std::copy_n(behind(), words_behind(own), words.data() + 2);
        auto const first = older();
        std::copy(first.begin(), first.end(), words.begin());
        bit_string bits(words.data());
        bits.get(window_counter::no_older_bits + unit_bits);
        auto const size = bits.get(size_bits) + 1;
        auto const a_count = bits_a_count(size, own);
        for (std::size_t i = 0; i < size; ++i) made.add(window_counter::read(bits, a_count));
        made.set_last_asked(static_cast<ticks>(newest ^ sign));
        return made;
    }

    older_words older() const noexcept {
        return {older_[0].load(std::memory_order_acquire), older_[1].load(std::memory_order_acquire)};
    }
    void store_older(older_words const& to) noexcept {
        for (std::size_t i = 0; i < to.size(); ++i) older_[i].store(to[i], std::memory_order_release);
    }

    std::uint64_t* behind() noexcept { return reinterpret_cast<std::uint64_t*>(this + 1); }
    std::uint64_t const* behind() const noexcept { return reinterpret_cast<std::uint64_t const*>(this + 1); }

    // Of a single counter its own words. Else when the last of them was asked for, to a millisecond or as much later.
    std::atomic<std::uint64_t> newest_{sealed};
    std::array<std::atomic<std::uint64_t>, 2> older_{};
};

static_assert(sizeof(key_counters) == 24);
static_assert(key_counters::bytes_behind(key_counters::capacity_for(2, 1000)) == 16);
static_assert(key_counters::bytes_behind(key_counters::capacity_for(4, ~0U)) == 96);

}  // namespace sallyport
