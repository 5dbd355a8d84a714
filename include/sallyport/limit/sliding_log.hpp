// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/key_table.hpp>
#include <sallyport/limit/rate_limiter.hpp>
#include <sallyport/limit/stamp_ring.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
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
/// most `max_clients` keys of proven clients and `max_unproven` keys of requests let in without a secret; a new key
/// beyond that is answered `failed`. Thread-safe.
class sliding_log {
public:
    struct options {
        std::size_t max_clients = std::size_t{1} << 20;
        std::size_t max_unproven = std::size_t{1} << 14;  ///< 8 KiB each for a limit of 1,000: 128 MiB if all are used
    };

    sliding_log() : sliding_log(options{}) {}
    explicit sliding_log(options const& bounds) : proven_(bounds.max_clients), unproven_(bounds.max_unproven) {}

    /// All claims of one call are of one kind: of a proven client, or of a request let in without a secret. Other
    /// calls fail, and those of more than `max_claims`. Throws what allocation throws, and nothing has changed.
    allowance take(std::span<claim const> claims, steady_time now) {
        allowance answer;
        if (claims.empty()) answer.outcome = allowance::verdict::admitted;
        if (claims.empty() || claims.size() > max_claims) return answer;
        bool const proven = claims.front().key.proven;
        for (auto const& each : claims) {
            if (each.key.proven != proven) return answer;
        }
        auto const ticks = now.time_since_epoch().count();
        proven ? take(proven_, claims, ticks, answer) : take(unproven_, claims, ticks, answer);
        return answer;
    }

    /// How many keys are remembered.
    std::size_t size() const noexcept { return proven_.size() + unproven_.size(); }

private:
    using proven_key = std::array<std::uint32_t, 4 + 1>;
    using unproven_key = std::array<std::uint32_t, 4 + 1 + 4 + 1>;
    template <class Key>
    using table = key_table<std::tuple_size_v<Key>, stamp_ring>;

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

    template <class Table>
    static void take(Table& keys, std::span<claim const> claims, std::int64_t now, allowance& answer) {
        using key_type = typename Table::key_type;
        if (take_alone(keys, claims, now, answer)) return;
        answer = {};
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
        keys.with({words.data(), words.size()}, now, capacity_of, [&](auto const& rings, auto const& enlarge) {
            for (std::size_t i = 0; i < claims.size(); ++i) rings[i]->look_back(claims[i].quota);
            auto const ring_of = [&](std::size_t i) -> stamp_ring::view const& { return *rings[i]; };
            static_cast<void>(judge(claims, ring_of, now, answer));
            if (answer.outcome == allowance::verdict::admitted) commit(claims, rings, enlarge, now);
        });
    }

    /// Answers a call for one known key that nobody has to be kept out for; false, and nothing was done, if it is none.
    template <class Table>
    static bool take_alone(Table& keys, std::span<claim const> claims, std::int64_t now, allowance& answer) {
        auto const& first = claims.front();
        if (first.cost > 1) return false;
        for (auto const& each : claims.subspan(1)) {
            if (each.cost != first.cost || each.key != first.key) return false;
        }
        auto const ring = keys.find(words_of<typename Table::key_type>(first.key));
        if (!ring) return false;
        for (;;) {
            auto const seen = ring->look();
            if (!seen || !ring.is_still()) return false;
            for (auto const& each : claims) {
                if (!ring->reaches(each.quota)) return false;
            }
            auto const ring_of = [&](std::size_t) -> stamp_ring::view const& { return *seen; };
            auto const notes = judge(claims, ring_of, now, answer);
            if (seen->overtaken()) continue;
            if (answer.outcome != allowance::verdict::admitted || first.cost == 0) return true;
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
    static std::uint32_t judge(std::span<claim const> claims, RingOf const& ring_of, std::int64_t now,
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
            auto const used = show_usage(answer.states[i], ring_of(i), i, admitted ? claims[i].cost : 0, now);
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

    table<proven_key> proven_;
    table<unproven_key> unproven_;
};

}  // namespace sallyport
