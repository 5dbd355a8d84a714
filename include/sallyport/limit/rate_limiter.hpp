// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>

#include <concepts>
#include <cstdint>
#include <span>

namespace sallyport {

/// Decides whether a request may pass now. `take` answers for all claims together: all are admitted and
/// counted, or none is. It may be called from several threads at once. What can't be seen from its type: a
/// refused request uses nothing up; a clock that stands still or steps back admits nothing extra. A limiter
/// that throws counts as failed.
template <class T>
concept rate_limiter = requires(T& limiter, std::span<claim const> claims, steady_time now) {
    { limiter.take(claims, now) } -> std::same_as<allowance>;
};

/// A limiter that can take back what it has counted. `give_back` takes back, of one key, so many units that were
/// counted by a stamp (see `rate_state::stamp`), and tells whether any was still there.
template <class T>
concept returning_limiter = rate_limiter<T> &&
    requires(T& limiter, rate_key const& key, std::uint32_t cost, receipt const& of) {
    { limiter.give_back(key, cost, of) } -> std::same_as<bool>;
};

/// A limiter that can ask for the memory of a key before `take` needs it, step by step, so that it arrives while the rest
/// of a decision is made. It changes nothing.
template <class T>
concept prefetching_limiter = rate_limiter<T> && requires(T const& limiter, rate_key const& key) {
    limiter.prefetch(key).to_block();
    limiter.prefetch(key).to_state();
    requires noexcept(limiter.prefetch(key));
};

}  // namespace sallyport
