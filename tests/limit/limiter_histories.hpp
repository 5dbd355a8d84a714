// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "claims.hpp"

#include <sallyport/model/claim.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

/// Random calls, close together: small windows and limits, a clock that likes the moments at which something leaves a
/// window, and stands still, steps back and jumps. The same seed gives the same history.
class limiter_history {
public:
    struct call {
        sallyport::claim_list claims;
        std::int64_t now;
    };

    struct shape {
        std::uint32_t max_limit = 6;
        std::uint32_t max_cost = 8;
        bool whole_budgets = true;       ///< each key's longest window is always claimed, and in force
        std::int64_t unit = limits::ms;  ///< of which each window has a few
        bool one_window = false;         ///< instead, a call has one claim, in force, and each key one window
        bool steps_back = true;          ///< whether the clock does
        std::int64_t tick = 1;           ///< every moment is the last of one
    };

    limiter_history(shape const& like, std::int64_t start, std::uint64_t seed)
        : like_(like), random_(seed), now_(start) {}
    limiter_history(shape const& like, std::uint64_t seed) : limiter_history(like, start(like, seed), seed) {}

    /// So many histories of a shape begin where time may be special.
    static constexpr std::uint64_t start_count = 7;
    static std::int64_t start(shape const& like, std::uint64_t seed) {
        std::array<std::int64_t, start_count> const starts{0,
                                                           -5 * like.unit,
                                                           -(std::int64_t{1} << 40),
                                                           limits::earliest,
                                                           std::int64_t{1} << 52,
                                                           std::int64_t{1} << 62,
                                                           limits::latest - 40 * like.unit};
        return starts[seed % start_count];
    }

    call next() {
        auto const before = now_;
        move_clock();
        if (!like_.steps_back) now_ = std::max(now_, before);
        now_ |= like_.tick - 1;
        bool const proven = one_in(3) == false;
        call made{.claims = {}, .now = now_};
        auto const first = key(proven);
        bool const several = one_in(3);
        auto const cost = some_cost();
        if (like_.one_window) {
            auto const window = 1 + first.client.bytes()[0] % longest;
            static_cast<void>(made.claims.push_back({.key = first, .quota = some_quota(window), .cost = cost}));
            return made;
        }
        auto const windows = like_.whole_budgets ? 2 : number(1, sallyport::max_claims);
        for (std::uint32_t i = 0; i < windows; ++i) add(made, several && i > 0 ? key(proven) : first, cost);
        return made;
    }

    /// Tells the history where an admission is, so that it can come back when it leaves a window.
    void admitted(sallyport::steady_time stamp) { stamps_.push_back(stamp.time_since_epoch().count()); }

private:
    static constexpr std::uint32_t longest = 4;  // units

    void add(call& made, sallyport::rate_key const& key, std::uint32_t cost) {
        // Claims of one key name one cost, and there are at most four.
        std::size_t of_key = 0;
        for (auto const& other : made.claims) {
            if (other.key != key) continue;
            cost = other.cost;
            ++of_key;
        }
        if (of_key == sallyport::quotas::max_windows) return;
        if (like_.whole_budgets) {
            static_cast<void>(made.claims.push_back({.key = key, .quota = some_quota(longest), .cost = cost}));
        }
        sallyport::claim asked{.key = key, .quota = some_quota(number(1, longest)), .cost = cost, .shadow = one_in(6)};
        asked.name = asked.shadow ? "tried" : "in force";
        static_cast<void>(made.claims.push_back(asked));
    }

    sallyport::rate_key key(bool proven) {
        return proven ? limits::client(number(1, 4)) : limits::stranger(number(1, 2));
    }
    sallyport::quota some_quota(std::uint32_t window) {
        return limits::quota(number(1, like_.max_limit), window * like_.unit);
    }
    std::uint32_t some_cost() { return one_in(2) ? 1 : number(0, like_.max_cost); }

    void move_clock() {
        auto const window = number(1, longest) * like_.unit;
        switch (number(0, 15)) {
            case 0: return move(now_, -some_time(3 * like_.unit));
            case 1: return move(now_, number(0, 3) * window);
            case 2: return move(now_, 1000 * window);
            case 3:
            case 4:
            case 5: return move(now_, some_time(like_.unit / 4));
            case 6: return move(now_, 1);
            case 7:
            case 8:
            case 9:
            case 10:
                if (stamps_.empty()) return;
                return move(stamps_[stamps_.size() -
                                    number(1, static_cast<std::uint32_t>(std::min<std::size_t>(stamps_.size(), 8)))],
                            window + number(0, 2) - 1);
            default: return;
        }
    }

    /// The clock stops at the ends of its range.
    void move(std::int64_t from, std::int64_t by) {
        if (by > 0) {
            now_ = from > limits::latest - by ? limits::latest : from + by;
        } else {
            now_ = from < limits::earliest - by ? limits::earliest : from + by;
        }
    }

    std::uint32_t number(std::uint32_t least, std::uint32_t most) {
        return std::uniform_int_distribution<std::uint32_t>(least, most)(random_);
    }
    std::int64_t some_time(std::int64_t most) { return std::uniform_int_distribution<std::int64_t>(0, most)(random_); }
    bool one_in(std::uint32_t many) { return number(1, many) == 1; }

    shape like_;
    std::mt19937_64 random_;
    std::int64_t now_;
    std::vector<std::int64_t> stamps_;
};
