// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/limited_keys.hpp>
#include <sallyport/limit/rate_limiter.hpp>
#include <sallyport/limit/stamp_ring.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>

#include <algorithm>
#include <array>
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

    /// All claims of one call are of one kind: of a proven client, or of a request let in without a secret. Other calls
    /// fail, and those of more than `max_claims`, or of more than four of one key. Throws what allocation throws, and
    /// nothing has changed.
    allowance take(std::span<claim const> claims, steady_time now) { return answer(claims, now, true); }

    /// What `take` would answer, but that nothing is counted, and `remaining` and `reset` are as things stand.
    allowance look(std::span<claim const> claims, steady_time now) { return answer(claims, now, false); }

    /// Takes back what an admission counted for a key, after work that failed, say; whether it was still there. Its
    /// stamp is the receipt's, of which a call of several keys has one in each `rate_state`.
    bool give_back(rate_key const& key, std::uint32_t cost, receipt const& of) {
        auto& keys = rings_.of(key);
        if (!keys.find_surely(key)) return false;  // nothing was counted that still is, and no room is made for it
        auto const stamp = of.stamp.time_since_epoch().count();
        std::uint32_t gone = 0;
        auto const use = [&](auto& ring) { gone = ring.give_back(stamp, cost); };
        keys.with(key, stamp, 1, use);
        return gone > 0;
    }

    /// Forgets what a key has used; whether it had used anything.
    bool reset(rate_key const& key) { return rings_.of(key).erase(key); }

    /// Refuses every call that claims this key until a moment; one that is not after `now` ends it. A claim in shadow tells
    /// that it would be refused, and is not. False if more keys are blocked already than there is room for.
    [[nodiscard]] bool block(rate_key const& key, steady_time until, steady_time now) {
        return rings_.block(key, until, now);
    }

    /// Asks for the memory of a proven client's key (see `prefetching_limiter`).
    auto prefetch(rate_key const& key) const noexcept { return rings_.prefetch(key); }

    /// How many keys are remembered.
    std::size_t size() const noexcept { return rings_.size(); }

    /// How many calls were admitted without being counted, for want of room.
    std::uint64_t untracked() const noexcept { return rings_.untracked(); }

    /// How far apart two stamps of a key are that are told apart, where this is the longest window in force by which it was
    /// counted.
    static constexpr std::chrono::nanoseconds tick(std::chrono::milliseconds longest) noexcept {
        return Scale::tick(longest);
    }

