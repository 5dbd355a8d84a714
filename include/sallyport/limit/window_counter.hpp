// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/bit_string.hpp>
#include <sallyport/model/quota.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace sallyport {

/// How much was admitted lately, for windows of one length, in three words. Time is cut into sub-windows of about a
/// sixth of the window, and the last seven are counted. All of a sub-window counts until the whole of it has left the
/// window: a unit counts until it leaves, and for less than one sub-window longer. So what is admitted by these counts
/// is never too much, in a window of any position.
///
/// A sub-window is a sixth of the window, rounded up by less than 1.2 ms and an eighth. The first one ends with the
/// first unit, so that what comes all at once after a rest leaves the window nearly on time.
///
/// A unit is counted in the newest sub-window, however far the clock has stepped back. Counts are exact below 1,048,574
/// a sub-window, which is above any limit; more is counted as that much, and nothing of it can be given back. Moments and
/// durations are nanoseconds, over the whole range of their type. Constant time. A plain value.
class window_counter {
public:
    using ticks = std::int64_t;
    static constexpr ticks never_ticks = std::numeric_limits<ticks>::max();
    static constexpr ticks earliest_ticks = std::numeric_limits<ticks>::min();

    // The newest sub-window: where it starts, 44 bits, and how much was counted in it, 20 bits. Of the six before it,
    // three counts a word; in the bits above them, which length they have. Where two states of a counter have the same
    // newest word, the later one has no more in the older ones: who changes it by compare-and-swap has judged by no less.
    struct words {
        std::uint64_t newest = 0;
        std::array<std::uint64_t, 2> older{};
    };
    // Words that no counter has: a newest one that ends like this, and an older one that begins like this.
    static constexpr std::uint64_t no_newest = (std::uint64_t{1} << 20) - 1;
    static constexpr unsigned no_older_bits = 3;
    static constexpr std::uint64_t no_older = (std::uint64_t{1} << no_older_bits) - 1;

    /// Of no window.
    constexpr window_counter() noexcept = default;

    /// For windows of this length. Nothing is counted, and nothing will be before a moment.
    constexpr window_counter(std::chrono::milliseconds window, ticks from) noexcept {
        set_length_code(code_for(window));
        set_newest(start_with(unit_of(from)), 0);
    }
    explicit constexpr window_counter(words const& packed) noexcept : words_(packed) {}

    constexpr words const& packed() const noexcept { return words_; }

    /// Whether it is for windows of this length, or of one whose sub-windows are the same.
    constexpr bool is_for(std::chrono::milliseconds window) const noexcept { return length_code() == code_for(window); }
    /// From the start of the newest sub-window, how long until nothing in it counts.
    constexpr std::uint64_t reach() const noexcept { return held * length_ns(); }
    static constexpr std::chrono::nanoseconds sub_window(std::chrono::milliseconds window) noexcept {
        return nanoseconds(length_of(code_for(window)));
    }

    /// How much counts in the window that ends at `now`.
    constexpr std::uint32_t used(std::chrono::milliseconds window, ticks now) const noexcept {
        std::uint32_t sum = 0;
        auto left = newest_counts_for(window, now);
        for (std::size_t back = 0; back < held && left > 0; ++back, left -= std::min(left, length_ns())) {
            sum += count(back);
        }
        return sum;
    }

    /// The least wait from `now` after which at most so much counts, if nothing is admitted in between; 0 if that is
    /// so now, and the largest duration if it can't be said.
    constexpr ticks until_at_most(std::uint32_t most, std::chrono::milliseconds window, ticks now) const noexcept {
        std::uint32_t sum = 0;
        auto left = newest_counts_for(window, now);
        for (std::size_t back = 0; back < held && left > 0; ++back, left -= std::min(left, length_ns())) {
            sum += count(back);
            if (sum > most) return static_cast<ticks>(std::min(left, static_cast<std::uint64_t>(never_ticks)));
        }
        return 0;
    }

    /// The least wait after which so much more fits; 0 if it does now, the largest duration if it never does. What
    /// costs nothing always fits.
    constexpr ticks wait(quota const& in, std::uint32_t cost, ticks now) const noexcept {
        if (cost > in.limit()) return never_ticks;
        return cost == 0 ? 0 : until_at_most(in.limit() - cost, in.window(), now);
    }

    /// Whether a unit that comes now is counted in a sub-window in which there are others.
    constexpr bool is_newest(ticks now) const noexcept { return count(0) > 0 && unit_of(now) < start() + length(); }

    constexpr void admit(std::uint32_t cost, ticks now) noexcept {
        if (cost == 0) return;
        begin_sub_window(std::max(unit_of(now), start()));
        add(0, cost);
    }

