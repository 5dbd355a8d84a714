// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/blocked_until.hpp>
#include <sallyport/limit/key_table.hpp>
#include <sallyport/limit/rate_limiter.hpp>
#include <sallyport/limit/stamp_ring.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>

namespace sallyport {

/// An exact sliding window. A call is admitted if and only if the costs admitted before it within the window
/// that ends at its stamp, plus its own, are at most the limit; its stamp is the later of `now` and its key's
/// last admission. So no window of any position ever holds more than the limit, with any number of threads
/// and whatever the clock does, and a refused call changes nothing.
///
/// Quotas may differ from call to call: usage is remembered, never a limit. It is remembered as deep as the
/// highest limit and as far back as the longest window that was asked of a key. One that asks for more than any
/// before it counts what is there.
///
/// A call for one key that is known, of a cost of 1 or 0, takes no lock, whatever windows it has: one look-up, a few
/// looks at the key's last admissions, and one compare-and-swap if it is admitted. Others lock their keys' shards.
/// Memory: 8 bytes for each unit that a key's limit allows (above 1,024: that its usage needs) and at most 64, for at
/// most `max_clients` keys of proven clients and `max_unproven` keys of requests let in without a secret. Thread-safe.
class sliding_log {
public:
    /// What becomes of a new key for which there is no room, since all that are held count: it is answered `failed`, or
    /// admitted without being counted, which `untracked` tells.
    enum class when_full : std::uint8_t { fail, admit_untracked };

    struct options {
        std::size_t max_clients = std::size_t{1} << 20;
        std::size_t max_unproven = std::size_t{1} << 14;  ///< 8 KiB each for a limit of 1,000: 128 MiB if all are used
        std::size_t max_blocked = std::size_t{1} << 12;   ///< of each kind
        when_full full = when_full::fail;
    };

    sliding_log() : sliding_log(options{}) {}
    explicit sliding_log(options const& bounds)
        : proven_(bounds.max_clients, bounds.max_blocked),
          unproven_(bounds.max_unproven, bounds.max_blocked),
          full_(bounds.full),
          untracked_(std::make_unique<std::atomic<std::uint64_t>>(0)) {}

    /// All claims of one call are of one kind: of a proven client, or of a request let in without a secret. Other
    /// calls fail, and those of more than `max_claims`. Throws what allocation throws, and nothing has changed.
    allowance take(std::span<claim const> claims, steady_time now) { return answer(claims, now, true); }

    /// What `take` would answer, but that nothing is counted, and `remaining` and `reset` are as things stand.
    allowance look(std::span<claim const> claims, steady_time now) { return answer(claims, now, false); }

    /// Takes back what an admission counted for a key, after work that failed, say; whether it was still there. Its
    /// stamp is the receipt's.
    bool give_back(rate_key const& key, std::uint32_t cost, receipt const& of) {
        return in_kind(key, [&](auto& in, auto const& words) {
            std::uint32_t gone = 0;
            auto const stamp = of.stamp.time_since_epoch().count();
            auto const use = [&](auto const& rings, auto const&) { gone = rings[0]->give_back(stamp, cost); };
            in.rings.with(
                std::span(&words, 1), stamp, [](std::size_t) { return std::uint32_t{1}; }, use);
            return gone > 0;
        });
    }

    /// Forgets what a key has used; whether it had used anything.
    bool reset(rate_key const& key) {
        return in_kind(key, [](auto& in, auto const& words) { return in.rings.erase(words); });
    }

    /// Refuses every call that names this key, a shadow claim's too, until a moment; one that is not after `now` ends
    /// it. False if more keys are blocked already than there is room for.
    bool block(rate_key const& key, steady_time until, steady_time now) {
        auto const end = until.time_since_epoch().count();
        auto const moment = now.time_since_epoch().count();
        return in_kind(key, [&](auto& in, auto const& words) {
            if (end <= moment) return in.blocked.erase(words), true;
            auto const use = [&](auto const& marks, auto const&) { marks[0]->set(end); };
            return in.blocked.with(
                std::span(&words, 1), moment, [](std::size_t) { return std::uint32_t{0}; }, use);
        });
    }

    /// How many keys are remembered.
    std::size_t size() const noexcept { return proven_.rings.size() + unproven_.rings.size(); }

    /// How many calls were admitted without being counted, for want of room.
    std::uint64_t untracked() const noexcept { return untracked_->load(std::memory_order_relaxed); }

private:
    using proven_key = std::array<std::uint32_t, 4 + 1>;
    using unproven_key = std::array<std::uint32_t, 4 + 1 + 4 + 1>;