private:
    using ring_type = stamp_ring<Scale>;
    using view = typename ring_type::view;
    using admission = typename ring_type::admission;
    using ticks = typename ring_type::ticks;
    using table = rate_key_table<ring_type>;
    static constexpr std::uint32_t first_capacity = 1024;

    allowance answer(std::span<claim const> claims, steady_time at, bool counting) {
        auto const alone = [](table const& rings, std::span<claim const> of, ticks now, bool counts, allowance& made) {
            return of.size() == 1 ? answer_alone(rings, of.template first<1>(), now, counts, made)
                                  : answer_alone(rings, of, now, counts, made);
        };
        return rings_.answer(claims, at, counting, alone, answer_together);
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
            auto const ring_of = [&rings](std::size_t i) -> view& { return *rings[i]; };
            suit(claims, rings, enlarge, now, false);
            auto found = weigh(claims, ring_of, now);
            // Only a call that is counted has a known key's stamps told anew, and then it is weighed by what is told.
            if (counting && found.admitted && suit(claims, rings, enlarge, now, true))
                found = weigh(claims, ring_of, now);
            bool const counted = counting && found.admitted;
            tell(claims, found, ring_of, now, counted, made);
            if (!counted) return;
            note(claims, found, ring_of);
            commit(claims, rings, enlarge, now);
        };
        return known.with(claims, now, capacity_of, use);
    }

    /// Has stamps of new keys, or of known ones too, told so that they suit what is asked of each; whether any were not.
    template <class Rings, class Enlarge>
    static bool suit(std::span<claim const> claims, Rings const& rings, Enlarge const& enlarge, std::int64_t now,
                     bool known_too) {
        bool any = false;
        for (std::size_t i = 0; i < claims.size(); ++i) {
            auto const& measured = longest_in_force(claims, claims[i].key);
            bool const is_new = rings[i]->is_new();
            if (rings[i]->suits(measured) || !(is_new || known_too)) continue;
            if (!is_new) enlarge(i, rings[i]->capacity());  // at another one nobody has looked yet
            rings[i]->suit(measured, now);
            any = true;
        }
        return any;
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
            auto const found = weigh(claims, ring_of, now);
            if (!ring.is_still()) return false;
            bool const counted = counting && found.admitted;
            if (!counted || first.cost == 0) {
                if (seen->overtaken()) continue;
            } else {
                note(claims, found, ring_of);
                auto const done = ring->admit_one(*seen, seen->stamp(now));
                if (done == admission::overtaken) continue;
                if (done == admission::no_room) return false;
            }
            // After the swap: the less lies between look and swap, the fewer are overtaken.
            tell(claims, found, ring_of, now, counted, made);
            return true;
        }
    }

    /// How a window stands before a call, and once it is counted. What was just written as two is not to be copied as
    /// one: that makes a processor wait.
    struct weighed {
        std::uint32_t used;
        std::uint32_t used_then;
        ticks until_freed;  ///< how long until the oldest that is used leaves the window
        ticks until_freed_then;
        ticks waits;  ///< how long until the call fits; 0 if it does
    };
    template <std::size_t Claims>
    struct weighed_claims {
        std::array<weighed, std::min(Claims, max_claims)> each;
        bool admitted;  ///< all that are in force fit
    };

    /// What a call is to its claims, by what each claim's key was admitted before.
    template <std::size_t Claims, class RingOf>
    static weighed_claims<Claims> weigh(std::span<claim const, Claims> claims, RingOf const& ring_of,
                                        std::int64_t now) noexcept {
        weighed_claims<Claims> found;
        found.admitted = true;
        for (std::size_t i = 0; i < claims.size(); ++i) {
            auto const& asked = claims[i];
            auto const limit = asked.quota.limit();
            auto& ring = ring_of(i);
            auto const [used, until_freed] = ring.usage(asked.quota, now, ring.notes.read());
            if (asked.cost <= limit - used) [[likely]] {
                bool const is_first = used == 0 && asked.cost > 0;
                found.each[i] = {used, used + asked.cost, until_freed,
                                 is_first ? ring.until_gone(asked.quota, now) : until_freed, 0};
            } else {
                found.each[i] = {used, limit, until_freed, asked.shadow ? until_kept(asked, ring, now) : 0,
                                 ring.wait(asked.quota, asked.cost, now)};
                if (!asked.shadow) found.admitted = false;
            }
        }
        return found;
    }
    /// Of a call that is too much: until the oldest leaves that the limit in shadow still counts, once it counts the call.
    static ticks until_kept(claim const& asked, view const& ring, std::int64_t now) noexcept {
        auto const kept = asked.quota.limit() - std::min(asked.cost, asked.quota.limit());
        return kept == 0 ? ring.until_gone(asked.quota, now) : ring.until_freed(asked.quota, kept, now);
    }

    /// The answer, if the call is counted or if it isn't.
    template <std::size_t Claims, class RingOf>
    static void tell(std::span<claim const, Claims> claims, weighed_claims<Claims> const& found, RingOf const& ring_of,
                     std::int64_t now, bool counted, allowance& answer) noexcept {
        answer.outcome = found.admitted ? allowance::verdict::admitted : allowance::verdict::refused;
        for (std::size_t i = 0; i < claims.size(); ++i) {
            auto const& its = found.each[i];
            answer.states.append([&]() -> rate_state {
                return {.name = claims[i].name,
                        .quota = claims[i].quota,
                        .remaining = claims[i].quota.limit() - (counted ? its.used_then : its.used),
                        .reset = std::chrono::nanoseconds(counted ? its.until_freed_then : its.until_freed),
                        .retry_after = std::chrono::nanoseconds(its.waits),
                        .shadow = claims[i].shadow,
                        .stamp = counted ? moment(ring_of(i).told(now)) : steady_time::min()};
            });
        }
        answer.receipt = {moment(ring_of(0).told(now)), ring_of(0).position()};
    }
    static steady_time moment(std::int64_t ticks) noexcept { return steady_time(std::chrono::nanoseconds(ticks)); }

    /// Leaves for the next call what each window holds once this one is counted.
    template <std::size_t Claims, class RingOf>
    static void note(std::span<claim const, Claims> claims, weighed_claims<Claims> const& found,
                     RingOf const& ring_of) noexcept {
        for (auto i = claims.size(); i-- > 0;) ring_of(i).notes.write(found.each[i].used_then);
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
/// Memory: 8 bytes for each unit that a key's limit allows (above 1,024: for as many as its usage needs, twice as many
/// whenever it has grown; the smaller rings that it grew out of, less than twice as large together, are left to other
/// keys) and at most 64, of which the allocator has 8 to 16, for at most `max_clients` keys of proven clients and
/// `max_unproven` of requests let in without a secret; and 11 to 15 bytes for each of these that there might be, which
/// the system gives as they are used (see `large_array`). Thread-safe.
using sliding_log = basic_sliding_log<exact_scale>;

}  // namespace sallyport
