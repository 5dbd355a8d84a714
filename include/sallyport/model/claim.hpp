// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/bounded_list.hpp>
#include <sallyport/model/clock.hpp>
#include <sallyport/model/peer_address.hpp>
#include <sallyport/model/quota.hpp>
#include <sallyport/model/uuid.hpp>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sallyport {

/// Whose usage is counted, and of what. A request that was let in without a secret has a budget of its own,
/// per client and peer, which limiters keep in a table of its own.
struct rate_key {
    uuid client{};          ///< or what stands for the name of those who share a budget
    peer_address peer{};    ///< the network of an unproven request's peer
    std::uint32_t api = 0;  ///< the place of the API among the enumerators, or above those which budget is shared
    bool proven = true;     ///< whether a secret proved the client

    friend constexpr bool operator==(rate_key const&, rate_key const&) noexcept = default;
    friend constexpr auto operator<=>(rate_key const&, rate_key const&) noexcept = default;
};

/// One window of one budget that a request has to pass. Claims of one key are the windows of one budget: they
/// name the same cost, and it is counted once. A cost of 0 asks how things stand.
struct claim {
    rate_key key{};
    sallyport::quota quota{};
    std::uint32_t cost = 1;
    bool shadow = false;      ///< counted and reported, never refused
    std::string_view name{};  ///< the budget's name on the wire, in static storage
};

/// At most this many claims a request: the windows of a client's own budget, and as many of those that are shared. No
/// key has more than four of them.
inline constexpr std::size_t max_claims = 2 * quotas::max_windows;

using claim_list = bounded_list<claim, max_claims>;

/// A wait that never ends: the call can't be admitted however long one waits.
inline constexpr std::chrono::nanoseconds never = std::chrono::nanoseconds::max();

/// How one claim stood after the decision. Durations count from the `now` of the call.
struct rate_state {
    std::string_view name{};
    sallyport::quota quota{};
    std::uint32_t remaining = 0;              ///< what is left of the limit in this window
    std::chrono::nanoseconds reset{0};        ///< until `remaining` next grows; 0 if nothing is used
    std::chrono::nanoseconds retry_after{0};  ///< the least wait after which the same call passes; 0 if it passed
    bool shadow = false;
    steady_time stamp =
        steady_time::min();  ///< by which what was counted can be given back; the least there is if none was

    /// Whether this claim stood in the way, or would have if it were no shadow.
    constexpr bool exceeded() const noexcept { return retry_after != std::chrono::nanoseconds::zero(); }
};

using rate_states = bounded_list<rate_state, max_claims>;

/// How a claim stands whose key has used nothing.
constexpr rate_state untouched(claim const& asked) noexcept {
    return {.name = asked.name,
            .quota = asked.quota,
            .remaining = asked.quota.limit(),
            .retry_after = asked.cost > asked.quota.limit() ? never : std::chrono::nanoseconds{0},
            .shadow = asked.shadow};
}

/// The limit in force that holds a request up longest, or else has least left; null if none is in force.
constexpr rate_state const* tightest(rate_states const& states) noexcept {
    rate_state const* found = nullptr;
    for (auto const& state : states) {
        if (state.shadow) continue;
        bool const tighter = !found || state.retry_after > found->retry_after ||
                             (state.retry_after == found->retry_after && state.remaining < found->remaining);
        if (tighter) found = &state;
    }
    return found;
}

/// The place of an admission in the order of its (first) key, by which a test can replay what happened; of a refused
/// call nothing that a limiter promises, though a log tells the place that it was denied.
struct receipt {
    steady_time stamp{};
    std::uint64_t position = 0;  ///< how many units that key had admitted before
};

/// What a limiter answers to all claims of a request together.
struct allowance {
    enum class verdict : std::uint8_t { admitted, refused, failed };

    verdict outcome = verdict::failed;
    rate_states states{};  ///< one a claim, in the order of the claims; empty if the limiter failed
    sallyport::receipt receipt{};
};

}  // namespace sallyport