    /// The keys of one kind.
    template <class Key>
    struct kind_of_keys {
        using key_type = Key;

        kind_of_keys(std::size_t keys, std::size_t most_blocked) : rings(keys), blocked(most_blocked) {}

        key_table<std::tuple_size_v<Key>, stamp_ring> rings;
        key_table<std::tuple_size_v<Key>, blocked_until> blocked;
    };

    static constexpr std::uint32_t first_capacity = 1024;

    template <class Key>
    static Key words_of(rate_key const& of) noexcept {
        Key words{};
        std::memcpy(words.data(), of.client.bytes().data(), 16);
        words[4] = of.api;
        if constexpr (std::is_same_v<Key, unproven_key>) {
            std::memcpy(words.data() + 5, of.peer.bytes().data(), 16);
            words[9] = static_cast<std::uint32_t>(of.peer.kind());
        }
        return words;
    }

    template <class Use>
    bool in_kind(rate_key const& key, Use const& use) {
        return key.proven ? use(proven_, words_of<proven_key>(key)) : use(unproven_, words_of<unproven_key>(key));
    }

    allowance answer(std::span<claim const> claims, steady_time now, bool counting) {
        allowance made;
        if (claims.empty()) made.outcome = allowance::verdict::admitted;
        if (claims.empty() || claims.size() > max_claims) return made;
        bool const proven = claims.front().key.proven;
        for (auto const& each : claims) {
            if (each.key.proven != proven) return made;
        }
        auto const ticks = now.time_since_epoch().count();
        proven ? answer(proven_, claims, ticks, counting, made) : answer(unproven_, claims, ticks, counting, made);
        return made;
    }

    template <class Keys>
    void answer(Keys& keys, std::span<claim const> claims, std::int64_t now, bool counting, allowance& made) {
        auto const blocked = keys.blocked.size() == 0 ? now : blocked_of(keys, claims, now);
        counting = counting && blocked <= now;
        if (!answer_alone(keys, claims, now, counting, made)) answer_together(keys, claims, now, counting, made);
        if (blocked <= now) return;
        made.outcome = allowance::verdict::refused;
        for (auto& state : made.states) {
            state.retry_after = std::max(state.retry_after, std::chrono::nanoseconds(blocked - now));
        }
    }

    /// Until when the call is blocked.
    template <class Keys>
    static std::int64_t blocked_of(Keys const& keys, std::span<claim const> claims, std::int64_t now) noexcept {
        auto latest = now;
        for (auto const& each : claims) {
            auto const mark = keys.blocked.find(words_of<typename Keys::key_type>(each.key));
            if (!mark) continue;
            auto const until = mark->get();
            if (mark.is_still()) latest = std::max(latest, until);
        }
        return latest;
    }

    template <class Keys>
    void answer_together(Keys& keys, std::span<claim const> claims, std::int64_t now, bool counting, allowance& made) {
        using key_type = typename Keys::key_type;
        made = {};
        bounded_list<key_type, max_claims> words;
        for (auto const& each : claims) static_cast<void>(words.push_back(words_of<key_type>(each.key)));
        // As many slots as the budget's highest limit, so that a client in use never waits for memory.
        auto const capacity_of = [&](std::size_t i) {
            std::uint32_t most = 1;
            for (std::size_t j = i; j < claims.size(); ++j) {
                if (words[j] == words[i]) most = std::max(most, claims[j].quota.limit());
            }
            return std::min(most, first_capacity);
        };
        auto const use = [&](auto const& rings, auto const& enlarge) {
            for (std::size_t i = 0; i < claims.size(); ++i) rings[i]->look_back(claims[i].quota);
            auto const ring_of = [&](std::size_t i) -> stamp_ring::view const& { return *rings[i]; };
            static_cast<void>(judge(claims, ring_of, now, counting, made));
            if (counting && made.outcome == allowance::verdict::admitted) commit(claims, rings, enlarge, now);
        };
        bool const has_room = keys.rings.with({words.data(), words.size()}, now, capacity_of, use);
        if (has_room || full_ == when_full::fail) return;
        made.outcome = allowance::verdict::admitted;
        for (auto const& each : claims) {
            static_cast<void>(made.states.push_back(untouched(each)));
            if (each.cost > each.quota.limit() && !each.shadow) made.outcome = allowance::verdict::refused;
        }
        made.receipt.stamp = steady_time(std::chrono::nanoseconds(now));
        if (counting && made.outcome == allowance::verdict::admitted)
            untracked_->fetch_add(1, std::memory_order_relaxed);
    }

