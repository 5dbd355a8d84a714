// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../sanitizer.hpp"

#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <span>

// What tests of limiters say in short: keys, quotas, moments.
namespace limits {

using verdict = sallyport::allowance::verdict;

inline constexpr std::int64_t earliest = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t ms = 1'000'000;  // nanoseconds
inline constexpr std::int64_t s = 1000 * ms;

/// A proven client's key.
inline sallyport::rate_key client(std::uint32_t number) {
    sallyport::uuid::bytes_type bytes{};
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return {.client = sallyport::uuid(bytes)};
}

/// The key of a request that was let in without a secret: one client's, by its peer.
inline sallyport::rate_key stranger(std::uint32_t number) {
    std::array<std::uint8_t, 4> bytes{};
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return {.peer = sallyport::peer_address::v4(bytes), .proven = false};
}

inline sallyport::quota quota(std::int64_t limit, std::int64_t nanoseconds) {
    return sallyport::quota::make(limit, std::chrono::milliseconds(nanoseconds / ms)).value();
}

inline sallyport::steady_time at(std::int64_t nanoseconds) {
    return sallyport::steady_time(std::chrono::nanoseconds(nanoseconds));
}

/// A call with one claim.
template <class Limiter>
sallyport::allowance take(Limiter& limiter, sallyport::claim const& asked, std::int64_t now) {
    return limiter.take(std::span(&asked, 1), at(now));
}

/// Whether a call with one claim was admitted.
template <class Limiter>
bool passes(Limiter& limiter, sallyport::claim const& asked, std::int64_t now) {
    return take(limiter, asked, now).outcome == verdict::admitted;
}

/// How many of so many equal calls were admitted.
template <class Limiter>
int admitted(Limiter& limiter, sallyport::claim const& asked, std::int64_t now, int calls) {
    int count = 0;
    for (int i = 0; i < calls; ++i) count += passes(limiter, asked, now);
    return count;
}

/// What is used of a claim's limit.
template <class Limiter>
std::uint32_t used(Limiter& limiter, sallyport::claim asked, std::int64_t now) {
    asked.cost = 0;
    return asked.quota.limit() - take(limiter, asked, now).states[0].remaining;
}

}  // namespace limits
