// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/key_counters.hpp>
#include <sallyport/limit/limited_keys.hpp>
#include <sallyport/limit/rate_limiter.hpp>
#include <sallyport/limit/window_counter.hpp>
#include <sallyport/limit/window_counters.hpp>
#include <sallyport/model/bounded_list.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sallyport {

/// A sliding window by counts, in a few words a key: for millions of keys, and limits too large for a log. It errs on
/// the refusing side only, and by at most one sub-window. A call's stamp is the later of `now` and its key's last
/// admission:
///   - never over: a call is admitted only if the costs admitted before it within the window that ends at its stamp,
///     plus its own, are at most the limit;
///   - hardly early: a call is refused only if the costs admitted since `now` − window − sub-window, plus its own, are
///     above the limit.
/// So with any number of threads and whatever the clock does, and a refused call changes nothing. A sub-window is a
/// sixth of the window, rounded up by less than 1.2 ms and an eighth: `sub_window(window)`. `retry_after` is the least
/// wait after which the same call is admitted here.
///
/// Quotas may differ from call to call: usage is remembered, never a limit. A limit holds from the next call on. A
/// window of a length that its key was not asked for before counts what the closest of its other windows holds, as far
/// as that reaches back; until the end of that one's sub-window, it may count older usage too. Up to four lengths of
/// windows are remembered; each counts all admissions, until it was not asked for as long as it reaches back.
///
/// A receipt's stamp is where the latest sub-window of the first key starts in which the call was counted, and its position
/// how much was counted there before. Receipts of one key are in the order of both, while its windows stay the same and
/// nothing is given back.
///
/// What is given back leaves each sub-window in which it was counted, to the unit, while that counts. A window that began
/// with what another one held may count it on. A sub-window of more than a million
/// units gives nothing back.
///
/// A call for one key that is known, by one length of window, takes no lock, unless it is the first to be admitted in a
/// sub-window: one look-up, and one compare-and-swap if it is admitted. Others lock their keys' shards. Memory: 59
/// bytes for a proven client with one window, whatever the limit; with two, three or four windows 75, 91 or 107 for
/// limits up to 1,023, and at most 107, 123 or 155 (16 more, or a few times that, by how many bits the largest count
/// takes). For at most `max_clients` keys of proven clients and `max_unproven` keys of requests let in without a
/// secret; a new key beyond that is answered `failed`, or admitted untracked if the host says so. Thread-safe.
class sliding_counter {
public:
    using when_full = sallyport::when_full;

    struct options {
        std::size_t max_clients = std::size_t{1} << 20;
        std::size_t max_unproven = std::size_t{1} << 20;
        std::size_t max_blocked = std::size_t{1} << 12;
        when_full full = when_full::fail;
    };

    sliding_counter() : sliding_counter(options{}) {}
    explicit sliding_counter(options const& bounds)
        : keys_(bounds.max_clients, bounds.max_unproven, bounds.max_blocked, bounds.full) {}

    /// How early a call may be refused.
    static constexpr std::chrono::nanoseconds sub_window(std::chrono::milliseconds window) noexcept {
        return window_counter::sub_window(window);
    }

    /// All claims of one call are of one kind: of a proven client, or of a request let in without a secret. Other calls
    /// fail, and those of more than `max_claims`, or of more than four of one key. Throws what allocation throws, and
    /// nothing has changed.
    allowance take(std::span<claim const> claims, steady_time now) { return answer(claims, now, true); }

    /// What `take` would answer, but that nothing is counted, and `remaining` and `reset` are as things stand.
    allowance look(std::span<claim const> claims, steady_time now) { return answer(claims, now, false); }

    /// Takes back what an admission counted for a key, after work that failed, say, from the sub-window of each of its
    /// windows in which it was counted, if that still counts; whether it was still there in any. The stamp is the receipt's,
    /// of which a call of several keys has one in each `rate_state`. Once for an admission: units of one sub-window are not
    /// told apart, and so are those of before and after a `reset`.
    bool give_back(rate_key const& key, std::uint32_t cost, receipt const& of) {
        auto& keys = keys_.of(key);
        if (!keys.find_surely(key)) return false;  // nothing was counted that still is, and no room is made for it
        auto const stamp = ticks(of.stamp);
        bool gone = false;
        auto const use = [&](auto& counters) { gone = counters.give_back(cost, stamp); };
        keys.with(key, stamp, 1, use);
        return gone;
    }

    /// Forgets what a key has used; whether it had used anything.
    bool reset(rate_key const& key) { return keys_.of(key).erase(key); }

    /// Refuses every call that claims this key until a moment; one that is not after `now` ends it. A claim in shadow tells
    /// that it would be refused, and is not. False if more keys are blocked already than there is room for.
    [[nodiscard]] bool block(rate_key const& key, steady_time until, steady_time now) {
        return keys_.block(key, until, now);
    }

    /// Asks for the memory of a proven client's key (see `prefetching_limiter`).
    auto prefetch(rate_key const& key) const noexcept { return keys_.prefetch(key); }

    /// How many keys are remembered.
    std::size_t size() const noexcept { return keys_.size(); }

    /// How many calls were admitted without being counted, for want of room.
    std::uint64_t untracked() const noexcept { return keys_.untracked(); }

private:
    using table = rate_key_table<key_counters>;

    static std::int64_t ticks(steady_time moment) noexcept { return moment.time_since_epoch().count(); }

    allowance answer(std::span<claim const> claims, steady_time at, bool counting) {
        return keys_.answer(claims, at, counting, answer_alone, answer_together);
    }

