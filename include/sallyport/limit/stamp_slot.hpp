// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/quota.hpp>

#include <chrono>
#include <cstdint>

namespace sallyport {

/// What a slot of a ring of stamps holds, in one word: the lap in which it was written, modulo 128, and a stamp as its
/// distance from the ring's base, by a scale. A distance below the scale's least is none, and tells apart what was never
/// written. One that is marked as a floor doesn't count: no later stamp is before it.
///
/// A value comes again once its place was written 128 times more, and then by the same base for the same stamp alone. So
/// many units of one stamp no limit in force lets pass, and where some are given back, stamps go on before that: to miss
/// them, a thread would have to sleep, between its look and its swap, through 128 laps that a limit in shadow let pass at
/// one stamp, or until there is another base.
template <class Scale>
class stamp_slot {
public:
    constexpr stamp_slot() noexcept = default;  ///< for memory that is written before it is read
    constexpr stamp_slot(std::uint32_t lap, std::uint64_t distance) noexcept
        : value_(static_cast<word>(std::uint64_t{tag_of(lap)} << lap_shift | distance)) {}

    /// Nobody is admitted to this slot; it is like no other.
    static constexpr stamp_slot sealed() noexcept { return {tag_of(-1U), floor_mark | distance_mask}; }

    /// In the place that is written next, after the last stamps were given back: those that come are not before theirs.
    static constexpr stamp_slot floor(std::uint32_t lap, std::uint64_t distance) noexcept {
        return {lap, floor_mark | distance};
    }
    constexpr bool is_floor() const noexcept { return (value_ & floor_mark) != 0; }

    /// How a lap is told in a slot: it tells so many apart.
    static constexpr std::uint32_t laps = 128;
    static constexpr std::uint32_t tag_of(std::uint32_t lap) noexcept { return lap % laps; }
    constexpr std::uint32_t lap() const noexcept { return static_cast<std::uint32_t>(value_ >> lap_shift); }

    /// Whether it is a unit, or none, of that lap: neither sealed nor a floor.
    constexpr bool was_written_in(std::uint32_t lap) const noexcept {
        return value_ >> distance_bits == static_cast<word>(tag_of(lap)) << 1;
    }

    constexpr std::uint64_t distance() const noexcept { return value_ & distance_mask; }

    /// Whether it holds a stamp that counts.
    constexpr bool counts() const noexcept { return !is_floor() && distance() >= Scale::least_distance; }

    /// Whether a distance can be told.
    static constexpr bool representable(std::uint64_t distance) noexcept {
        return distance >= Scale::least_distance && distance < distance_mask;
    }

    /// What was never written: it tells of so many lives of the slot's memory which it is.
    static constexpr stamp_slot empty(std::uint32_t life) noexcept { return {-1U, life % Scale::least_distance}; }

    /// Another distance that is none.
    constexpr std::uint64_t other_none() const noexcept { return (distance() + 1) % Scale::least_distance; }

    friend constexpr bool operator==(stamp_slot const&, stamp_slot const&) noexcept = default;

private:
    using word = typename Scale::slot_word;
    static constexpr unsigned distance_bits = 8 * sizeof(word) - 8;
    static constexpr unsigned lap_shift = distance_bits + 1;
    static constexpr std::uint64_t floor_mark = std::uint64_t{1} << distance_bits;
    static constexpr std::uint64_t distance_mask = floor_mark - 1;

    word value_ = 0;
};

/// How stamps are told in slots of 64 bits: in nanoseconds from a base that suits them for a year.
class exact_scale {
public:
    using slot_word = std::uint64_t;
    static constexpr std::uint64_t least_distance = std::uint64_t{1} << 32;

    /// Of the word in which a ring keeps it.
    constexpr explicit exact_scale(std::uint32_t word) noexcept : base_(std::uint64_t{word} << 32) {}

    /// The one by which a moment lies in the middle of what can be told, whatever windows end there.
    static constexpr std::uint32_t word_for(std::int64_t moment, std::int64_t /*longest window*/) noexcept {
        return static_cast<std::uint32_t>((static_cast<std::uint64_t>(moment) - middle) >> 32);
    }

    /// The one like this by which a moment is told.
    constexpr std::uint32_t word_at(std::int64_t moment) const noexcept { return word_for(moment, 0); }

    /// Whether it tells all that such a window holds.
    static constexpr bool suits(std::int64_t /*window*/) noexcept { return true; }

    constexpr std::uint64_t distance(std::int64_t moment) const noexcept {
        return static_cast<std::uint64_t>(moment) - base_;
    }
    constexpr std::int64_t moment(std::uint64_t distance) const noexcept {
        return static_cast<std::int64_t>(base_ + distance);
    }

    /// What is told of a moment.
    static constexpr std::int64_t told(std::int64_t moment) noexcept { return moment; }

    /// How long what is told of a stamp has to count, for the stamp to count as long as a window.
    static constexpr std::int64_t counts_for(std::int64_t window) noexcept { return window; }

    /// How far apart two stamps are that can be told apart, where the longest window is this.
    static constexpr std::chrono::nanoseconds tick(std::chrono::milliseconds /*longest*/) noexcept {
        return std::chrono::nanoseconds(1);
    }

private:
    static constexpr std::uint64_t middle = std::uint64_t{1} << 55;
    static_assert(std::chrono::nanoseconds(quota::max_window).count() < std::int64_t{middle} / 2);

    std::uint64_t base_;
};

}  // namespace sallyport
