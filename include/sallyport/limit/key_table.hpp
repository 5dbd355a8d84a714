// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/keyed_hash.hpp>
#include <sallyport/model/bounded_list.hpp>
#include <sallyport/model/claim.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sallyport {

/// From a key to its state, for at most `capacity` keys, hashed under a random key of the table's own. Keys lie
/// in shards, each under a lock; several keys at once are locked in one fixed order. It has no thread: idle keys
/// are forgotten during ordinary calls, and none but idle ones. Thread-safe; may be moved while nobody uses it.
///
/// A `State` is made from the moment at which its stamps start, and tells from when on nothing in it counts:
/// `State(std::int64_t start)` and `std::int64_t idle_from() const noexcept`, in nanoseconds of the steady clock.
/// The answer never gets earlier. It is the beginning of time if nothing was ever counted, and its end for never.
template <class State>
class key_table {
public:
    using state_list = bounded_list<State*, max_claims>;

    explicit key_table(std::size_t capacity) : shared_(std::make_unique<shared>(capacity)) {}

    /// Runs `use` on the states of at most `max_claims` keys, in their order, the same pointer for equal keys; no
    /// other call sees them meanwhile. A new key for which nothing was counted is not kept. False, and `use` has
    /// not run, if there is no room for the new keys and none can be made by forgetting.
    ///
    /// Time: a look-up; for a new key the logarithm of its shard's size, amortised over the admissions before.
    template <class Use>
    bool with(std::span<rate_key const> keys, std::int64_t now, Use&& use) {
        place_list places;
        for (auto const& key : keys) static_cast<void>(places.push_back(place_of(key)));
        while (auto const lacking = attempt(places, now, use)) {
            if (!make_room(lacking, now)) return false;
        }
        return true;
    }

    /// How many keys are held: at most the capacity.
    std::size_t size() const noexcept { return shared_->held.load(std::memory_order_relaxed); }

private:
    static constexpr std::size_t shard_bits = 6;
    static constexpr std::size_t not_worth_forgetting = 16;  ///< keys in a shard
    static constexpr std::int64_t earliest = std::numeric_limits<std::int64_t>::min();
    static constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();

    struct hashed_key {
        rate_key key{};
        std::size_t hash = 0;

        friend bool operator==(hashed_key const& a, hashed_key const& b) noexcept { return a.key == b.key; }
    };
    struct known_hash {
        std::size_t operator()(hashed_key const& of) const noexcept { return of.hash; }
    };
    using state_map = std::unordered_map<hashed_key, State, known_hash>;
    using entry = typename state_map::value_type;

    /// A key, and from when on it was idle when last looked at. By now it may be idle later, never earlier.
    struct queued {
        entry* key;
        std::int64_t idle_from;

        friend bool operator<(queued const& a, queued const& b) noexcept { return a.idle_from > b.idle_from; }
    };

    struct shard {
        std::mutex mutex;
        state_map states;
        std::vector<queued> queue;      ///< a heap of the keys, the first to be idle in front; has room for all
        std::int64_t floor = earliest;  ///< from here on none of those forgotten counted: where new keys start

        void erase(entry const& gone) noexcept { states.erase(states.find(gone.first)); }
        void enqueue(entry& key) noexcept {
            queue.push_back({&key, key.second.idle_from()});
            std::push_heap(queue.begin(), queue.end());
        }
        entry& dequeue() noexcept {
            std::pop_heap(queue.begin(), queue.end());
            auto* const key = queue.back().key;
            queue.pop_back();
            return *key;
        }
    };

    struct shared {
        explicit shared(std::size_t most) noexcept : capacity(most) {}

        /// Keeps room for so many keys, if there is.
        bool keep_room(std::size_t keys) noexcept {
            if (keys == 0) return true;
            auto taken = held.load();
            do {
                if (keys > capacity - taken) return false;
            } while (!held.compare_exchange_weak(taken, taken + keys));
            return true;
        }
        bool has_room(std::size_t for_keys) const noexcept { return for_keys <= capacity - held.load(); }

        /// Looks at the key that may have been idle for longest, and forgets it if it is. False if none can be idle.
        bool look_for_idle(shard& in, std::int64_t now) noexcept {
            if (in.queue.empty() || !is_past(in.queue.front().idle_from, now)) return false;
            auto& oldest = in.dequeue();
            if (auto const idle_from = oldest.second.idle_from(); is_past(idle_from, now)) {
                in.floor = std::max(in.floor, idle_from);
                in.erase(oldest);
                --held;
            } else {
                in.enqueue(oldest);
            }
            return true;
        }
        static bool is_past(std::int64_t moment, std::int64_t now) noexcept {
            return moment <= now && moment != latest;
        }

