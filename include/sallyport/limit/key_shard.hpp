// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/block_memory.hpp>
#include <sallyport/limit/key_block.hpp>
#include <sallyport/limit/spare_blocks.hpp>
#include <sallyport/model/prefetch_lines.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>

namespace sallyport {

/// A part of the table, in which a key lies at the place that its hash says, or behind those that came before.
/// Reads take no lock; a key that is moved meanwhile may be missed, and is then looked for under the lock.
template <std::size_t Words, class State>
class key_shard {
    using block = key_block<Words, State>;
    using key_type = typename block::key_type;
    static constexpr std::int64_t earliest = std::numeric_limits<std::int64_t>::min();
    static constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();

public:
    /// How many of a hash's upper bits tell the shard; the next ones tell the place, as a fraction of all.
    static constexpr unsigned bits = 6;

    std::mutex mutex;
    std::int64_t floor = earliest;  ///< from here on none of those forgotten counted: where new keys start

    using slot = std::atomic<std::uintptr_t>;  ///< where a block is, and a few bits of its key's hash

    /// How many slots there are for a share of the capacity, or six standard deviations more.
    static std::size_t slots_for(std::size_t share) noexcept { return slots_of(most_of(share)); }

    /// Begins with these slots for a share of the capacity, all of them zero, and this memory for blocks.
    void begin(slot* slots, std::size_t share, block_memory& memory) noexcept {
        slots_ = slots;
        memory_ = &memory;
        most_ = most_of(share);
        size_ = slots_of(most_);
    }
    key_shard() noexcept = default;
    key_shard(key_shard const&) = delete;
    key_shard& operator=(key_shard const&) = delete;
    ~key_shard() {
        // No further than the last key: to read a slot that was never used makes the system give its memory.
        for (std::size_t i = 0; count_ > 0; ++i) {
            auto* const each = block_in(slots_[i]);
            if (!each) continue;
            block::destroy(*memory_, each);
            --count_;
        }
        while (auto* const unused = spare_.take_any()) block::destroy(*memory_, unused);
    }

    /// The block of a key, and its generation; none if it is not known.
    struct sighting {
        block* in = nullptr;
        std::uint32_t generation = 0;
    };
    sighting find(key_type const& key, std::uint32_t hash) const noexcept {
        auto at = home_of(hash);
        for (std::uint32_t seen = 0; seen < size_; ++seen, at = after(at)) {
            auto const value = slots_[at].load(std::memory_order_acquire);
            if (value == 0) break;
            if ((value & tag_mask) != tag_of(hash)) continue;
            auto* const in = block_in(value);
            auto const generation = in->generation.load(std::memory_order_acquire);
            if (block::is_in_use(generation) && in->is_of(key)) return {in, generation};
        }
        return {};
    }
    /// The same, but that a key which is known is found: where others were moved meanwhile, under the lock.
    sighting find_surely(key_type const& key, std::uint32_t hash) {
        auto const before = moves_.load(std::memory_order_acquire);
        auto const seen = find(key, hash);
        if (seen.in || (before % 2 == 0 && moves_.load(std::memory_order_relaxed) == before)) return seen;
        std::lock_guard const lock(mutex);
        return find(key, hash);
    }
    /// Asks for the line in which a key's slot lies.
    void prefetch_slot(std::uint32_t hash) const noexcept { prefetch_lines(&slots_[home_of(hash)]); }
    /// Asks for the beginning of the block that lies where a key's should; null if there is none.
    block const* prefetch_block(std::uint32_t hash) const noexcept {
        auto const* const there = block_in(slots_[home_of(hash)].load(std::memory_order_acquire));
        if (there) prefetch_lines(there, sizeof(block));
        return there;
    }

    bool has_room_for(std::size_t keys) const noexcept { return count_ + keys <= most_; }

    /// A block that nobody has, of at least so many slots and not of many more; a new one if there is none.
    block* obtain(std::uint32_t capacity) {
        auto* const spare = spare_.take(capacity);
        return spare ? spare : block::make(*memory_, capacity);
    }
    void give_back(block* gone) noexcept {
        gone->begin_generation();
        spare_.give_back(*gone);
    }

    void insert(block* added, std::uint32_t hash) noexcept {
        auto at = home_of(hash);
        while (slots_[at].load(std::memory_order_relaxed) != 0) at = after(at);
        slots_[at].store(value_of(added, hash), std::memory_order_release);
        ++count_;
    }
    void replace(block const* gone, block* by, std::uint32_t hash) noexcept {
        slots_[place_of(gone, hash)].store(value_of(by, hash), std::memory_order_release);
        moves_.store(moves_.load(std::memory_order_relaxed) + 2, std::memory_order_release);
    }

