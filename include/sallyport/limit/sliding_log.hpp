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
/// Memory: 8 bytes for each admission that a key's limit allows, for at most `max_clients` keys of proven
/// clients and `max_unproven` keys of requests let in without a secret; a new key beyond that is answered
/// `failed`. Time: one look-up under a lock, and the logarithm of the limit. Thread-safe.
class sliding_log {
public:
    struct options {
        std::size_t max_clients = std::size_t{1} << 20;
        std::size_t max_unproven = std::size_t{1} << 16;
    };

    sliding_log() : sliding_log(options{}) {}
    explicit sliding_log(options const& bounds) : proven_(bounds.max_clients), unproven_(bounds.max_unproven) {}

    /// All claims of one call are of one kind: of a proven client, or of a request let in without a secret.
    allowance take(std::span<claim const> claims, steady_time now) {
        if (claims.empty()) return {.outcome = allowance::verdict::admitted};
        if (claims.size() > max_claims) return {};
        bounded_list<rate_key, max_claims> keys;
        for (auto const& each : claims) static_cast<void>(keys.push_back(each.key));
        auto const ticks = now.time_since_epoch().count();
        auto& table = claims.front().key.proven ? proven_ : unproven_;
        return table.with({keys.data(), keys.size()}, ticks, [&](auto const& rings) { return decide(claims, rings, ticks); });
    }

    /// How many keys are remembered.
    std::size_t size() const { return proven_.size() + unproven_.size(); }

private:
    template <class Rings>
    static allowance decide(std::span<claim const> claims, Rings const& rings, std::int64_t now) {
        bool admitted = true;
        for (std::size_t i = 0; i < claims.size(); ++i) {
            if (!rings[i]) return {};
            admitted = admitted && (claims[i].shadow || rings[i]->admits(claims[i].quota, claims[i].cost, now));
        }
        allowance answer{.outcome = admitted ? allowance::verdict::admitted : allowance::verdict::refused};
        for (std::size_t i = 0; i < claims.size(); ++i) {
            static_cast<void>(answer.states.push_back(state_before(claims[i], *rings[i], now)));
        }
        if (admitted) answer.receipt = commit(claims, rings, now);
        for (std::size_t i = 0; i < claims.size(); ++i) show_usage(answer.states[i], *rings[i], now);
        return answer;
    }

    static rate_state state_before(claim const& asked, stamp_ring const& ring, std::int64_t now) {
        return {.name = asked.name,
                .quota = asked.quota,
                .retry_after = std::chrono::nanoseconds(ring.wait(asked.quota, asked.cost, now)),
                .shadow = asked.shadow};
    }

    /// Counts the usage once for each key, however many windows of it were claimed.
    template <class Rings>
    static receipt commit(std::span<claim const> claims, Rings const& rings, std::int64_t now) {
        for (std::size_t i = 0; i < claims.size(); ++i) rings[i]->keep(claims[i].quota);
        receipt first{};
        for (std::size_t i = 0; i < claims.size(); ++i) {
            bool const counted = std::find(rings.begin(), rings.begin() + i, rings[i]) != rings.begin() + i;
            if (counted) continue;
            auto const position = rings[i]->admitted();
            auto const stamp = rings[i]->admit(claims[i].cost, now);
            if (i == 0) first = {steady_time(std::chrono::nanoseconds(stamp)), position};
        }
        return first;
    }

    static void show_usage(rate_state& state, stamp_ring const& ring, std::int64_t now) {
        auto const used = ring.used(state.quota, now);
        state.remaining = used >= state.quota.limit() ? 0 : state.quota.limit() - used;
        state.reset = std::chrono::nanoseconds(ring.until_freed(state.quota, used, now));
    }

    key_table<stamp_ring> proven_;
    key_table<stamp_ring> unproven_;
};

}  // namespace sallyport
