// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/blocked_keys.hpp>
#include <sallyport/limit/claim_tables.hpp>
#include <sallyport/limit/rate_limiter.hpp>
#include <sallyport/limit/stamp_ring.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace sallyport {

/// A sliding window over a log of all that counts. What it promises hangs on the scale by which it keeps stamps, and is
/// said where there is one: `sliding_log`, `compact_sliding_log`.
template <class Scale>
class basic_sliding_log {
public:
    /// What becomes of a new key for which there is no room, since all that are held count: it is answered `failed`, or
    /// admitted without being counted, which `untracked` tells.
    enum class when_full : std::uint8_t { fail, admit_untracked };

    struct options {
        std::size_t max_clients = std::size_t{1} << 20;
        std::size_t max_unproven = std::size_t{1} << 14;  ///< at most 8 KiB each for a limit of 1,000: 128 MiB in all
        std::size_t max_blocked = std::size_t{1} << 12;
        when_full full = when_full::fail;
    };

    basic_sliding_log() : basic_sliding_log(options{}) {}
    explicit basic_sliding_log(options const& bounds)
        : rings_(bounds.max_clients, bounds.max_unproven),
          blocked_(bounds.max_blocked),
          full_(bounds.full),
          untracked_(std::make_unique<std::atomic<std::uint64_t>>(0)) {}

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
        rings_.in_table_of(key, [&](auto& table) { return table.with(key, stamp, 1, use); });
        return gone > 0;
    }

    /// Forgets what a key has used; whether it had used anything.
    bool reset(rate_key const& key) {
        return rings_.in_table_of(key, [&](auto& table) { return table.erase(key); });
    }

    /// Refuses every call that claims this key until a moment; one that is not after `now` ends it. A claim in shadow tells
    /// that it would be refused, and is not. False if more keys are blocked already than there is room for.
    bool block(rate_key const& key, steady_time until, steady_time now) { return blocked_.block(key, until, now); }

    /// Asks for the memory of a proven client's key (see `prefetching_limiter`).
    auto prefetch(rate_key const& key) const noexcept { return rings_.prefetch(key); }

    /// How many keys are remembered.
    std::size_t size() const noexcept { return rings_.size(); }

    /// How many calls were admitted without being counted, for want of room.
    std::uint64_t untracked() const noexcept { return untracked_->load(std::memory_order_relaxed); }

    /// How far apart two stamps of a key are that are told apart, where this is the longest window that it was asked for.
    static constexpr std::chrono::nanoseconds tick(std::chrono::milliseconds longest) noexcept {
        return Scale::tick(longest);
    }

