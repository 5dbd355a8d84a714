// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../catch.hpp"
#include "claims.hpp"
#include "limiter_histories.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

__extension__ using wide = __int128;  // no moment of the clock's range is near an end of this one

/// What a limiter promises that errs by a bound, and on the refusing side only, by what it admitted: every admission is
/// kept for ever, and each question is answered by counting. `reach(asked, now, last)` is the moment of which all that was
/// admitted later may count for a claim, if its key's last stamp is this.
template <class Reach>
class limiter_bounds {
public:
    explicit limiter_bounds(Reach reach) : reach_(reach) {}

    /// What is wrong with an answer; empty if nothing is. It is counted if it admits and was no look.
    std::string judge(sallyport::claim_list const& claims, std::int64_t now, sallyport::allowance const& got,
                      bool counting = true) {
        std::string text;
        bool const admitted = got.outcome == limits::verdict::admitted;
        bool may_refuse = false;
        for (std::size_t i = 0; i < claims.size(); ++i) {
            auto const& asked = claims[i];
            bool const waits = got.states[i].exceeded();
            bool const blocked = is_blocked(asked.key, now);
            if (blocked && !waits) text += fmt::format("claim {} is not blocked\n", i);
            if (!waits && !fits(asked, certainly_used(asked, now))) text += fmt::format("claim {} is over\n", i);
            if (waits && !blocked && fits(asked, possibly_used(asked, now)))
                text += fmt::format("claim {} is refused early\n", i);
            if (waits && admitted && !asked.shadow) text += fmt::format("claim {} had to wait\n", i);
            may_refuse = may_refuse || (waits && !asked.shadow);
        }
        if (!admitted && !may_refuse) text += "refused for nothing\n";
        if (admitted && counting) count(claims, now);
        for (std::size_t i = 0; i < claims.size(); ++i) text += compare_usage(i, claims[i], now, got.states[i]);
        return text;
    }

    /// How many admissions of a key there were since it was reset.
    std::size_t admissions(sallyport::rate_key const& key) { return admissions_[key].size(); }

    /// That one of them was given back.
    void give_back(sallyport::rate_key const& key, std::size_t which) { admissions_[key].at(which).cost = 0; }
    void reset(sallyport::rate_key const& key) { admissions_.erase(key); }
    void block(sallyport::rate_key const& key, std::int64_t until) { blocked_[key] = until; }

    /// That what was admitted until a moment may count, and may not.
    void may_miss(sallyport::rate_key const& key, wide until) { missed_[key] = until; }

    /// A call's stamp: the later of its moment and its key's last admission.
    wide stamp(sallyport::rate_key const& key, wide now) { return std::max(now, last(key, now)); }

private:
    struct admission {
        wide stamp;
        std::uint64_t cost;
    };

    bool is_blocked(sallyport::rate_key const& key, std::int64_t now) const {
        auto const found = blocked_.find(key);
        return found != blocked_.end() && found->second > now;
    }

    static bool fits(sallyport::claim const& asked, std::uint64_t used) {
        return asked.cost == 0 || used + asked.cost <= asked.quota.limit();
    }
    std::string compare_usage(std::size_t i, sallyport::claim const& asked, wide now,
                              sallyport::rate_state const& got) {
        auto const limit = asked.quota.limit();
        auto const remaining = got.remaining;
        auto const left = [&](std::uint64_t used) { return used >= limit ? 0 : limit - used; };
        auto const least = left(possibly_used(asked, now));
        auto const most = left(certainly_used(asked, now));
        if (remaining < least || remaining > most) {
            return fmt::format("claim {} has {} left, and not from {} to {}\n", i, remaining, least, most);
        }
        // `remaining` grows when something has left the window, at the latest where the limiter may count it no more.
        wide const reset = got.reset.count();
        if ((reset == 0) != (remaining == limit)) return fmt::format("claim {} resets in {}\n", i, got.reset.count());
        bool const known = got.reset != sallyport::never;
        if (reset > 0 && known && left(certainly_used(asked, now + reset)) <= remaining)
            return fmt::format("claim {} says that it resets too early\n", i);
        if (reset > 0 && left(possibly_used(asked, now + reset - 1)) > remaining)
            return fmt::format("claim {} says that it resets too late\n", i);
        return "";
    }

