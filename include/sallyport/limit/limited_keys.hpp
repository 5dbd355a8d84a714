// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/blocked_keys.hpp>
#include <sallyport/limit/rate_key_table.hpp>
#include <sallyport/limit/untracked_calls.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>
#include <sallyport/model/quota.hpp>
#include <sallyport/model/result.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sallyport {

/// The keys of claims, for limiters that keep a `State` for each: two tables, one for the keys of proven clients, and
/// one for those of requests let in without a secret; which are blocked; and what becomes of those for which there is
/// no room. Thread-safe.
template <class State>
class limited_keys {
public:
    using table = rate_key_table<State>;

    /// Raises `setup_error` for bounds that none may have.
    limited_keys(std::size_t max_clients, std::size_t max_unproven, std::size_t max_blocked, when_full full)
        : proven_(checked(max_clients, max_unproven)),
          unproven_(max_unproven),
          blocked_(max_blocked),
          untracked_(full) {}

    /// Answers all claims of a call: by `alone(table, claims, now, counting, made)`, which takes no lock and is false
    /// where it can't answer; else by `together`, of the same form, which is false where there is no room. No claims
    /// are admitted; those that are not of one kind fail, and so do more than `max_claims`, or more than four of one
    /// key.
    template <class Alone, class Together>
    allowance answer(std::span<claim const> claims, steady_time at, bool counting, Alone const& alone,
                     Together const& together) {
        allowance made;
        if (claims.empty()) made.outcome = allowance::verdict::admitted;
        if (claims.empty() || !takes(claims)) return made;
        auto& keys = of(claims.front().key);
        auto const now = at.time_since_epoch().count();
        auto const blocked = blocked_.among(claims, at);
        bool const counts = counting && !blocked.refuse();
        if (!alone(keys, claims, now, counts, made) && !together(keys, claims, now, counts, made)) {
            made = untracked_.answer(
                claims, counts, [&keys](rate_key const& key) { return bool(keys.find_surely(key)); },
                [&](std::span<claim const> those, bool count, allowance& answered) {
                    return together(keys, those, now, count, answered);
                });
        }
        if (blocked.any()) [[unlikely]]
            blocked.tell(claims, made);
        return made;
    }

    /// The table that has a key.
    table& of(rate_key const& key) noexcept { return key.proven ? proven_ : unproven_; }

    /// The way to a proven client's key (see `key_table`).
    auto prefetch(rate_key const& key) const noexcept { return proven_.prefetch(key); }

    /// Blocks a key until a moment; one that is not after `now` ends it. False if there is no room for one more.
    [[nodiscard]] bool block(rate_key const& key, steady_time until, steady_time now) {
        return blocked_.block(key, until, now);
    }

    /// How many keys are held.
    std::size_t size() const noexcept { return proven_.size() + unproven_.size(); }

    /// How many calls were admitted without being counted, for want of room.
    std::uint64_t untracked() const noexcept { return untracked_.count(); }

private:
    static std::size_t checked(std::size_t max_clients, std::size_t max_unproven) {
        constexpr auto most = std::size_t{0xffff'ffff};
        if (max_clients == 0 || max_clients > most || max_unproven > most) {
            raise(
                {"a limiter has room for 1 to 4294967295 clients (max_clients), and for up to as many requests that "
                 "are let in without a secret (max_unproven)"});
        }
        return max_clients;
    }

    static bool takes(std::span<claim const> claims) noexcept {
        if (claims.size() == 1) return true;
        if (claims.size() > max_claims || has_long_budget(claims)) return false;
        auto const is_like_first = [&](claim const& each) { return each.key.proven == claims.front().key.proven; };
        return std::all_of(claims.begin(), claims.end(), is_like_first);
    }

    static bool has_long_budget(std::span<claim const> claims) noexcept {
        if (claims.size() <= quotas::max_windows) return false;
        return std::any_of(claims.begin(), claims.end(), [claims](claim const& each) {
            auto const is_its = [&each](claim const& other) { return other.key == each.key; };
            return static_cast<std::size_t>(std::count_if(claims.begin(), claims.end(), is_its)) > quotas::max_windows;
        });
    }

    table proven_;
    table unproven_;
    blocked_keys blocked_;
    untracked_calls untracked_;
};

/// Whether all claims are of one key, and name one cost.
template <std::size_t Claims>
bool are_of_one_key(std::span<claim const, Claims> claims) noexcept {
    auto const& first = claims.front();
    for (auto const& each : claims.template subspan<1>()) {
        if (each.cost != first.cost || each.key != first.key) return false;
    }
    return true;
}

/// The first place of the key that is at a place.
template <class States>
std::size_t first_of(States const& states, std::size_t i) {
    std::size_t first = 0;
    while (states[first] != states[i]) ++first;
    return first;
}

/// Does something once for each key, however many of its windows were claimed: at its first place.
template <class States, class Do>
void once_a_key(States const& states, Do const& work) {
    for (std::size_t i = 0; i < states.size(); ++i) {
        if (first_of(states, i) == i) work(i);
    }
}

}  // namespace sallyport
