// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/limited_keys.hpp>
#include <sallyport/limit/rate_limiter.hpp>
#include <sallyport/limit/stamp_ring.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sallyport {

/// A sliding window over a log of all that counts. What it promises hangs on the scale by which it keeps stamps, and is
/// said where there is one: `sliding_log`, `compact_sliding_log`.
template <class Scale>
class basic_sliding_log {
public:
    using when_full = sallyport::when_full;

    struct options {
        std::size_t max_clients = std::size_t{1} << 20;
        std::size_t max_unproven = std::size_t{1} << 14;  ///< at most 8 KiB each for a limit of 1,000: 128 MiB in all
        std::size_t max_blocked = std::size_t{1} << 12;
        when_full full = when_full::fail;
    };

    basic_sliding_log() : basic_sliding_log(options{}) {}
    explicit basic_sliding_log(options const& bounds)
        : rings_(bounds.max_clients, bounds.max_unproven, bounds.max_blocked, bounds.full) {}

    /// All claims of one call are of one kind: of a proven client, or of a request let in without a secret. Other
    /// calls fail, and those of more than `max_claims`, or of more than four of one key. Throws what allocation throws, and nothing has changed.
    allowance take(std::span<claim const> claims, steady_time now) { return answer(claims, now, true); }

    /// What `take` would answer, but that nothing is counted, and `remaining` and `reset` are as things stand.
    allowance look(std::span<claim const> claims, steady_time now) { return answer(claims, now, false); }

    /// Takes back what an admission counted for a key, after work that failed, say; whether it was still there. Its
    /// stamp is the receipt's, of which a call of several keys has one in each `rate_state`.
    bool give_back(rate_key const& key, std::uint32_t cost, receipt const& of) {
        auto const stamp = of.stamp.time_since_epoch().count();
        std::uint32_t gone = 0;
        auto const use = [&](auto& ring) { gone = ring.give_back(stamp, cost); };
        rings_.of(key).with(key, stamp, 1, use);
        return gone > 0;
    }

    /// Forgets what a key has used; whether it had used anything.
    bool reset(rate_key const& key) { return rings_.of(key).erase(key); }

    /// Refuses every call that claims this key until a moment; one that is not after `now` ends it. A claim in shadow tells
    /// that it would be refused, and is not. False if more keys are blocked already than there is room for.
    bool block(rate_key const& key, steady_time until, steady_time now) { return rings_.block(key, until, now); }

    /// Asks for the memory of a proven client's key (see `prefetching_limiter`).
    auto prefetch(rate_key const& key) const noexcept { return rings_.prefetch(key); }

    /// How many keys are remembered.
    std::size_t size() const noexcept { return rings_.size(); }

    /// How many calls were admitted without being counted, for want of room.
    std::uint64_t untracked() const noexcept { return rings_.untracked(); }

    /// How far apart two stamps of a key are that are told apart, where this is the longest window that it was asked for.
    static constexpr std::chrono::nanoseconds tick(std::chrono::milliseconds longest) noexcept {
        return Scale::tick(longest);
    }

private:
    using ring_type = stamp_ring<Scale>;
    using view = typename ring_type::view;
    using admission = typename ring_type::admission;
    using table = rate_key_table<ring_type>;
    static constexpr std::uint32_t first_capacity = 1024;

    allowance answer(std::span<claim const> claims, steady_time at, bool counting) {
        auto const now = at.time_since_epoch().count();
        return rings_.answer(
            claims, at, counting,
            [now](table const& rings, std::span<claim const> of, bool counts, allowance& made) {
                return of.size() == 1 ? answer_alone(rings, of.template first<1>(), now, counts, made)
                                      : answer_alone(rings, of, now, counts, made);
            },
            [now](table& rings, std::span<claim const> of, bool counts, allowance& made) {
                return answer_together(rings, of, now, counts, made);
            });
    }

    /// False, and nothing was done, if there is no room.
    static bool answer_together(table& known, std::span<claim const> claims, std::int64_t now, bool counting,
                                allowance& made) {
        // As many slots as the budget's highest limit, so that a client in use never waits for memory.
        auto const capacity_of = [&](std::size_t i) {
            std::uint32_t most = 1;
            for (auto const& each : claims.subspan(i)) {
                if (each.key == claims[i].key) most = std::max(most, each.quota.limit());
            }
            return std::min(most, first_capacity);
        };
        auto const use = [&](auto const& rings, auto const& enlarge) {
            for (std::size_t i = 0; i < claims.size(); ++i) rings[i]->look_back(claims[i].quota);
            for (std::size_t i = 0; i < claims.size(); ++i) {
                auto const& measured = longest_in_force(claims, claims[i].key);
                if (rings[i]->suits(measured)) continue;
                if (!rings[i]->is_new()) enlarge(i, rings[i]->capacity());
                rings[i]->suit(measured, now);
            }
            auto const ring_of = [&rings](std::size_t i) -> view& { return *rings[i]; };
            if (judge(claims, ring_of, now, counting, made)) commit(claims, rings, enlarge, now);
        };
        made = {};
        return known.with(claims, now, capacity_of, use);
    }

    /// The longest of a key's windows in force, since one in shadow must change no answer; where all are, of those.
    static quota const& longest_in_force(std::span<claim const> claims, rate_key const& key) noexcept {
        claim const* found = nullptr;
        for (auto const& each : claims) {
            if (each.key != key) continue;
            bool const counts_more = found && found->shadow == each.shadow ? each.quota.window() > found->quota.window()
                                                                           : !found || found->shadow;
            if (counts_more) found = &each;
        }
        return found->quota;
    }

