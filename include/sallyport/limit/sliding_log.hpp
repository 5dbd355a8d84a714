// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/claim_tables.hpp>
#include <sallyport/limit/rate_limiter.hpp>
#include <sallyport/limit/stamp_ring.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

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
    explicit sliding_log(options const& bounds) : keys_(bounds.max_clients, bounds.max_unproven) {}

    /// All claims of one call are of one kind: of a proven client, or of a request let in without a secret. Other
    /// calls fail, and those of more than `max_claims`. Throws what allocation throws, and nothing has changed.
    allowance take(std::span<claim const> claims, steady_time now) {
        auto const ticks = now.time_since_epoch().count();
        return keys_.answer(claims, [&](auto& table) { return take(table, claims, ticks); });
    }

    /// How many keys are remembered.
    std::size_t size() const noexcept { return keys_.size(); }

private:
    static constexpr std::uint32_t first_capacity = 1024;

    template <class Table>
    static allowance take(Table& table, std::span<claim const> claims, std::int64_t now) {
        if (auto const alone = take_alone(table, claims, now)) return *alone;
        // As many slots as the budget's highest limit, so that a client in use never waits for memory.
        auto const capacity_of = [&](std::size_t i) {
            std::uint32_t most = 1;
            for (auto const& each : claims.subspan(i)) {
                if (each.key == claims[i].key) most = std::max(most, each.quota.limit());
            }
            return std::min(most, first_capacity);
        };
        allowance answer;
        table.with(claims, now, capacity_of, [&](auto const& rings, auto const& enlarge) {
            for (std::size_t i = 0; i < claims.size(); ++i) rings[i]->look_back(claims[i].quota);
            auto const of = [&](std::size_t i) -> stamp_ring::view const& { return *rings[i]; };
            answer = judge(claims, of, now);
            if (answer.outcome == allowance::verdict::admitted) commit(claims, rings, enlarge, now);
        });
        return answer;
    }

    /// The answer to a call for one known key that nobody has to be kept out for, if it is one.
    template <class Table>
    static std::optional<allowance> take_alone(Table& table, std::span<claim const> claims, std::int64_t now) {
        auto const& first = claims.front();
        if (first.cost > 1 || !are_of_one_key(claims)) return std::nullopt;
        auto const ring = table.find(first.key);
        if (!ring) return std::nullopt;
        for (;;) {
            auto const seen = ring->look();
            if (!seen || !ring.is_still()) return std::nullopt;
            for (auto const& each : claims) {
                if (!ring->reaches(each.quota)) return std::nullopt;
            }
            auto const answer = judge(
                claims, [&](std::size_t) -> stamp_ring::view const& { return *seen; }, now);
            if (seen->overtaken()) continue;
            if (answer.outcome != allowance::verdict::admitted || first.cost == 0) return answer;
            switch (ring->admit_one(*seen, seen->stamp(now))) {
                case stamp_ring::admission::done: return answer;
                case stamp_ring::admission::overtaken: continue;
                case stamp_ring::admission::no_room: return std::nullopt;
            }
        }
    }

    /// The answer, by what each claim's key was admitted before; an admission is yet to be counted.
    template <class RingOf>
    static allowance judge(std::span<claim const> claims, RingOf const& ring_of, std::int64_t now) noexcept {
        allowance answer{.outcome = allowance::verdict::admitted};
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
        for (std::size_t i = 0; i < claims.size(); ++i) {
            show_usage(answer.states[i], ring_of(i), admitted ? claims[i].cost : 0, now);
        }
        if (answer.outcome == allowance::verdict::admitted) {
            auto const& first = ring_of(0);
            answer.receipt = {steady_time(std::chrono::nanoseconds(first.stamp(now))), first.position()};
        }
        return answer;
    }

    /// How a window stands once so much more is counted.
    static void show_usage(rate_state& state, stamp_ring::view const& ring, std::uint32_t cost,
                           std::int64_t now) noexcept {
        auto const limit = state.quota.limit();
        auto const used = ring.used(state.quota, now);
        auto const used_after = used + std::min(cost, limit - used);
        state.remaining = limit - used_after;
        auto const freed = used_after <= cost ? (used_after == 0 ? 0 : ring.until_gone(state.quota, now))
                                              : ring.until_freed(state.quota, used_after - cost, now);
        state.reset = std::chrono::nanoseconds(freed);
    }

    /// Counts the usage for all keys, or for none.
    template <class Rings, class Enlarge>
    static void commit(std::span<claim const> claims, Rings const& rings, Enlarge const& enlarge, std::int64_t now) {
        for (std::size_t i = 0; i < claims.size(); ++i) {
            if (auto const capacity = rings[i]->lacking(claims[i].cost, now)) enlarge(i, capacity);
        }
        once_a_key(rings, [&](std::size_t i) { rings[i]->admit(claims[i].cost, now); });
    }

    claim_tables<stamp_ring> keys_;
};

}  // namespace sallyport
