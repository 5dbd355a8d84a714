// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/quota.hpp>

#include <chrono>
#include <cstdint>

namespace sallyport {

/// What a slot of a ring of stamps holds, in 64 bits: the lap in which it was written, modulo 256, and a stamp as its
/// distance from the ring's base. A distance below 2^32 is none, and tells apart what was never written.
class stamp_slot {
public:
    constexpr stamp_slot() noexcept = default;  ///< for memory that is written before it is read
    constexpr stamp_slot(std::uint32_t lap, std::uint64_t offset) noexcept
        : value_(std::uint64_t{tag_of(lap)} << offset_bits | offset) {}

    /// Nobody is admitted to this slot; it is like no other.
    static constexpr stamp_slot sealed() noexcept { return {tag_of(-1U), offset_mask}; }

    /// How a lap is told in a slot.
    static constexpr std::uint32_t tag_of(std::uint32_t lap) noexcept { return lap & 0xff; }
    constexpr std::uint32_t lap() const noexcept { return static_cast<std::uint32_t>(value_ >> offset_bits); }

    constexpr std::uint64_t offset() const noexcept { return value_ & offset_mask; }

    /// Whether it holds a stamp.
    constexpr bool counts() const noexcept { return offset() >= least_offset; }

    /// Whether a distance can be told.
    static constexpr bool representable(std::uint64_t offset) noexcept {
        return offset >= least_offset && offset < offset_mask;
    }

    /// The upper half of a base from which a moment lies in the middle of what can be told: a year to either side.
    static constexpr std::uint32_t base_for(std::int64_t moment) noexcept {
        return static_cast<std::uint32_t>((static_cast<std::uint64_t>(moment) - (offset_mask >> 1)) >> 32);
    }

    /// Another offset that is none.
    constexpr std::uint64_t other_none() const noexcept { return (offset() + 1) % least_offset; }

    friend constexpr bool operator==(stamp_slot const&, stamp_slot const&) noexcept = default;

private:
    static constexpr unsigned offset_bits = 56;
    static constexpr std::uint64_t offset_mask = (std::uint64_t{1} << offset_bits) - 1;
    static constexpr std::uint64_t least_offset = std::uint64_t{1} << 32;
    static_assert(std::chrono::nanoseconds(quota::max_window).count() < std::int64_t{1} << (offset_bits - 2));

    std::uint64_t value_ = 0;
};

static_assert(sizeof(stamp_slot) == 8);

}  // namespace sallyport