private:
    using ring_type = stamp_ring<Scale>;
    using view = typename ring_type::view;
    using admission = typename ring_type::admission;
    static constexpr std::uint32_t first_capacity = 1024;

    allowance answer(std::span<claim const> claims, steady_time now, bool counting) {
        return rings_.answer(claims, [&](auto& table) {
            auto const ticks = now.time_since_epoch().count();
            auto const blocked = blocked_.among(claims, now);
            bool const counts = counting && !blocked.refuse();
            allowance made;
            bool const alone = claims.size() == 1 ? answer_alone(table, claims.template first<1>(), ticks, counts, made)
                                                  : answer_alone(table, claims, ticks, counts, made);
            if (!alone) answer_together(table, claims, ticks, counts, made);
            if (blocked.any()) [[unlikely]]
                blocked.tell(claims, made);
            return made;
        });
    }

    static void refuse(allowance& made, std::chrono::nanoseconds wait) noexcept {
        made.outcome = allowance::verdict::refused;
        made.receipt = {};
        for (auto& state : made.states) state.retry_after = std::max(state.retry_after, wait);
    }

    template <class Table>
    void answer_together(Table& table, std::span<claim const> claims, std::int64_t now, bool counting,
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
            auto const ring_of = [&](std::size_t i) -> view const& { return *rings[i]; };
            static_cast<void>(judge(claims, ring_of, now, counting, made));
            if (counting && made.outcome == allowance::verdict::admitted) commit(claims, rings, enlarge, now);
        };
        made = {};
        if (!table.with(claims, now, capacity_of, use) && full_ == when_full::admit_untracked) {
            admit_untracked(claims, now, counting, made);
        }
    }

    void admit_untracked(std::span<claim const> claims, std::int64_t now, bool counting,
                         allowance& made) const noexcept {
        made.outcome = allowance::verdict::admitted;
        made.receipt.stamp = steady_time(std::chrono::nanoseconds(now));
        for (auto const& each : claims) {
            static_cast<void>(made.states.push_back(untouched(each)));
            if (made.states[made.states.size() - 1].exceeded() && !each.shadow) return refuse(made, {});
        }
        if (counting) untracked_->fetch_add(1, std::memory_order_relaxed);
    }

    static rate_state untouched(claim const& asked) noexcept {
        return {.name = asked.name,
                .quota = asked.quota,
                .remaining = asked.quota.limit(),
                .retry_after = asked.cost > asked.quota.limit() ? never : std::chrono::nanoseconds{0},
                .shadow = asked.shadow};
    }

    /// Answers a call for one known key that nobody has to be kept out for; false, and nothing was done, if it is none.
    template <class Table, std::size_t Claims>
    static bool answer_alone(Table& table, std::span<claim const, Claims> claims, std::int64_t now, bool counting,
                             allowance& made) {
        auto const& first = claims.front();
        if (first.cost > 1 && counting) return false;
        if (!are_of_one_key(claims)) return false;
        auto const ring = table.find(first.key);
        if (!ring) return false;
        for (;;) {
            auto const seen = ring->look();
            if (!seen) return false;
            for (auto const& each : claims) {
                if (!ring->reaches(each.quota)) return false;
            }
            auto const ring_of = [&](std::size_t) -> view const& { return *seen; };
            auto const notes = judge(claims, ring_of, now, counting, made);
            if (!ring.is_still()) return false;
            if (seen->overtaken()) continue;
            if (made.outcome != allowance::verdict::admitted || first.cost == 0 || !counting) return true;
            switch (ring->admit_one(*seen, seen->stamp(now), notes)) {
                case admission::done: return true;
                case admission::overtaken: continue;
                case admission::no_room: return false;
            }
        }
    }

    /// The answer, by what each claim's key was admitted before; an admission is yet to be counted. What a single key's
    /// ring should note of its windows is returned.
    template <std::size_t Claims, class RingOf>
    static window_notes judge(std::span<claim const, Claims> claims, RingOf const& ring_of, std::int64_t now,
                              bool counting, allowance& answer) noexcept {
        answer.outcome = allowance::verdict::admitted;
        answer.states = {};
        for (std::size_t i = 0; i < claims.size(); ++i)
            add_state(answer, claims[i], ring_of(i), ring_of(i).guess(i), now);
        answer.receipt = {steady_time(std::chrono::nanoseconds(ring_of(0).told(now))), ring_of(0).position()};
        window_notes notes;
        if (!counting || answer.outcome != allowance::verdict::admitted) return notes;
        for (std::size_t i = 0; i < claims.size(); ++i) {
            notes.note(i, count_in(answer.states[i], ring_of(i), claims[i].cost, now));
        }
        return notes;
    }

    /// How a window stands before a call is counted.
    static void add_state(allowance& answer, claim const& asked, view const& ring, std::uint32_t guess,
                          std::int64_t now) noexcept {
        auto const used = ring.used(asked.quota, now, guess);
        auto const remaining = asked.quota.limit() - used;
        auto const waits = asked.cost <= remaining ? 0 : ring.wait(asked.quota, asked.cost, now);
        if (waits != 0 && !asked.shadow) answer.outcome = allowance::verdict::refused;
        static_cast<void>(
            answer.states.push_back({.name = asked.name,
                                     .quota = asked.quota,
                                     .remaining = remaining,
                                     .reset = std::chrono::nanoseconds(ring.until_freed(asked.quota, used, now)),
                                     .retry_after = std::chrono::nanoseconds(waits),
                                     .shadow = asked.shadow}));
    }

    /// Says how a window stands once so much more is counted, and what of it is then used.
    static std::uint32_t count_in(rate_state& state, view const& ring, std::uint32_t cost, std::int64_t now) noexcept {
        auto const limit = state.quota.limit();
        state.stamp = steady_time(std::chrono::nanoseconds(ring.told(now)));
        if (cost > 0 && (state.remaining == limit || cost >= limit)) {
            state.reset = std::chrono::nanoseconds(ring.until_gone(state.quota, now));
        } else if (cost > state.remaining) {
            state.reset = std::chrono::nanoseconds(ring.until_freed(state.quota, limit - cost, now));
        }
        state.remaining -= std::min(cost, state.remaining);
        return limit - state.remaining;
    }

    /// Counts the usage once for each key, however many windows of it were claimed: for all keys, or for none.
    template <class Rings, class Enlarge>
    static void commit(std::span<claim const> claims, Rings const& rings, Enlarge const& enlarge, std::int64_t now) {
        for (std::size_t i = 0; i < claims.size(); ++i) {
            if (auto const capacity = rings[i]->lacking(claims[i].cost, now)) enlarge(i, capacity);
        }
        once_a_key(rings, [&](std::size_t i) { rings[i]->admit(claims[i].cost, now); });
    }

    claim_tables<ring_type> rings_;
    blocked_keys blocked_;
    when_full full_;
    std::unique_ptr<std::atomic<std::uint64_t>> untracked_;
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
/// Memory: 8 bytes for each unit that a key's limit allows (above 1,024: that its usage needs) and at most 64, of which the
/// allocator has 8 to 16, for at most `max_clients` keys of proven clients (96 for the `max_unproven` keys of requests let
/// in without a secret); and 11 to 15 bytes for each of these that there might be, which the system gives as they are used (see
/// `large_array`). Thread-safe.
using sliding_log = basic_sliding_log<exact_scale>;

}  // namespace sallyport
