// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/key_table.hpp>
#include <sallyport/limit/rate_limiter.hpp>
#include <sallyport/limit/stamp_ring.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
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
/// Memory: 8 bytes for each unit that a key's limit allows (above 1,024: that its usage needs), for at most
/// `max_clients` keys of proven clients and `max_unproven` keys of requests let in without a secret; a new key
/// beyond that is answered `failed`. Time: one look-up under a lock, and the logarithm of the limit. Thread-safe.
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
        if (claims.empty()) return {.outcome = allowance::verdict::admitted};
        if (claims.size() > max_claims) return {};
        bool const proven = claims.front().key.proven;
        bounded_list<rate_key, max_claims> keys;
        for (auto const& each : claims) {
            if (each.key.proven != proven) return {};
            static_cast<void>(keys.push_back(each.key));
        }
        auto const ticks = now.time_since_epoch().count();
        allowance answer;
        (proven ? proven_ : unproven_).with({keys.data(), keys.size()}, ticks, [&](auto const& rings) {
            answer = decide(claims, rings, ticks);
        });
        return answer;
    }

    /// How many keys are remembered.
    std::size_t size() const noexcept { return proven_.size() + unproven_.size(); }

private:
    template <class Rings>
    static allowance decide(std::span<claim const> claims, Rings const& rings, std::int64_t now) {
        allowance answer{.outcome = allowance::verdict::admitted};
        for (std::size_t i = 0; i < claims.size(); ++i) {
            rings[i]->look_back(claims[i].quota);
            auto const state = state_before(claims[i], *rings[i], now);
            if (state.exceeded() && !state.shadow) answer.outcome = allowance::verdict::refused;
            static_cast<void>(answer.states.push_back(state));
        }
        if (answer.outcome == allowance::verdict::admitted) answer.receipt = commit(claims, rings, now);
        for (std::size_t i = 0; i < claims.size(); ++i) show_usage(answer.states[i], *rings[i], now);
        return answer;
    }

    static rate_state state_before(claim const& asked, stamp_ring const& ring, std::int64_t now) noexcept {
        return {.name = asked.name,
                .quota = asked.quota,
                .retry_after = std::chrono::nanoseconds(ring.wait(asked.quota, asked.cost, now)),
                .shadow = asked.shadow};
    }

    /// Counts the usage once for each key, however many windows of it were claimed: for all keys, or for none.
    template <class Rings>
    static receipt commit(std::span<claim const> claims, Rings const& rings, std::int64_t now) {
        for (std::size_t i = 0; i < claims.size(); ++i) rings[i]->reserve(claims[i].cost, now);
        receipt const first{steady_time(std::chrono::nanoseconds(rings[0]->stamp(now))), rings[0]->admitted()};
        for (std::size_t i = 0; i < claims.size(); ++i) {
            bool const counted = std::find(rings.begin(), rings.begin() + i, rings[i]) != rings.begin() + i;
            if (!counted) rings[i]->admit(claims[i].cost, now);
        }
        return first;
    }

    static void show_usage(rate_state& state, stamp_ring const& ring, std::int64_t now) noexcept {
        auto const used = ring.used(state.quota, now);
        state.remaining = state.quota.limit() - used;
        state.reset = std::chrono::nanoseconds(ring.until_freed(state.quota, used, now));
    }

    key_table<stamp_ring> proven_;
    key_table<stamp_ring> unproven_;
};

}  // namespace sallyport
