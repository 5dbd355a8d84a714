// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/multilinear_hash.hpp>
#include <sallyport/limit/block_memory.hpp>
#include <sallyport/limit/key_block.hpp>
#include <sallyport/limit/key_shard.hpp>
#include <sallyport/limit/mutexes_in_order.hpp>
#include <sallyport/model/bounded_list.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/large_array.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

namespace sallyport {

/// From a key of so many words, at least four, to its state, for at most `capacity` keys, hashed under a random key of
/// the table's own. Whoever only reads finds a key without a lock. Keys come and go in shards, each under a lock;
/// several keys at once are locked in one fixed order. It has no thread: idle keys are forgotten during ordinary calls,
/// and none but idle ones. Memory: 11 to 15 bytes for each key of a capacity from 16,384 on, which the system gives as
/// they are used (see `large_array`), and the blocks of the states, which are kept for the next key. Thread-safe; may
/// be moved while nobody uses it.
///
/// A `State` lies at the end of a block, with memory behind it, for `State::bytes_behind(capacity)`. Its functions:
///   - `State(capacity)`; `capacity()`: that one, whenever it is asked; and `start(state, from, generation)`: begins
///     anew for a key whose stamps start at a moment;
///   - `enter(state)` and `leave(held)`: nobody else uses it between them, not even one that found it without a lock;
///   - `take_over(held, other)`: begins with what another one holds, which then is used no more;
///   - `close(now)`: takes it out of use, for who found it without a lock too, if nothing in it counts any more;
///   - `held.idle_from()`: from when on nothing does, in nanoseconds of the steady clock, and never earlier than it said
///     before, but where something was given back. The beginning of time if nothing was ever counted, and its end for never.
template <std::size_t Words, class State>
class key_table {
public:
    using key_type = std::array<std::uint32_t, Words>;
    using held = typename State::held;
    using found = found_key<State>;

    explicit key_table(std::size_t capacity) : shared_(std::make_unique<shared>(capacity)) {}

    /// A known key's state; nothing if it is not known, and sometimes when it is, while others come and go.
    found find(key_type const& key) const noexcept {
        auto const hash = hash_(key);
        auto const seen = shared_->of(hash).find(key, hash);
        return seen.in ? found(*seen.in, seen.generation) : found();
    }

    /// The same, but that a known key's is found. Takes a lock where others go at that moment.
    found find_surely(key_type const& key) const {
        auto const hash = hash_(key);
        auto const seen = shared_->of(hash).find_surely(key, hash);
        return seen.in ? found(*seen.in, seen.generation) : found();
    }

    /// The way to the state of a key that is looked for soon. Its memory is asked for step by step, each of which needs
    /// what the one before has brought, while there is something else to do between them.
    class approach {
    public:
        approach(key_shard<Words, State> const& in, std::uint32_t hash) noexcept : in_(&in), hash_(hash) {
            in.prefetch_slot(hash);
        }

        void to_block() noexcept { at_ = in_->prefetch_block(hash_); }
        void to_state() const noexcept {
            if constexpr (requires { at_->state.prefetch(); }) {
                if (at_) at_->state.prefetch();
            }
        }

    private:
        key_shard<Words, State> const* in_;
        std::uint32_t hash_;
        key_block<Words, State> const* at_ = nullptr;
    };
    approach prefetch(key_type const& key) const noexcept {
        auto const hash = hash_(key);
        return {shared_->of(hash), hash};
    }

    /// Runs `use(states, enlarge)` on the states of at most `max_claims` keys, in their order, the same pointer for
    /// equal keys; no other call sees them meanwhile. `enlarge(i, capacity)` puts what the state at a place holds into
    /// a larger one. A new key has a state of `capacity_of(i)`; if nothing was counted for it, it is not kept. False,
    /// and `use` has not run, if there is no room for the new keys and none can be made by forgetting.
    ///
    /// Time: a look-up, and for a new key a look at a few others and at the capacities that are spare; without room, a look
    /// at all.
    template <class Keys, class CapacityOf, class Use>
    bool with(Keys const& keys, std::int64_t now, CapacityOf const& capacity_of, Use&& use) {
        place_list places;
        mutexes_in_order mutexes;
        for (std::size_t i = 0; i < keys.size(); ++i) {
            key_type const& key = keys[i];
            auto const hash = hash_(key);
            auto& in = shared_->of(hash);
            std::size_t first = 0;
            while (first < i && !(places[first].hash == hash && places[first].key == key)) ++first;
            places.append([&]() -> place { return {key, hash, first, &in, nullptr}; });
            mutexes.add(in.mutex);
        }
        for (;;) {
            auto const lacking = attempt(places, mutexes, now, capacity_of, use);
            if (lacking == 0) return true;
            if (lacking == no_room || !make_room(lacking, now)) return false;
        }
    }

    /// Forgets a key, whatever counts in it; whether it was there.
    bool erase(key_type const& key) {
        auto const hash = hash_(key);
        auto& in = shared_->of(hash);
        std::lock_guard const lock(in.mutex);
        auto* const known = in.find(key, hash).in;
        if (!known) return false;
        static_cast<void>(State::enter(known->state));
        in.erase(known, hash, hash_);
        --shared_->held_keys;
        return true;
    }

    /// How many keys are held: at most the capacity.
    std::size_t size() const noexcept { return shared_->held_keys.load(std::memory_order_relaxed); }

private:
    using block = key_block<Words, State>;
    using shard = key_shard<Words, State>;

    static constexpr std::size_t no_room = std::numeric_limits<std::size_t>::max();
    static constexpr std::int64_t earliest = std::numeric_limits<std::int64_t>::min();

    struct shared {
        static constexpr std::size_t shard_count = std::size_t{1} << shard::bits;