    /// In the window that ends at the call's stamp.
    std::uint64_t certainly_used(sallyport::claim const& asked, wide now) {
        wide const window = std::chrono::nanoseconds(asked.quota.window()).count();
        auto const from = stamp(asked.key, now) - window;
        auto const missed = missed_.find(asked.key);
        return since(asked.key, missed == missed_.end() ? from : std::max(from, missed->second));
    }
    std::uint64_t possibly_used(sallyport::claim const& asked, wide now) {
        return since(asked.key, reach_(asked, now, last(asked.key, now)));
    }
    wide last(sallyport::rate_key const& key, wide now) {
        auto const& past = admissions_[key];
        return past.empty() ? now : past.back().stamp;
    }
    std::uint64_t since(sallyport::rate_key const& key, wide moment) {
        std::uint64_t sum = 0;
        for (auto const& each : admissions_[key]) sum += each.stamp > moment ? each.cost : 0;
        return sum;
    }

    void count(sallyport::claim_list const& claims, wide now) {
        for (std::size_t i = 0; i < claims.size(); ++i) {
            auto const same = [&](sallyport::claim const& other) { return other.key == claims[i].key; };
            if (claims[i].cost == 0 || std::any_of(claims.begin(), claims.begin() + i, same)) continue;
            admissions_[claims[i].key].push_back({std::max(now, last(claims[i].key, now)), claims[i].cost});
        }
    }

    std::map<sallyport::rate_key, std::vector<admission>> admissions_;
    std::map<sallyport::rate_key, std::int64_t> blocked_;
    std::map<sallyport::rate_key, wide> missed_;
    Reach reach_;
};

/// The moment at which a refused call passes, if nothing else happens; none if it was admitted, or never will be.
inline std::optional<std::int64_t> retry_at(sallyport::allowance const& answer, std::int64_t now) {
    if (answer.outcome == limits::verdict::admitted) return std::nullopt;
    std::int64_t longest = 0;
    for (auto const& each : answer.states) {
        if (!each.shadow) longest = std::max(longest, each.retry_after.count());
    }
    if (longest == sallyport::never.count() || now > limits::latest - longest) return std::nullopt;
    return now + longest;
}

/// That a window has more left once its reset has come, and no more before.
template <class Limiter>
void grows_at_reset(Limiter& limiter, sallyport::claim_list const& claims, std::int64_t now,
                    sallyport::rate_state const& first) {
    auto const reset = first.reset.count();
    if (reset == 0 || now > limits::latest - reset) return;
    auto const left_at = [&](std::int64_t moment) {
        return limiter.look({claims.data(), claims.size()}, limits::at(moment)).states[0].remaining;
    };
    if (left_at(now + reset - 1) != first.remaining) FAIL("now " << now << ": has more left before its reset");
    if (left_at(now + reset) <= first.remaining) FAIL("now " << now << ": has no more left at its reset");
}

/// Judges each answer of so many random histories, and that each refused call passes when it says, and not before.
/// `windows(claims, unit)` may choose other windows for the claims.
template <class Make, class Reach, class Windows>
void keeps_its_bounds(Make make, Reach reach, limiter_history::shape const& shape, std::uint64_t histories, int calls,
                      Windows windows) {
    using namespace limits;
    auto const enough = std::max<std::uint64_t>(limiter_history::start_count, histories / slowness / haste);
    for (std::uint64_t seed = 0; seed < enough; ++seed) {
        auto limiter = make();
        limiter_bounds bounds(reach);
        limiter_history history(shape, seed);
        auto const judge = [&](sallyport::claim_list const& claims, std::int64_t now) {
            auto const got = limiter.take({claims.data(), claims.size()}, at(now));
            if (got.outcome == verdict::admitted) history.admitted(at(now));
            if (auto const text = bounds.judge(claims, now, got); !text.empty()) {
                FAIL("history " << seed << ", now " << now << "\n" << text);
            }
            return got;
        };
        for (int i = 0; i < calls; ++i) {
            auto [claims, now] = history.next();
            windows(claims, shape.unit);
            auto const answer = judge(claims, now);
            if (i % 4 == 1) grows_at_reset(limiter, claims, now, answer.states[0]);
            auto const again = retry_at(answer, now);
            if (!again || i % 2 == 0) continue;
            if (judge(claims, *again - 1).outcome != verdict::refused) FAIL("history " << seed << ": waits too long");
            if (judge(claims, *again).outcome != verdict::admitted) FAIL("history " << seed << ": waits too short");
        }
    }
    SUCCEED();
}