    /// False, and nothing was done, if there is no room.
    static bool answer_together(table& known, std::span<claim const> claims, std::int64_t now, bool counting,
                                allowance& made) {
        auto const capacity_of = [&](std::size_t i) { return capacity_for(claims, i, {}); };
        return known.with(claims, now, capacity_of, [&](auto const& keys, auto const& enlarge) {
            bounded_list<window_counters, max_claims> counters;
            for (auto const* each : keys) static_cast<void>(counters.push_back(each->counters()));
            auto const own = [&](std::size_t i) -> window_counters& { return counters[first_of(keys, i)]; };
            for (std::size_t i = 0; i < claims.size(); ++i) own(i).look_for(claims[i].quota.window(), now);
            once_a_key(keys, [&](std::size_t i) { counters[i].drop_unasked(now); });

            auto const counter_of = [&](std::size_t i) -> auto const& { return own(i).of(claims[i].quota.window()); };
            judge(claims, counter_of, now, counting, made);
            if (!counting) return;
            bool const admitted = made.outcome == allowance::verdict::admitted;
            // First what may fail: it leaves each key with what it has counted.
            once_a_key(keys, [&](std::size_t i) {
                auto after = counters[i];
                if (admitted) after.admit(claims[i].cost, now);
                // For what it has, too: that is what stays, should another key's room fail.
                if (!keys[i]->has_room_for(counters[i]) || !keys[i]->has_room_for(after)) {
                    enlarge(i, std::max(capacity_for(claims, i, counters[i]), capacity_for(claims, i, after)));
                }
                keys[i]->set(counters[i]);
            });
            if (!admitted) return;
            once_a_key(keys, [&](std::size_t i) { keys[i]->admit(claims[i].cost, now); });
            show_places(made, [&](std::size_t i) { return keys[i]->counters().last(claims[i].cost); });
        });
    }

    /// As much as it takes for the windows and limits that are claimed of a key, and for what it has.
    static std::uint32_t capacity_for(std::span<claim const> claims, std::size_t key,
                                      window_counters windows) noexcept {
        auto highest = windows.highest_count();
        for (auto const& each : claims) {
            if (each.key != claims[key].key) continue;
            windows.look_for(each.quota.window(), 0);
            highest = std::max(highest, each.quota.limit());
        }
        return key_counters::capacity_for(windows.size(), highest);
    }

    /// Answers a call for one known key that nobody has to be kept out for; false, and nothing was done, if it is none.
    static bool answer_alone(table const& known, std::span<claim const> claims, std::int64_t now, bool counting,
                             allowance& made) {
        if (!are_of_one_key(claims)) return false;
        auto const counters = known.find(claims.front().key);
        if (!counters) return false;
        auto const cost = claims.front().cost;
        for (;;) {
            auto const seen = counters->look();
            if (!seen || !counters.is_still()) return false;
            for (auto const& each : claims) {
                if (!seen->is_for(each.quota.window())) return false;
            }
            auto const counter_of = [&](std::size_t) -> auto const& { return *seen; };
            judge(claims, counter_of, now, counting, made);
            if (made.outcome != allowance::verdict::admitted || !counting) return true;
            auto after = *seen;
            after.admit(cost, now);
            show_places(made, [&](std::size_t) { return window_counters::place_in(after, cost); });
            if (cost == 0) return true;
            if (!seen->is_newest(now)) return false;
            if (!counters->replace(*seen, after)) continue;
            // Where a state is another key's since the look, and was counted in the same millisecond as often, this cost
            // was counted for that one; and here none.
            if (!counters.is_no_others()) continue;
            return true;
        }
    }

    /// The answer, by what each claim's window was admitted before; an admission is yet to be counted.
    template <class CounterOf>
    static void judge(std::span<claim const> claims, CounterOf const& counter_of, std::int64_t now, bool counting,
                      allowance& answer) noexcept {
        answer.outcome = allowance::verdict::admitted;
        answer.states = {};
        answer.receipt = {};
        for (std::size_t i = 0; i < claims.size(); ++i) {
            auto const& asked = claims[i];
            std::chrono::nanoseconds const waits(counter_of(i).wait(asked.quota, asked.cost, now));
            if (waits != std::chrono::nanoseconds::zero() && !asked.shadow)
                answer.outcome = allowance::verdict::refused;
            static_cast<void>(answer.states.push_back(
                {.name = asked.name, .quota = asked.quota, .retry_after = waits, .shadow = asked.shadow}));
        }
        bool const admitted = counting && answer.outcome == allowance::verdict::admitted;
        for (std::size_t i = 0; i < claims.size(); ++i) {
            auto after = counter_of(i);
            if (admitted) after.admit(claims[i].cost, now);
            show_usage(answer.states[i], after, now);
        }
    }

    static void show_usage(rate_state& state, window_counter const& in, std::int64_t now) noexcept {
        auto const window = state.quota.window();
        auto const used = std::min(in.used(window, now), state.quota.limit());
        state.remaining = state.quota.limit() - used;
        state.reset = std::chrono::nanoseconds(used == 0 ? 0 : in.until_at_most(used - 1, window, now));
    }

    /// Says by what each claim's admission can be given back.
    template <class PlaceOf>
    static void show_places(allowance& answer, PlaceOf const& place_of) noexcept {
        for (std::size_t i = 0; i < answer.states.size(); ++i) answer.states[i].stamp = place_of(i).stamp;
        answer.receipt = place_of(0);
    }

    limited_keys<key_counters> keys_;
};

}  // namespace sallyport