    static rate_state untouched(claim const& asked) noexcept {
        return {.name = asked.name,
                .quota = asked.quota,
                .remaining = asked.quota.limit(),
                .retry_after = asked.cost > asked.quota.limit() ? never : std::chrono::nanoseconds{0},
                .shadow = asked.shadow};
    }

    /// Answers a call for one known key that nobody has to be kept out for; false, and nothing was done, if it is none.
    template <class Keys>
    static bool answer_alone(Keys& keys, std::span<claim const> claims, std::int64_t now, bool counting,
                             allowance& made) {
        auto const& first = claims.front();
        if (first.cost > 1 && counting) return false;
        for (auto const& each : claims.subspan(1)) {
            if (each.cost != first.cost || each.key != first.key) return false;
        }
        auto const ring = keys.rings.find(words_of<typename Keys::key_type>(first.key));
        if (!ring) return false;
        for (;;) {
            auto const seen = ring->look();
            if (!seen) return false;
            for (auto const& each : claims) {
                if (!ring->reaches(each.quota)) return false;
            }
            auto const ring_of = [&](std::size_t) -> stamp_ring::view const& { return *seen; };
            auto const notes = judge(claims, ring_of, now, counting, made);
            if (!ring.is_still()) return false;
            if (seen->overtaken()) continue;
            if (made.outcome != allowance::verdict::admitted || first.cost == 0 || !counting) return true;
            switch (ring->admit_one(*seen, seen->stamp(now), notes)) {
                case stamp_ring::admission::done: return true;
                case stamp_ring::admission::overtaken: continue;
                case stamp_ring::admission::no_room: return false;
            }
        }
    }

    /// The answer, by what each claim's key was admitted before; an admission is yet to be counted. What a single key's
    /// ring should note of its windows is returned.
    template <class RingOf>
    static std::uint32_t judge(std::span<claim const> claims, RingOf const& ring_of, std::int64_t now, bool counting,
                               allowance& answer) noexcept {
        answer.outcome = allowance::verdict::admitted;
        answer.states = {};
        for (std::size_t i = 0; i < claims.size(); ++i) {
            auto const& asked = claims[i];
            auto const wait = ring_of(i).wait(asked.quota, asked.cost, now);
            if (wait != 0 && !asked.shadow) answer.outcome = allowance::verdict::refused;
            static_cast<void>(answer.states.push_back({.name = asked.name,
                                                       .quota = asked.quota,
                                                       .retry_after = std::chrono::nanoseconds(wait),
                                                       .shadow = asked.shadow}));
        }
        bool const admitted = answer.outcome == allowance::verdict::admitted;
        std::uint32_t notes = 0;
        for (std::size_t i = 0; i < claims.size(); ++i) {
            auto const used =
                show_usage(answer.states[i], ring_of(i), i, admitted && counting ? claims[i].cost : 0, now);
            notes |= stamp_ring::note(i, used);
        }
        if (admitted) {
            auto const& first = ring_of(0);
            answer.receipt = {steady_time(std::chrono::nanoseconds(first.stamp(now))), first.position()};
        }
        return notes;
    }

    /// Says how a window stands once so much more is counted, and what of it is then used.
    static std::uint32_t show_usage(rate_state& state, stamp_ring::view const& ring, std::size_t place,
                                    std::uint32_t cost, std::int64_t now) noexcept {
        auto const limit = state.quota.limit();
        auto const used = ring.used(state.quota, now, ring.guess(place));
        auto const used_after = used + std::min(cost, limit - used);
        auto const until_next = [&] {
            if (used_after == 0) return std::int64_t{0};
            return used_after <= cost ? ring.until_gone(state.quota, now)
                                      : ring.until_freed(state.quota, used_after - cost, now);
        };
        state.remaining = limit - used_after;
        state.reset = std::chrono::nanoseconds(until_next());
        return used_after;
    }

    /// Counts the usage once for each key, however many windows of it were claimed: for all keys, or for none.
    template <class Rings, class Enlarge>
    static void commit(std::span<claim const> claims, Rings const& rings, Enlarge const& enlarge, std::int64_t now) {
        for (std::size_t i = 0; i < claims.size(); ++i) {
            if (auto const capacity = rings[i]->lacking(claims[i].cost, now)) enlarge(i, capacity);
        }
        for (std::size_t i = 0; i < claims.size(); ++i) {
            bool const counted = std::find(rings.begin(), rings.begin() + i, rings[i]) != rings.begin() + i;
            if (!counted) rings[i]->admit(claims[i].cost, now);
        }
    }

    kind_of_keys<proven_key> proven_;
    kind_of_keys<unproven_key> unproven_;
    when_full full_;
    std::unique_ptr<std::atomic<std::uint64_t>> untracked_;
};

}  // namespace sallyport
