// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/claim_tables.hpp>
#include <sallyport/limit/key_counters.hpp>
#include <sallyport/limit/rate_limiter.hpp>
#include <sallyport/limit/window_counter.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
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
/// A receipt's stamp is where the sub-window of the first key starts in which the call was counted, and its position
/// how much was counted there before. Receipts of one key and one window are in the order of both.
///
/// A call for one key that is known, by one length of window, takes no lock, unless it is the first to be admitted in a
/// sub-window: one look-up, and one compare-and-swap if it is admitted. Others lock their keys' shards. Memory: 59
/// bytes for a proven client with one window, and 155 with two to four, for at most `max_clients` keys of proven
/// clients and `max_unproven` keys of requests let in without a secret, whatever the limits; a new key beyond that is
/// answered `failed`. Thread-safe.
class sliding_counter {
public:
    struct options {
        std::size_t max_clients = std::size_t{1} << 20;
        std::size_t max_unproven = std::size_t{1} << 20;
    };

    sliding_counter() : sliding_counter(options{}) {}
    explicit sliding_counter(options const& bounds) : keys_(bounds.max_clients, bounds.max_unproven) {}

    /// How early a call may be refused.
    static constexpr std::chrono::nanoseconds sub_window(std::chrono::milliseconds window) noexcept {
        return window_counter::sub_window(window);
    }

    /// All claims of one call are of one kind: of a proven client, or of a request let in without a secret. Other
    /// calls fail, and those of more than `max_claims`, or of more than four of one key. Throws what allocation throws, and nothing has changed.
    allowance take(std::span<claim const> claims, steady_time now) {
        auto const ticks = now.time_since_epoch().count();
        return keys_.answer(claims, [&](auto& table) { return take(table, claims, ticks); });
    }

    /// Asks for the memory of a proven client's key (see `prefetching_limiter`).
    auto prefetch(rate_key const& key) const noexcept { return keys_.prefetch(key); }

    /// How many keys are remembered.
    std::size_t size() const noexcept { return keys_.size(); }

private:
    template <class Table>
    static allowance take(Table& table, std::span<claim const> claims, std::int64_t now) {
        if (auto const alone = take_alone(table, claims, now)) return *alone;
        auto const capacity_of = [&](std::size_t i) {
            auto const& first = claims[i];
            bool const several = std::any_of(claims.begin(), claims.end(), [&](claim const& other) {
                return other.key == first.key && sub_window(other.quota.window()) != sub_window(first.quota.window());
            });
            return several ? key_counters::for_several : 1;
        };
        allowance answer;
        table.with(claims, now, capacity_of, [&](auto const& keys, auto const& enlarge) {
            look_for(claims, keys, enlarge, now);
            auto const of = [&](std::size_t i) -> auto const& { return keys[i]->of(claims[i].quota.window()); };
            answer = judge(claims, of, now);
            if (answer.outcome != allowance::verdict::admitted) return;
            once_a_key(keys, [&](std::size_t i) { keys[i]->admit(claims[i].cost, now); });
        });
        return answer;
    }

    /// Lets there be a counter for each claim, and for no window that was not asked for long ago.
    template <class Keys, class Enlarge>
    static void look_for(std::span<claim const> claims, Keys const& keys, Enlarge const& enlarge, std::int64_t now) {
        for (std::size_t i = 0; i < claims.size(); ++i) {
            auto const window = claims[i].quota.window();
            if (keys[i]->lacks_room_for(window)) enlarge(i, key_counters::for_several);
            keys[i]->look_for(window, now);
        }
        once_a_key(keys, [&](std::size_t i) {
            keys[i]->drop_unasked(now);
            if (keys[i]->size() == 1 && keys[i]->capacity() > 1) enlarge(i, 1);
        });
    }

    /// The answer to a call for one known key that nobody has to be kept out for, if it is one.
    template <class Table>
    static std::optional<allowance> take_alone(Table& table, std::span<claim const> claims, std::int64_t now) {
        if (!are_of_one_key(claims)) return std::nullopt;
        auto const counters = table.find(claims.front().key);
        if (!counters) return std::nullopt;
        auto const cost = claims.front().cost;
        for (;;) {
            auto const seen = counters->look();
            if (!seen || !counters.is_still()) return std::nullopt;
            for (auto const& each : claims) {
                if (!seen->is_for(each.quota.window())) return std::nullopt;
            }
            auto const answer = judge(
                claims, [&](std::size_t) -> auto const& { return *seen; }, now);
            if (answer.outcome != allowance::verdict::admitted || cost == 0) return answer;
            if (!seen->is_newest(now)) return std::nullopt;
            auto after = *seen;
            after.admit(cost, now);
            if (!counters->replace(*seen, after)) continue;
            // Where a state is another key's since the look, and was counted in the same millisecond as often, one unit
            // was counted for that one; and here none.
            if (!counters.is_still()) continue;
            return answer;
        }
    }

    /// The answer, by what each claim's window was admitted before; an admission is yet to be counted.
    template <class CounterOf>
    static allowance judge(std::span<claim const> claims, CounterOf const& counter_of, std::int64_t now) noexcept {
        allowance answer;
        answer.outcome = allowance::verdict::admitted;
        for (std::size_t i = 0; i < claims.size(); ++i) {
            auto const& asked = claims[i];
            std::chrono::nanoseconds const waits(counter_of(i).wait(asked.quota, asked.cost, now));
            if (waits != std::chrono::nanoseconds::zero() && !asked.shadow)
                answer.outcome = allowance::verdict::refused;
            static_cast<void>(answer.states.push_back(
                {.name = asked.name, .quota = asked.quota, .retry_after = waits, .shadow = asked.shadow}));
        }
        bool const admitted = answer.outcome == allowance::verdict::admitted;
        for (std::size_t i = 0; i < claims.size(); ++i) {
            auto after = counter_of(i);
            if (admitted) after.admit(claims[i].cost, now);
            show_usage(answer.states[i], after, now);
            if (admitted && i == 0) answer.receipt = receipt_of(after, claims[i].cost);
        }
        return answer;
    }

    static void show_usage(rate_state& state, window_counter const& in, std::int64_t now) noexcept {
        auto const window = state.quota.window();
        auto const used = std::min(in.used(window, now), state.quota.limit());
        state.remaining = state.quota.limit() - used;
        state.reset = std::chrono::nanoseconds(used == 0 ? 0 : in.until_at_most(used - 1, window, now));
    }

    static receipt receipt_of(window_counter const& after, std::uint32_t cost) noexcept {
        return {steady_time(std::chrono::nanoseconds(after.newest_start())),
                after.newest_count() - std::min(cost, after.newest_count())};
    }

    claim_tables<key_counters> keys_;
};

}  // namespace sallyport