    template <class Hash>
    void erase(block* known, std::uint32_t of_key, Hash const& hash) noexcept {
        take_out(place_of(known, of_key), hash);
        give_back(known);
    }

    /// Looks at the next two keys, if they are not far, and forgets them if they are idle; how many it was.
    template <class Hash>
    std::size_t forget_some(std::int64_t now, Hash const& hash) noexcept {
        std::size_t forgotten = 0;
        std::size_t looked = 0;
        if (count_ <= not_worth_forgetting) return 0;
        for (int i = 0; i < 128 && looked < 2; ++i, hand_ = after(hand_)) {
            if (slots_[hand_].load(std::memory_order_relaxed) == 0) continue;
            forgotten += forget_at(hand_, now, hash).forgotten;
            ++looked;
        }
        return forgotten;
    }

    /// Looks at all keys, if any may be idle, until one was; whether there was one.
    template <class Hash>
    bool forget_one(std::int64_t now, Hash const& hash) noexcept {
        if (now < none_idle_before_) return false;
        auto first_idle = latest;
        for (std::uint32_t i = 0; i < size_; ++i, hand_ = after(hand_)) {
            auto const looked = forget_at(hand_, now, hash);
            if (looked.forgotten) return true;
            first_idle = std::min(first_idle, looked.idle_from);
        }
        none_idle_before_ = first_idle;
        return false;
    }
    /// A key that was just used is idle from then on.
    void will_be_idle(std::int64_t from) noexcept { none_idle_before_ = std::min(none_idle_before_, from); }

private:
    static constexpr std::uintptr_t tag_mask = alignof(block) - 1;
    static constexpr std::uint32_t not_worth_forgetting = 16;

    struct look {
        bool forgotten;
        std::int64_t idle_from;
    };

    static std::uint32_t most_of(std::size_t share) noexcept {
        std::size_t deviation = 1;  // its square is the share
        while (deviation * deviation < share) ++deviation;
        return static_cast<std::uint32_t>(share + 6 * deviation) + 16;
    }
    static std::uint32_t slots_of(std::uint32_t most) noexcept { return most + most / 3 + 1; }

    static constexpr std::uintptr_t tag_of(std::uint32_t hash) noexcept { return hash & tag_mask; }
    static std::uintptr_t value_of(block* of, std::uint32_t hash) noexcept {
        return reinterpret_cast<std::uintptr_t>(of) | tag_of(hash);
    }
    static block* block_in(std::uintptr_t value) noexcept { return reinterpret_cast<block*>(value & ~tag_mask); }

    std::uint32_t after(std::uint32_t at) const noexcept { return at + 1 == size_ ? 0 : at + 1; }
    std::uint32_t home_of(std::uint32_t hash) const noexcept {
        return static_cast<std::uint32_t>(std::uint64_t{hash << bits} * size_ >> 32);
    }
    std::uint32_t place_of(block const* of, std::uint32_t hash) const noexcept {
        auto at = home_of(hash);
        while (block_in(slots_[at].load(std::memory_order_relaxed)) != of) at = after(at);
        return at;
    }

    template <class Hash>
    look forget_at(std::uint32_t at, std::int64_t now, Hash const& hash) noexcept {
        auto* const held = block_in(slots_[at].load(std::memory_order_relaxed));
        if (!held) return {false, latest};
        auto const closing = held->state.close(now);
        if (!closing.closed) return {false, closing.idle_from};
        floor = std::max(floor, closing.idle_from);
        take_out(at, hash);
        give_back(held);
        return {true, closing.idle_from};
    }

    /// Moves those behind that lie there for want of this place.
    template <class Hash>
    void take_out(std::uint32_t hole, Hash const& hash) noexcept {
        --count_;
        auto const moves = moves_.load(std::memory_order_relaxed);
        moves_.store(moves + 1, std::memory_order_relaxed);
        for (auto at = after(hole);; at = after(at)) {
            auto const value = slots_[at].load(std::memory_order_relaxed);
            if (value == 0) break;
            auto const home = home_of(hash(block_in(value)->key()));
            bool const stays = hole <= at ? hole < home && home <= at : hole < home || home <= at;
            if (stays) continue;
            slots_[hole].store(value, std::memory_order_release);
            hole = at;
        }
        slots_[hole].store(0, std::memory_order_release);
        moves_.store(moves + 2, std::memory_order_release);
    }

    slot* slots_ = nullptr;
    block_memory* memory_ = nullptr;
    std::uint32_t size_ = 0;
    std::uint32_t most_ = 0;
    std::uint32_t count_ = 0;
    std::uint32_t hand_ = 0;
    std::int64_t none_idle_before_ = earliest;
    std::atomic<std::uint32_t> moves_{0};  ///< odd while slots are moved; another after, or after a key's new block
    spare_blocks<block> spare_;
};

}  // namespace sallyport
