// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../catch.hpp"
#include "claims.hpp"
#include "limiter_histories.hpp"
#include "limiter_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

/// Whether a history takes back some of what was admitted.
enum class give_backs : bool { none, some };

/// A random history of calls of a limiter, and of the model beside it.
template <class Limiter>
class compared_history {
public:
    template <class Make>
    compared_history(Make make, limiter_history::shape const& shape, std::uint64_t seed, give_backs gives)
        : limiter_(make()), history_(shape, seed), random_(seed), gives_(gives) {}

    /// The next call: what differs in its answers, or in that of a give-back before it; empty if nothing does.
    std::string next() {
        if (gives_ == give_backs::some && random_() % 3 == 0 && !admissions_.empty() && !give_back()) {
            return "given back is what the model hasn't, or the other way round";
        }
        auto const [claims, now] = history_.next();
        std::span<sallyport::claim const> const asked(claims.data(), claims.size());
        auto expected = model_.take(asked, limits::at(now));
        auto const got = limiter_.take(asked, limits::at(now));
        // Of what was given back the places are not used again.
        if (given_back > 0) expected.receipt.position = got.receipt.position;
        if (auto const text = difference(expected, got); !text.empty()) return fmt::format("now {}: {}", now, text);
        if (got.outcome == limits::verdict::admitted) {
            keep(asked, got);
        } else {
            ++refused;
        }
        return "";
    }

    std::uint64_t refused = 0;
    std::uint64_t given_back = 0;

private:
    struct admission {
        sallyport::rate_key key;
        std::uint32_t cost;
        sallyport::steady_time stamp;
        std::chrono::nanoseconds window;  ///< the longest, or the only one
    };

    void keep(std::span<sallyport::claim const> claims, sallyport::allowance const& got) {
        history_.admitted(got.receipt.stamp);
        if (gives_ == give_backs::none) return;
        for (std::size_t i = 0; i < claims.size(); ++i) {
            auto const same = [&](auto const& other) { return other.key == claims[i].key && other.cost > 0; };
            if (std::find_if(claims.begin(), claims.end(), same) - claims.begin() != static_cast<std::ptrdiff_t>(i))
                continue;
            admissions_.push_back({claims[i].key, claims[i].cost, got.states[i].stamp, claims[i].quota.window()});
        }
    }

    /// One of the last admissions. False where it is there for one of both, though it may lie in a window.
    bool give_back() {
        auto const recent = std::min<std::size_t>(admissions_.size(), 8);
        auto const which = admissions_.end() - 1 - static_cast<std::ptrdiff_t>(random_() % recent);
        auto const [key, cost, stamp, window] = *which;
        admissions_.erase(which);
        if (limiter_.give_back(key, cost, {.stamp = stamp})) {
            ++given_back;
            return model_.give_back(key, cost, stamp);
        }
        auto const since = model_.last(key) - stamp.time_since_epoch();
        return since >= window || !model_.give_back(key, cost, stamp);
    }

    Limiter limiter_;
    limiter_model model_;
    limiter_history history_;
    std::mt19937_64 random_;
    give_backs gives_;
    std::vector<admission> admissions_;
};

/// How much of each there was.
struct tally {
    std::uint64_t calls = 0;
    std::uint64_t refused = 0;
    std::uint64_t given_back = 0;
};

/// Compares every answer of so many random histories with the model's.
template <class Make>
tally agrees_with_the_model(Make make, limiter_history::shape const& shape, std::uint64_t histories, int calls,
                            give_backs gives = give_backs::none) {
    auto const enough = std::max<std::uint64_t>(limiter_history::start_count, histories / slowness / haste);
    tally told;
    for (std::uint64_t seed = 0; seed < enough; ++seed) {
        compared_history<decltype(make())> history(make, shape, seed, gives);
        for (int i = 0; i < calls; ++i) {
            if (auto const text = history.next(); !text.empty()) {
                FAIL("history " << seed << ", call " << i << ", " << text);
            }
        }
        told.calls += static_cast<std::uint64_t>(calls);
        told.refused += history.refused;
        told.given_back += history.given_back;
    }
    SUCCEED();
    return told;
}