    /// Counts all that another one holds, to be done first: each unit as if it had come at the end of its sub-window
    /// there, or in the oldest that is held here. None is taken to be gone: the other one's newest sub-window may lie
    /// ahead of its last admission, where it took in what it has. No sub-window here reaches back before what is taken
    /// in: what was admitted then, and isn't there, can't be given back in its stead. Nor is anything counted before,
    /// though there be nothing to take in.
    constexpr void take_in(window_counter const& other) noexcept {
        if (other.is_empty() && other.start() == 0) return;  // from the beginning of time
        auto const last = std::min(other.start() + other.length() - 1, unit_of(never_ticks));
        auto const first = other.oldest_start();
        set_newest(first + (last - first) / length() * length(), 0);
        for (std::size_t from = 0; from < held; ++from) {
            auto const cost = other.count(from);
            if (cost == 0) continue;
            auto const end = std::min(other.start() + other.length() - 1 - from * other.length(), last);
            auto const back = end >= start() ? 0 : (start() - end + length() - 1) / length();
            add(std::min<std::size_t>(back, held - 1), cost);
        }
    }

    /// Takes back what was counted at a moment, of the sub-window in which that lies, as much as is there; how much it was.
    constexpr std::uint32_t give_back(std::uint32_t cost, ticks moment) noexcept {
        auto const unit = unit_of(moment);
        auto const back = unit >= start() ? 0 : (start() - unit + length() - 1) / length();
        if (back >= held || unit >= start() + length() || count(back) == most_counted) return 0;
        auto const gone = std::min(cost, count(back));
        set_count(back, count(back) - gone);
        return gone;
    }

    /// When the newest sub-window starts and when it ends, and how much is counted in it. It may start long before the
    /// first unit.
    constexpr ticks newest_start() const noexcept { return moment_of(start()); }
    constexpr ticks newest_end() const noexcept {
        auto const end = start() + length();
        return end > unit_of(never_ticks) ? never_ticks : moment_of(end);
    }
    constexpr std::uint32_t newest_count() const noexcept { return count(0); }
    constexpr std::uint32_t highest_count() const noexcept {
        std::uint32_t highest = 0;
        for (std::size_t back = 0; back < held; ++back) highest = std::max(highest, count(back));
        return highest;
    }

    /// From when on nothing counts in any window that it is for; the end of time if that is past it, and its beginning
    /// if nothing was ever counted.
    constexpr ticks idle_from() const noexcept {
        if (is_empty()) return earliest_ticks;
        auto const from = start() + held * length();
        return from > unit_of(never_ticks) ? never_ticks : moment_of(from);
    }

    // As bits: which length, when the newest sub-window starts, and the counts, each with as many of the bits as are left.
    static constexpr unsigned length_bits = 8;
    static constexpr unsigned start_bits = 44;
    static constexpr unsigned count_bits = 20;
    static constexpr unsigned count_bits_of(unsigned bits) noexcept {
        return std::min(count_bits, (bits - length_bits - start_bits) / static_cast<unsigned>(held));
    }

    constexpr void write(bit_string& to, unsigned a_count) const noexcept {
        to.put(length_code(), length_bits);
        to.put(start(), start_bits);
        for (std::size_t back = 0; back < held; ++back) to.put(count(back), a_count);
    }
    static constexpr window_counter read(bit_string& from, unsigned a_count) noexcept {
        window_counter made;
        made.set_length_code(static_cast<unsigned>(from.get(length_bits)));
        made.set_newest(from.get(start_bits), 0);
        for (std::size_t back = 0; back < held; ++back) {
            made.set_count(back, static_cast<std::uint32_t>(from.get(a_count)));
        }
        return made;
    }

private:
    static constexpr std::size_t held = 7;
    static constexpr std::uint64_t count_mask = (std::uint64_t{1} << count_bits) - 1;
    static constexpr std::uint32_t most_counted = count_mask - 1;
    static_assert(most_counted > quota::max_limit);

    // Sub-windows start and end at a multiple of 2^20 ns, counted from the beginning of time.
    static constexpr unsigned unit_bits = 20;
    static constexpr std::uint64_t sign = std::uint64_t{1} << 63;
    static constexpr std::uint64_t offset_of(ticks moment) noexcept {
        return static_cast<std::uint64_t>(moment) ^ sign;
    }
    static constexpr std::uint64_t unit_of(ticks moment) noexcept { return offset_of(moment) >> unit_bits; }
    static constexpr ticks moment_of(std::uint64_t unit) noexcept {
        return static_cast<ticks>(unit << unit_bits ^ sign);
    }
    static constexpr std::chrono::nanoseconds nanoseconds(std::uint64_t units) noexcept {
        return std::chrono::nanoseconds(units << unit_bits);
    }

