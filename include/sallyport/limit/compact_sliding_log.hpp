// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/sliding_log.hpp>
#include <sallyport/model/quota.hpp>

#include <chrono>
#include <cstdint>

namespace sallyport {

/// How stamps are told in slots of 32 bits: in ticks from a base, each rounded down, so that it counts for a tick longer.
/// A tick is the longer the longer the windows are, and a base is left behind at most once in four of the longest, and no
/// sooner than after nine minutes.
class compact_scale {
public:
    using slot_word = std::uint32_t;
    static constexpr std::uint64_t least_distance = std::uint64_t{1} << 22;

    /// Of the word in which a ring keeps it: where the base is, and how long a tick.
    constexpr explicit compact_scale(std::uint32_t word) noexcept
        : base_(std::uint64_t{word >> tick_bits} << base_shift),
          shift_(least_shift + (word & ((1U << tick_bits) - 1))) {}

    /// The one by which a moment is told, and what lies before it in the longest window.
    static constexpr std::uint32_t word_for(std::int64_t moment, std::int64_t longest_window) noexcept {
        return word_of(moment, shift_for(longest_window));
    }
    constexpr std::uint32_t word_at(std::int64_t moment) const noexcept { return word_of(moment, shift_); }

    constexpr bool suits(std::int64_t window) const noexcept { return shift_for(window) <= shift_; }

    constexpr std::uint64_t distance(std::int64_t moment) const noexcept {
        return (static_cast<std::uint64_t>(moment) - base_) >> shift_;
    }
    constexpr std::int64_t moment(std::uint64_t distance) const noexcept {
        return static_cast<std::int64_t>(base_ + (distance << shift_));
    }
    constexpr std::int64_t told(std::int64_t moment) const noexcept { return moment & -(std::int64_t{1} << shift_); }
    constexpr std::int64_t counts_for(std::int64_t window) const noexcept {
        return window + ((std::int64_t{1} << shift_) - 1);
    }

    static constexpr std::chrono::nanoseconds tick(std::chrono::milliseconds longest) noexcept {
        return std::chrono::nanoseconds(std::int64_t{1} << shift_for(std::chrono::nanoseconds(longest).count()));
    }

private:
    static constexpr unsigned least_shift = 16;
    static constexpr unsigned tick_bits = 5;
    static constexpr unsigned base_shift = 32 + tick_bits;
    static constexpr std::uint64_t most_ticks = std::uint64_t{1} << 21;  // of the longest window

    static constexpr unsigned shift_for(std::int64_t longest_window) noexcept {
        auto shift = least_shift;
        while (static_cast<std::uint64_t>(longest_window) > most_ticks << shift) ++shift;
        return shift;
    }

    static constexpr std::uint32_t word_of(std::int64_t moment, unsigned shift) noexcept {
        auto const base = static_cast<std::uint64_t>(moment) - ((least_distance + most_ticks + 1) << shift);
        return static_cast<std::uint32_t>(base >> base_shift) << tick_bits | (shift - least_shift);
    }

    std::uint64_t base_;
    unsigned shift_;
};

// So that every tick can be told, and a base be a whole number of them.
static_assert(compact_scale::tick(quota::max_window) <= std::chrono::nanoseconds(std::int64_t{1} << 32));

/// A sliding log of half the memory: 4 bytes for each unit that a key's limit allows, and up to 4 more besides than
/// `sliding_log` takes. It keeps stamps in ticks: 66 µs, or less than a millionth of the longest window by which its
/// key was counted, if that is more (see `tick`). Of those in shadow only a call's that has none in force count for
/// this; a longer one beside one in force is measured as far back as the ticks reach: over that one at least, and two
/// minutes. It errs on the refusing side only, and by at most one tick:
///   - never over: a call is admitted only if the costs admitted before it within the window that ends at its stamp, plus
///     its own, are at most the limit;
///   - hardly early: a call is refused only if the costs admitted within the window and a tick before it, plus its own,
///     are above the limit; two ticks, where its clock is behind its key's last admission.
/// A receipt's stamp is rounded down to a tick, and what is given back is what was admitted in it. `retry_after` is the
/// least wait after which the same call is admitted here. All else is as `sliding_log` says.
using compact_sliding_log = basic_sliding_log<compact_scale>;

}  // namespace sallyport
