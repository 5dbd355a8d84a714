// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/keyed_hash.hpp>
#include <sallyport/model/bounded_list.hpp>
#include <sallyport/model/claim.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <utility>

namespace sallyport {

/// From a key to its state, for at most `capacity` keys, hashed under a random key of the table's own. Keys
/// lie in shards, each under a lock; several keys at once are locked in one fixed order. It has no thread:
/// idle keys are forgotten during ordinary calls, and none but idle ones. Thread-safe.
///
/// A `State` is made from the moment at which its stamps start, and tells from when on nothing in it counts:
/// `State(std::int64_t start)` and `std::int64_t idle_from() const`, in nanoseconds of the steady clock.
template <class State>
class key_table {
public:
    explicit key_table(std::size_t capacity)
        : shards_(std::make_unique<std::array<shard, shard_count>>()),
          shard_capacity_(std::max<std::size_t>(1, (capacity + shard_count - 1) / shard_count)) {}

    /// The states of the keys, in their order, while `use` runs; the same pointer for equal keys, and null
    /// for a new key that no room was left for. No other call sees a state between its changes.
    template <class Use>
    auto with(std::span<rate_key const> keys, std::int64_t now, Use&& use) {
        bounded_list<std::size_t, max_claims> places;
        for (auto const& key : keys) static_cast<void>(places.push_back(hash_(key) % shard_count));
        auto order = places;
        std::sort(order.begin(), order.end());
        std::array<std::unique_lock<std::mutex>, max_claims> locks;
        for (std::size_t i = 0; i < order.size(); ++i) {
            if (i == 0 || order[i] != order[i - 1]) locks[i] = std::unique_lock((*shards_)[order[i]].mutex);
        }
        for (std::size_t i = 0; i < keys.size(); ++i) make_room((*shards_)[places[i]], keys[i], now);
        bounded_list<State*, max_claims> states;
        for (std::size_t i = 0; i < keys.size(); ++i) {
            static_cast<void>(states.push_back(state_of((*shards_)[places[i]], keys[i])));
        }
        return use(std::as_const(states));
    }

    /// How many keys are held. Takes each lock in turn.
    std::size_t size() const {
        std::size_t total = 0;
        for (auto& part : *shards_) {
            std::lock_guard const lock(part.mutex);
            total += part.states.size();
        }
        return total;
    }

private:
    static constexpr std::size_t shard_count = 64;
    static constexpr std::int64_t earliest = std::numeric_limits<std::int64_t>::min();
    static constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();

    struct key_hash : crypto::keyed_hash {
        std::size_t operator()(rate_key const& key) const noexcept {
            std::array<std::uint8_t, 16 + 16 + 4 + 2> bytes{};
            auto const after_client = std::copy(key.client.bytes().begin(), key.client.bytes().end(), bytes.begin());
            auto at = std::copy(key.peer.bytes().begin(), key.peer.bytes().end(), after_client);
            for (unsigned shift = 0; shift < 32; shift += 8) *at++ = static_cast<std::uint8_t>(key.api >> shift);
            *at++ = static_cast<std::uint8_t>(key.peer.kind());
            *at = static_cast<std::uint8_t>(key.proven);
            return crypto::keyed_hash::operator()(bytes);
        }
    };

    struct shard {
        mutable std::mutex mutex;
        std::unordered_map<rate_key, State, key_hash> states;
        std::size_t next_sweep = 16;        ///< look for idle keys when there are this many
        std::int64_t next_idle = earliest;  ///< no key is idle before this moment
        std::int64_t floor = earliest;      ///< a key forgotten at this moment starts here when it comes again
    };

    /// Before any state is handed out, since a state that is handed out may not be forgotten.
    void make_room(shard& in, rate_key const& key, std::int64_t now) {
        if (now < in.next_idle || in.states.contains(key)) return;
        if (in.states.size() >= std::min(in.next_sweep, shard_capacity_)) forget_idle(in, now);
    }

    State* state_of(shard& in, rate_key const& key) {
        if (auto const known = in.states.find(key); known != in.states.end()) return &known->second;
        if (in.states.size() >= shard_capacity_) return nullptr;
        return &in.states.try_emplace(key, in.floor).first->second;
    }

    /// Amortised over the insertions between two sweeps, unless the table is full of live keys.
    static void forget_idle(shard& in, std::int64_t now) {
        auto first_idle = latest;
        bool forgot = false;
        for (auto each = in.states.begin(); each != in.states.end();) {
            auto const idle_from = each->second.idle_from();
            if (idle_from <= now && idle_from != latest) {
                each = in.states.erase(each);
                forgot = true;
            } else {
                first_idle = std::min(first_idle, idle_from);
                ++each;
            }
        }
        if (forgot) in.floor = std::max(in.floor, now);
        in.next_idle = first_idle;
        in.next_sweep = std::max<std::size_t>(16, in.states.size() * 2);
    }

    std::unique_ptr<std::array<shard, shard_count>> shards_;
    std::size_t shard_capacity_;
    key_hash hash_;
};

}  // namespace sallyport