    /// Answers a call for one known key that nobody has to be kept out for; false, and nothing was done, if it is none.
    template <std::size_t Claims>
    static bool answer_alone(table const& known, std::span<claim const, Claims> claims, std::int64_t now, bool counting,
                             allowance& made) {
        auto const& first = claims.front();
        if (first.cost > 1 && counting) return false;
        if (!are_of_one_key(claims)) return false;
        auto const ring = known.find(first.key);
        if (!ring) return false;
        for (;;) {
            auto seen = ring->look();
            if (!seen) return false;
            for (auto const& each : claims) {
                if (!ring->reaches(each.quota) || !(each.shadow || seen->suits(each.quota))) return false;
            }
            auto const ring_of = [&seen](std::size_t) -> view& { return *seen; };
            bool const counted = judge(claims, ring_of, now, counting, made);
            if (!ring.is_still()) return false;
            if (!counted || first.cost == 0) {
                if (seen->overtaken()) continue;
                return true;
            }
            switch (ring->admit_one(*seen, seen->stamp(now))) {
                case admission::done: return true;
                case admission::overtaken: continue;
                case admission::no_room: return false;
            }
        }
    }

    /// The answer, by what each claim's key was admitted before; whether it says how all stands once the call is counted,
    /// which is yet to be done.
    template <std::size_t Claims, class RingOf>
    static bool judge(std::span<claim const, Claims> claims, RingOf const& ring_of, std::int64_t now, bool counting,
                      allowance& answer) noexcept {
        answer.outcome = allowance::verdict::admitted;
        answer.states = {};
        for (std::size_t i = 0; i < claims.size(); ++i) add_state(answer, claims[i], ring_of(i), now);
        answer.receipt = {steady_time(std::chrono::nanoseconds(ring_of(0).told(now))), ring_of(0).position()};
        if (!counting || answer.outcome != allowance::verdict::admitted) return false;
        for (auto i = claims.size(); i-- > 0;) count_in(answer.states[i], ring_of(i), claims[i].cost, now);
        return true;
    }

    /// How a window stands before a call is counted.
    static void add_state(allowance& answer, claim const& asked, view& ring, std::int64_t now) noexcept {
        auto const usage = ring.usage(asked.quota, now, ring.notes.read());
        auto const remaining = asked.quota.limit() - usage.units;
        auto const waits = asked.cost <= remaining ? 0 : ring.wait(asked.quota, asked.cost, now);
        if (waits != 0 && !asked.shadow) answer.outcome = allowance::verdict::refused;
        answer.states.append([&]() -> rate_state {
            return {.name = asked.name,
                    .quota = asked.quota,
                    .remaining = remaining,
                    .reset = std::chrono::nanoseconds(usage.until_freed),
                    .retry_after = std::chrono::nanoseconds(waits),
                    .shadow = asked.shadow};
        });
    }

    /// Says how a window stands once so much more is counted.
    static void count_in(rate_state& state, view& ring, std::uint32_t cost, std::int64_t now) noexcept {
        auto const limit = state.quota.limit();
        auto const before = limit - state.remaining;
        auto const counted = std::min(cost, limit);
        auto const kept = std::min(before, limit - counted);  // of what was used before, what the limit still counts
        if (counted > 0 && kept == 0) {
            state.reset = std::chrono::nanoseconds(ring.until_gone(state.quota, now));
        } else if (kept < before) {
            state.reset = std::chrono::nanoseconds(ring.until_freed(state.quota, kept, now));
        }
        state.stamp = steady_time(std::chrono::nanoseconds(ring.told(now)));
        state.remaining = limit - kept - counted;
        ring.notes.write(kept + counted);
    }

    /// Counts the usage once for each key, however many windows of it were claimed: for all keys, or for none.
    template <class Rings, class Enlarge>
    static void commit(std::span<claim const> claims, Rings const& rings, Enlarge const& enlarge, std::int64_t now) {
        for (std::size_t i = 0; i < claims.size(); ++i) {
            if (auto const capacity = rings[i]->lacking(claims[i].cost, now)) enlarge(i, capacity);
        }
        once_a_key(rings, [&](std::size_t i) { rings[i]->admit(claims[i].cost, now); });
    }

    limited_keys<ring_type> rings_;
};

/// An exact sliding window. A call is admitted if and only if the costs admitted before it within the window
/// that ends at its stamp, plus its own, are at most the limit; its stamp is the later of `now` and its key's
/// last admission. So no window of any position ever holds more than the limit, with any number of threads
/// and whatever the clock does, and a refused call changes nothing.
///
/// Quotas may differ from call to call: usage is remembered, never a limit. It is remembered as deep as the
/// highest limit and as far back as the longest window that was asked of a key. One that asks for more than any
/// before it counts what is there.
///
/// A call for one key that is known, of a cost of 1 or 0, takes no lock, whatever windows it has: one look-up, a few
/// looks at the key's last admissions, and one compare-and-swap if it is admitted. Others lock their keys' shards.
/// Memory: 8 bytes for each unit that a key's limit allows (above 1,024: that its usage needs, and as much again in
/// smaller rings that it grew out of, which other keys get) and at most 64, of which the allocator has 8 to 16, for at most `max_clients` keys of proven clients and `max_unproven` of requests let in without a
/// secret; and 11 to 15 bytes for each of these that there might be, which the system gives as they are used (see
/// `large_array`). Thread-safe.
using sliding_log = basic_sliding_log<exact_scale>;

}  // namespace sallyport