        explicit shared(std::size_t most) : slots(shard_count * shard::slots_for(share_of(most))), capacity(most) {
            auto const share = share_of(most);
            auto* first = slots.data();
            for (auto& each : shards) {
                each.begin(first, share, memory);
                first += shard::slots_for(share);
            }
        }

        static std::size_t share_of(std::size_t all) noexcept { return (all + shard_count - 1) / shard_count; }

        shard& of(std::uint32_t hash) noexcept { return shards[hash >> (32 - shard::bits)]; }

        /// Keeps room for so many keys, if there is.
        bool keep_room(std::size_t keys) noexcept {
            if (keys == 0) return true;
            auto taken = held_keys.load();
            do {
                if (keys > capacity - taken) return false;
            } while (!held_keys.compare_exchange_weak(taken, taken + keys));
            return true;
        }
        bool has_room(std::size_t for_keys) const noexcept { return for_keys <= capacity - held_keys.load(); }

        block_memory memory;
        large_array<typename shard::slot> slots;
        std::array<shard, shard_count> shards;
        std::atomic<std::size_t> held_keys{0};  ///< keys in all shards, and rooms kept for new ones
        std::size_t const capacity;
    };

    struct place {
        key_type key;
        std::uint32_t hash;
        std::size_t first;  ///< the place of the first equal key
        shard* in;
        block* known;  ///< null for a new key
    };
    using place_list = bounded_list<place, max_claims>;

    /// The keys of one call, from entering to leaving them. New ones for which nothing was counted leave the table
    /// again; for each that stays, a few others are looked at, so that idle ones get fewer.
    class visit {
    public:
        visit(key_table& table, std::size_t rooms, std::int64_t now) noexcept
            : table_(table), rooms_(rooms), now_(now) {}
        visit(visit const&) = delete;
        visit& operator=(visit const&) = delete;
        ~visit() {
            for (auto& each : entered_) leave(each);
            if (rooms_ > 0) table_.shared_->held_keys -= rooms_;
        }

        template <class CapacityOf>
        void enter(place_list const& places, CapacityOf const& capacity_of) {
            for (std::size_t i = 0; i < places.size(); ++i) {
                auto const& at = places[i];
                if (at.first != i) {
                    static_cast<void>(states.push_back(states[at.first]));
                    continue;
                }
                auto* const in = at.known ? at.known : at.in->obtain(capacity_of(i));
                auto& added = entered_.append([&]() -> entered {
                    return {&at, in, at.known ? State::enter(in->state) : begin(*in, at)};
                });
                static_cast<void>(states.push_back(&added.state));
            }
        }

        void enlarge(std::size_t i, std::uint32_t capacity) {
            auto const is_its = [&](entered const& each) { return &each.state == states[i]; };
            auto& its = *std::find_if(entered_.begin(), entered_.end(), is_its);
            auto const& at = *its.at;
            auto* const larger = at.in->obtain(capacity);
            its.state = State::take_over(begin(*larger, at), its.state);
            if (at.known) at.in->replace(its.in, larger, at.hash);
            at.in->give_back(std::exchange(its.in, larger));
        }

        bounded_list<held*, max_claims> states{};

    private:
        struct entered {
            place const* at;
            block* in;
            held state;
        };

        static held begin(block& in, place const& at) noexcept {
            // The key before the generation: who finds the new one must not take it for the old key's.
            for (std::size_t i = 0; i < Words; ++i) in.words[i].store(at.key[i], std::memory_order_release);
            return State::start(in.state, at.in->floor, in.begin_generation());
        }

        void leave(entered& key) noexcept {
            auto& in = *key.at->in;
            auto const idle_from = key.state.idle_from();
            bool const is_new = !key.at->known;
            if (is_new) {
                if (idle_from == earliest) return in.give_back(key.in);
                in.insert(key.in, key.at->hash);
                --rooms_;
            }
            State::leave(key.state);
            in.will_be_idle(idle_from);
            if (is_new) table_.shared_->held_keys -= in.forget_some(now_, table_.hash_);
        }

        key_table& table_;
        std::size_t rooms_;
        std::int64_t now_;
        bounded_list<entered, max_claims> entered_{};
    };

    /// Runs `use` if there is room for the new keys; if not, tells for how many there has to be, or that a shard has
    /// far more than its share already.
    template <class CapacityOf, class Use>
    std::size_t attempt(place_list& places, mutexes_in_order& mutexes, std::int64_t now, CapacityOf const& capacity_of,
                        Use& use) {
        std::lock_guard const lock(mutexes);
        std::size_t lacking = 0;
        bool fits = true;
        for (std::size_t i = 0; i < places.size(); ++i) {
            auto& at = places[i];
            if (at.first != i) continue;
            at.known = at.in->find(at.key, at.hash).in;
            if (!at.known) fits = at.in->has_room_for(++lacking) && fits;
        }
        if (!fits) return no_room;
        if (!shared_->keep_room(lacking)) return lacking;
        visit visiting(*this, lacking, now);
        visiting.enter(places, capacity_of);
        use(std::as_const(visiting.states),
            [&](std::size_t i, std::uint32_t capacity) { visiting.enlarge(i, capacity); });
        return 0;
    }

    /// Forgets idle keys wherever they are until there is room for so many; false if that is not enough.
    bool make_room(std::size_t for_keys, std::int64_t now) {
        for (auto& in : shared_->shards) {
            std::lock_guard const lock(in.mutex);
            while (!shared_->has_room(for_keys) && in.forget_one(now, hash_)) --shared_->held_keys;
        }
        return shared_->has_room(for_keys);
    }

    std::unique_ptr<shared> shared_;
    crypto::multilinear_hash<Words> hash_;
};

}  // namespace sallyport