        std::array<shard, std::size_t{1} << shard_bits> shards;
        std::atomic<std::size_t> held{0};  ///< keys in all shards, and rooms kept for new ones
        std::size_t const capacity;
    };

    struct place {
        hashed_key key{};
        shard* in = nullptr;
    };
    using place_list = bounded_list<place, max_claims>;

    /// The new keys of one call, for which room was kept. At its end those for which nothing was counted leave
    /// again; for each that stays, two others are looked at, so that idle ones get fewer.
    class arrivals {
    public:
        arrivals(shared& table, std::size_t rooms, std::int64_t now) noexcept
            : table_(table), rooms_(rooms), now_(now) {}
        arrivals(arrivals const&) = delete;
        arrivals& operator=(arrivals const&) = delete;
        ~arrivals() {
            for (auto const& each : made_) settle(*each.in, *each.key);
            if (rooms_ > 0) table_.held -= rooms_;
        }

        State* make(place const& at) {
            auto& in = *at.in;
            auto const [made, is_new] = in.states.try_emplace(at.key, in.floor);
            if (is_new) static_cast<void>(made_.push_back({&in, &*made}));
            if (in.queue.capacity() < in.states.size()) in.queue.reserve(in.states.size() * 2);
            return &made->second;
        }

    private:
        struct arrival {
            shard* in = nullptr;
            entry* key = nullptr;
        };

        void settle(shard& in, entry& key) noexcept {
            if (key.second.idle_from() == earliest) return in.erase(key);
            in.enqueue(key);
            --rooms_;
            if (in.states.size() <= not_worth_forgetting) return;
            for (int i = 0; i < 2; ++i) table_.look_for_idle(in, now_);
        }

        shared& table_;
        std::size_t rooms_;
        std::int64_t now_;
        bounded_list<arrival, max_claims> made_{};
    };

    place place_of(rate_key const& key) const noexcept {
        std::array<std::uint8_t, 16 + 16 + 4 + 2> bytes{};
        auto const peer = std::copy(key.client.bytes().begin(), key.client.bytes().end(), bytes.begin());
        auto at = std::copy(key.peer.bytes().begin(), key.peer.bytes().end(), peer);
        for (unsigned shift = 0; shift < 32; shift += 8) *at++ = static_cast<std::uint8_t>(key.api >> shift);
        *at++ = static_cast<std::uint8_t>(key.peer.kind());
        *at = static_cast<std::uint8_t>(key.proven);
        auto const hash = hash_(std::span<std::uint8_t const>(bytes));
        return {{key, hash}, &shared_->shards[hash >> (std::numeric_limits<std::size_t>::digits - shard_bits)]};
    }

    static auto lock(place_list const& places) {
        bounded_list<shard*, max_claims> order;
        for (auto const& each : places) static_cast<void>(order.push_back(each.in));
        // g++ 12 warns that std::sort's threshold of 16 lies outside of these four (-Warray-bounds at -O2).
        std::make_heap(order.begin(), order.end());
        std::sort_heap(order.begin(), order.end());
        std::array<std::unique_lock<std::mutex>, max_claims> locks;
        for (std::size_t i = 0; i < order.size(); ++i) {
            if (i == 0 || order[i] != order[i - 1]) locks[i] = std::unique_lock(order[i]->mutex);
        }
        return locks;
    }

    /// Runs `use` if there is room for the new keys; if not, tells for how many there has to be.
    template <class Use>
    std::size_t attempt(place_list const& places, std::int64_t now, Use& use) {
        auto const locks = lock(places);
        state_list states;
        std::size_t lacking = 0;
        for (auto const& each : places) {
            auto const known = each.in->states.find(each.key);
            bool const is_known = known != each.in->states.end();
            static_cast<void>(states.push_back(is_known ? &known->second : nullptr));
            auto const is_same = [&](place const& other) { return other.key == each.key; };
            if (!is_known && std::none_of(places.begin(), &each, is_same)) ++lacking;
        }
        if (!shared_->keep_room(lacking)) return lacking;
        arrivals arriving(*shared_, lacking, now);
        for (std::size_t i = 0; i < places.size(); ++i) {
            if (!states[i]) states[i] = arriving.make(places[i]);
        }
        use(std::as_const(states));
        return 0;
    }

    /// Forgets idle keys wherever they are until there is room for so many; false if that is not enough.
    bool make_room(std::size_t for_keys, std::int64_t now) {
        for (auto& in : shared_->shards) {
            std::lock_guard const lock(in.mutex);
            while (!shared_->has_room(for_keys) && shared_->look_for_idle(in, now)) {
            }
        }
        return shared_->has_room(for_keys);
    }

    std::unique_ptr<shared> shared_;
    crypto::keyed_hash hash_;
};

}  // namespace sallyport