    // A length in a byte: the numbers below 16, and above them those of four significant bits.
    static constexpr unsigned code_for(std::chrono::milliseconds window) noexcept {
        auto const cut = std::uint64_t{held - 1} << unit_bits;
        auto const length = (static_cast<std::uint64_t>(std::chrono::nanoseconds(window).count()) + cut - 1) / cut;
        auto const shift = static_cast<unsigned>(std::max(static_cast<int>(std::bit_width(length)), 4) - 4);
        auto const significant = (length + (std::uint64_t{1} << shift) - 1) >> shift;
        return shift * 8 + static_cast<unsigned>(significant);
    }
    static constexpr std::uint64_t length_of(unsigned code) noexcept {
        return code < 16 ? code : (8 + code % 8) << (code / 8 - 1);
    }

    constexpr unsigned length_code() const noexcept {
        return static_cast<unsigned>(words_.older[0] >> count_bits * 3 << 4 | words_.older[1] >> count_bits * 3);
    }
    constexpr std::uint64_t start() const noexcept { return words_.newest >> count_bits; }
    constexpr std::uint64_t length() const noexcept { return length_of(length_code()); }
    constexpr std::uint64_t length_ns() const noexcept { return length() << unit_bits; }
    constexpr std::uint32_t count(std::size_t back) const noexcept {
        auto const word = back == 0 ? words_.newest : words_.older[(back - 1) / 3] >> (back - 1) % 3 * count_bits;
        return static_cast<std::uint32_t>(word & count_mask);
    }

    constexpr bool is_empty() const noexcept {
        constexpr auto counts = (std::uint64_t{1} << count_bits * 3) - 1;
        return count(0) == 0 && ((words_.older[0] | words_.older[1]) & counts) == 0;
    }

    /// Where the oldest sub-window starts in which something is counted, if there is one.
    constexpr std::uint64_t oldest_start() const noexcept {
        auto back = held - 1;
        while (back > 0 && count(back) == 0) --back;
        return start() - std::min(start(), back * length());
    }

    constexpr void set_newest(std::uint64_t start, std::uint32_t count) noexcept {
        words_.newest = start << count_bits | count;
    }
    constexpr void set_count(std::size_t back, std::uint32_t count) noexcept {
        if (back == 0) return set_newest(start(), count);
        auto& word = words_.older[(back - 1) / 3];
        auto const shift = (back - 1) % 3 * count_bits;
        word = (word & ~(count_mask << shift)) | std::uint64_t{count} << shift;
    }
    constexpr void set_length_code(unsigned code) noexcept {
        words_.older = {std::uint64_t{code >> 4} << count_bits * 3, std::uint64_t{code & 15} << count_bits * 3};
    }

    /// How long from `now` the newest sub-window counts. Each one before it counts for its length less.
    constexpr std::uint64_t newest_counts_for(std::chrono::milliseconds window, ticks now) const noexcept {
        auto const from_start = static_cast<std::uint64_t>(std::chrono::nanoseconds(window).count()) + length_ns();
        auto const started = start() << unit_bits;
        auto const moment = offset_of(now);
        if (moment >= started) return from_start - std::min(from_start, moment - started);
        auto const longest = std::numeric_limits<std::uint64_t>::max() - from_start;
        return std::min(started - moment, longest) + from_start;
    }

    constexpr void add(std::size_t back, std::uint32_t cost) noexcept {
        auto const sum =
            static_cast<std::uint32_t>(std::min(std::uint64_t{count(back)} + cost, std::uint64_t{most_counted}));
        set_count(back, sum);
    }

    /// Where a sub-window starts that ends with a unit of time.
    constexpr std::uint64_t start_with(std::uint64_t unit) const noexcept {
        return unit - std::min(unit, length() - 1);
    }

    /// Lets the newest sub-window be the one in which a unit of time lies that is not before it.
    constexpr void begin_sub_window(std::uint64_t unit) noexcept {
        auto const steps = (unit - start()) / length();
        if (is_empty() || steps >= held) {
            set_length_code(length_code());
            return set_newest(std::max(start_with(unit), start()), 0);
        }
        if (steps == 0) return;
        for (auto back = held - 1; back > 0; --back) set_count(back, back < steps ? 0 : count(back - steps));
        set_newest(start() + steps * length(), 0);
    }

    words words_;
};

static_assert(sizeof(window_counter) == 24);

}  // namespace sallyport
