// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../catch.hpp"
#include "claims.hpp"
#include "limiter_bounds.hpp"
#include "limiter_histories.hpp"

#include <sallyport/limit/sliding_counter.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <span>
#include <vector>

inline std::int64_t sub_window(sallyport::quota const& in) {
    return sallyport::sliding_counter::sub_window(in.window()).count();
}

/// What a sliding counter may count: a sub-window before the window, by the call's own moment. It may hold on to what it
/// took from another one for so much longer.
inline auto counter_reach(std::int64_t slack = 0) {
    return [slack](sallyport::claim const& asked, wide now, wide) {
        return now - std::chrono::nanoseconds(asked.quota.window()).count() - sub_window(asked.quota) - slack;
    };
}

// Which windows are claimed of a key: one of its own, beside that the longest, or any.
inline std::int64_t some_window(sallyport::claim const& of, std::int64_t unit) {
    return (1 + of.key.client.bytes()[0] % 4) * unit;
}
inline void one_a_key(sallyport::claim_list& claims, std::int64_t unit) {
    for (auto& each : claims) each.quota = limits::quota(each.quota.limit(), some_window(each, unit));
}
inline void two_a_key(sallyport::claim_list& claims, std::int64_t unit) {
    for (std::size_t i = 1; i < claims.size(); i += 2) {
        claims[i].quota = limits::quota(claims[i].quota.limit(), some_window(claims[i], unit));
    }
}
inline void any_in_turn(sallyport::claim_list const&, std::int64_t) {}

/// The same as `keeps_its_bounds`, with looks, give-backs, resets and blocks at any time.
template <class Windows>
void keeps_its_bounds_whatever_the_host_does(limiter_history::shape const& shape, std::uint64_t histories, int calls,
                                             Windows windows) {
    using namespace limits;
    struct given {
        sallyport::rate_key key;
        std::size_t which;
        std::uint32_t cost;
        sallyport::steady_time stamp;
        int life;
    };
    for (std::uint64_t seed = 0; seed < histories / slowness; ++seed) {
        std::mt19937_64 random(seed);
        sallyport::sliding_counter limiter({.max_clients = 10, .max_unproven = 10, .max_blocked = 10});
        limiter_history history(shape, 0, seed);
        limiter_bounds bounds(counter_reach());
        std::vector<given> kept;
        std::map<sallyport::rate_key, int> lives;
        for (int i = 0; i < calls; ++i) {
            auto [claims, now] = history.next();
            windows(claims, shape.unit);
            auto const& key = claims[0].key;
            switch (random() % 16) {
                case 0:
                    limiter.reset(key);
                    bounds.reset(key);
                    ++lives[key];
                    break;
                case 1: {
                    auto const until = now + static_cast<std::int64_t>(random() % 8) * shape.unit / 4;
                    REQUIRE(limiter.block(key, at(until), at(now)));
                    bounds.block(key, until > now ? until : earliest);
                    break;
                }
                case 2:
                case 3:
                case 4:
                case 5: {
                    if (kept.empty()) break;
                    auto const back = kept.begin() + static_cast<std::ptrdiff_t>(random() % kept.size());
                    // What lies before a reset is no longer there to be given back.
                    if (back->life == lives[back->key]) {
                        limiter.give_back(back->key, back->cost, {.stamp = back->stamp});
                        bounds.give_back(back->key, back->which);
                    }
                    kept.erase(back);
                    break;
                }
                default: break;
            }
            bool const looks = random() % 4 == 0;
            std::span<sallyport::claim const> const all(claims.data(), claims.size());
            auto const got = looks ? limiter.look(all, at(now)) : limiter.take(all, at(now));
            if (auto const text = bounds.judge(claims, now, got, !looks); !text.empty()) {
                FAIL("history " << seed << ", call " << i << ", now " << now << "\n" << text);
            }
            if (looks || got.outcome != verdict::admitted) continue;
            history.admitted(at(now));
            for (std::size_t c = 0; c < claims.size(); ++c) {
                auto const& own = all[c].key;
                auto const is_its = [&own](sallyport::claim const& other) { return other.key == own; };
                bool const first =
                    std::find_if(all.begin(), all.end(), is_its) - all.begin() == static_cast<std::ptrdiff_t>(c);
                if (!first || claims[c].cost == 0) continue;
                kept.push_back({claims[c].key, bounds.admissions(claims[c].key) - 1, claims[c].cost,
                                got.states[c].stamp, lives[claims[c].key]});
            }
        }
    }
    SUCCEED();
}
