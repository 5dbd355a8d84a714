// SPDX-License-Identifier: BSL-1.0
#include "figure.hpp"
#include "memory_in_use.hpp"
#include "population.hpp"

#include <sallyport/limit/compact_sliding_log.hpp>
#include <sallyport/limit/sliding_log.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

// How much memory a key of a limiter takes that is used up, the allocator's share included, while they are so few that all
// are the allocator's; and, apart from that, a key that there might be: the room in the tables.

namespace {

namespace sp = sallyport;

/// Has so many new keys use up their limit.
template <class Limiter>
void add(Limiter& to, std::uint32_t limit, std::size_t keys) {
    auto const quota = sp::quota::make(limit, std::chrono::seconds(10)).value();
    for (std::size_t i = 0; i < keys; ++i) {
        std::array<sp::claim, 1> const claims{{{.key = {.client = bench::random_id()}, .quota = quota}}};
        for (std::uint32_t used = 0; used < limit; ++used) {
            auto const answer = to.take(claims, sp::steady_time(std::chrono::nanoseconds(used)));
            if (answer.outcome != sp::allowance::verdict::admitted) throw std::runtime_error("it refuses too early");
        }
    }
}

/// Bytes that each of so many keys adds, where there are some already.
template <class Limiter>
double bytes_a_key(std::uint32_t limit, std::size_t keys) {
    constexpr std::size_t some = 100;
    Limiter limiter;
    add(limiter, limit, some);
    auto const before = bench::bytes_allocated();
    add(limiter, limit, keys);
    if (limiter.size() != some + keys) throw std::runtime_error("it forgets what is in use");
    return std::round((bench::bytes_allocated() - before) /
                      static_cast<double>(keys));  // what is there once is no key's
}

/// Bytes that an empty limiter takes for each key for which it has room.
double bytes_a_room() {
    constexpr std::size_t rooms = std::size_t{1} << 23;
    auto const before = bench::bytes_in_use(false);
    sp::sliding_log const limiter({.max_clients = rooms, .max_unproven = 1, .max_blocked = 1});
    return (bench::bytes_in_use(false) - before) / static_cast<double>(rooms);
}

template <class Limiter>
contest::figure row(std::string const& name, std::uint32_t limit, unsigned bytes_a_unit, unsigned beside) {
    constexpr std::size_t bytes = 10'000'000;
    auto const goal = bytes_a_unit * limit + beside;
    return {{"memory: a key of " + name + ", limit " + std::to_string(limit), "bytes", static_cast<double>(goal)},
            [=] { return bytes_a_key<Limiter>(limit, bytes / goal); }};
}

contest::figure const at_20 = row<sp::sliding_log>("sliding_log", 20, 8, 64);
contest::figure const at_100 = row<sp::sliding_log>("sliding_log", 100, 8, 64);
contest::figure const at_1000 = row<sp::sliding_log>("sliding_log", 1000, 8, 64);
contest::figure const half_at_20 = row<sp::compact_sliding_log>("compact_sliding_log", 20, 4, 64);
contest::figure const half_at_100 = row<sp::compact_sliding_log>("compact_sliding_log", 100, 4, 64);
contest::figure const half_at_1000 = row<sp::compact_sliding_log>("compact_sliding_log", 1000, 4, 64);
contest::figure const a_room({"memory: room for a key of either", "bytes", 12}, [] { return bytes_a_room(); });

}  // namespace
