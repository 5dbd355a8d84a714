// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

/// What an exact limiter has to answer, by the words of its promise: every admission is kept for ever, each question is
/// answered by counting, and a wait is found by trying the moments at which something leaves the window.
class limiter_model {
public:
    sallyport::allowance take(std::span<sallyport::claim const> claims, sallyport::steady_time now) {
        using verdict = sallyport::allowance::verdict;
        wide const moment = now.time_since_epoch().count();
        sallyport::allowance answer{.outcome = verdict::admitted};
        for (auto const& asked : claims) {
            if (!asked.shadow && !fits(asked, moment)) answer.outcome = verdict::refused;
            static_cast<void>(answer.states.push_back({.name = asked.name,
                                                       .quota = asked.quota,
                                                       .retry_after = nanoseconds(retry_after(asked, moment)),
                                                       .shadow = asked.shadow}));
        }
        answer.receipt = place_of(claims.front().key, moment);
        for (std::size_t i = 0; i < claims.size() && answer.outcome == verdict::admitted; ++i) {
            answer.states[i].stamp = place_of(claims[i].key, moment).stamp;
        }
        if (answer.outcome == verdict::admitted) admit(claims, moment);
        for (std::size_t i = 0; i < claims.size(); ++i) {
            answer.states[i].remaining = remaining(claims[i], moment);
            answer.states[i].reset = nanoseconds(reset(claims[i], moment));
        }
        return answer;
    }

    /// Takes back so much of what was admitted with a stamp, as if it had not been, but that no later stamp is before it.
    /// Whether there was some.
    bool give_back(sallyport::rate_key const& key, std::uint32_t cost, sallyport::steady_time stamped) {
        wide const moment = stamped.time_since_epoch().count();
        std::uint64_t left = cost;
        for (auto& past : admissions_[key]) {
            if (past.stamp != moment) continue;
            auto const gone = std::min(past.cost, left);
            past.cost -= gone;
            left -= gone;
        }
        return left < cost;
    }

    /// The stamp of a key's last admission, given back or not.
    std::chrono::nanoseconds last(sallyport::rate_key const& key) { return nanoseconds(admissions_[key].back().stamp); }

private:
    __extension__ using wide = __int128;  // no moment of the clock's range is near an end of this one

    struct admission {
        wide stamp;
        std::uint64_t cost;
    };

    static wide window(sallyport::quota const& in) { return std::chrono::nanoseconds(in.window()).count(); }

    wide stamp(sallyport::rate_key const& key, wide now) {
        auto const& past = admissions_[key];
        return past.empty() ? now : std::max(now, past.back().stamp);
    }

    /// The costs admitted with stamps in (stamp − window, stamp].
    std::uint64_t used(sallyport::claim const& asked, wide now) {
        auto const end = stamp(asked.key, now);
        std::uint64_t sum = 0;
        for (auto const& past : admissions_[asked.key]) {
            if (past.stamp > end - window(asked.quota) && past.stamp <= end) sum += past.cost;
        }
        return sum;
    }

    /// What costs nothing always fits.
    bool fits(sallyport::claim const& asked, wide now) {
        return asked.cost == 0 || used(asked, now) + asked.cost <= asked.quota.limit();
    }

    std::uint32_t remaining(sallyport::claim const& asked, wide now) {
        auto const spent = used(asked, now);
        return spent >= asked.quota.limit() ? 0 : asked.quota.limit() - static_cast<std::uint32_t>(spent);
    }

    /// The first moment after `now` at which something has left the window and `holds`.
    template <class Condition>
    wide first_moment(sallyport::claim const& asked, wide now, Condition holds) {
        for (auto const& past : admissions_[asked.key]) {
            auto const leaves = past.stamp + window(asked.quota);
            if (leaves <= now || !holds(leaves)) continue;
            if (leaves - 1 > now && holds(leaves - 1)) throw std::logic_error("the model's wait is not the least");
            return leaves;
        }
        throw std::logic_error("the model finds no moment");
    }

    wide retry_after(sallyport::claim const& asked, wide now) {
        if (fits(asked, now)) return 0;
        if (asked.cost > asked.quota.limit()) return std::numeric_limits<std::int64_t>::max();
        return first_moment(asked, now, [&](wide later) { return fits(asked, later); }) - now;
    }

    /// How long until `remaining` is more than now.
    wide reset(sallyport::claim const& asked, wide now) {
        if (used(asked, now) == 0) return 0;
        auto const left = remaining(asked, now);
        return first_moment(asked, now, [&](wide later) { return remaining(asked, later) > left; }) - now;
    }

    sallyport::receipt place_of(sallyport::rate_key const& key, wide now) {
        std::uint64_t position = 0;
        for (auto const& each : admissions_[key]) position += each.cost;
        return {sallyport::steady_time(nanoseconds(stamp(key, now))), position};
    }

    /// Counts each key once.
    void admit(std::span<sallyport::claim const> claims, wide now) {
        std::vector<sallyport::rate_key> counted;
        for (auto const& asked : claims) {
            if (std::find(counted.begin(), counted.end(), asked.key) != counted.end()) continue;
            auto const stamped = stamp(asked.key, now);
            if (asked.cost > 0) admissions_[asked.key].push_back({stamped, asked.cost});
            counted.push_back(asked.key);
        }
    }

    /// A wait that is longer than any that can be said is said as the longest.
    static std::chrono::nanoseconds nanoseconds(wide count) {
        wide const most = std::numeric_limits<std::int64_t>::max();
        return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(count, most)));
    }

    std::map<sallyport::rate_key, std::vector<admission>> admissions_;
};

/// What differs between two answers of limiters; empty if nothing does.
inline std::string difference(sallyport::allowance const& expected, sallyport::allowance const& got) {
    std::string text;
    auto const compare = [&](std::string_view what, auto const& right, auto const& given) {
        if (right != given) text += fmt::format("{}: {} instead of {}\n", what, given, right);
    };
    compare("verdict", static_cast<int>(expected.outcome), static_cast<int>(got.outcome));
    compare("states", expected.states.size(), got.states.size());
    compare("stamp", expected.receipt.stamp.time_since_epoch().count(), got.receipt.stamp.time_since_epoch().count());
    compare("position", expected.receipt.position, got.receipt.position);
    for (std::size_t i = 0; i < std::min(expected.states.size(), got.states.size()); ++i) {
        auto const& right = expected.states[i];
        auto const& given = got.states[i];
        compare("name", right.name, given.name);
        compare("limit", right.quota.limit(), given.quota.limit());
        compare("window", right.quota.window().count(), given.quota.window().count());
        compare("remaining", right.remaining, given.remaining);
        compare("reset", right.reset.count(), given.reset.count());
        compare("retry_after", right.retry_after.count(), given.retry_after.count());
        compare("shadow", right.shadow, given.shadow);
        compare("its stamp", right.stamp.time_since_epoch().count(), given.stamp.time_since_epoch().count());
    }
    return text;
}
