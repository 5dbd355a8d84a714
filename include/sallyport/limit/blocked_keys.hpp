// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/rate_key_table.hpp>
#include <sallyport/model/bounded_list.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>
#include <sallyport/model/result.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace sallyport {

/// Until when a key is blocked: the state of a table of those that are. Read by any thread; changed by one that has the
/// table's lock.
class blocked_until {
public:
    class held {
    public:
        held() noexcept = default;
        explicit held(blocked_until& in) noexcept : in_(&in) {}
        void set(std::int64_t until) const noexcept { in_->until_.store(until, std::memory_order_release); }
        std::int64_t idle_from() const noexcept { return in_->get(); }

    private:
        blocked_until* in_ = nullptr;
    };
    struct closing {
        bool closed;
        std::int64_t idle_from;
    };

    explicit blocked_until(std::uint32_t) noexcept {}
    static constexpr std::size_t bytes_behind(std::uint32_t) noexcept { return 0; }
    static constexpr std::uint32_t capacity() noexcept { return 0; }

    std::int64_t get() const noexcept { return until_.load(std::memory_order_acquire); }

    static held start(blocked_until& in, std::int64_t, std::uint32_t) noexcept {
        held const made(in);
        made.set(never_counted);
        return made;
    }
    static held take_over(held const& fresh, held const& from) noexcept {
        fresh.set(from.idle_from());
        return fresh;
    }
    static held enter(blocked_until& in) noexcept { return held(in); }
    static void leave(held const&) noexcept {}
    closing close(std::int64_t now) const noexcept { return {get() <= now, get()}; }

private:
    static constexpr auto never_counted = std::numeric_limits<std::int64_t>::min();

    std::atomic<std::int64_t> until_{never_counted};
};

/// What blocks of its keys mean for a call: how long each claim is held up. One that is in force refuses the call; one in
/// shadow tells that it would, and refuses nobody.
class blocked_claims {
public:
    bool any() const noexcept { return !waits_.empty(); }
    bool refuse() const noexcept { return refuse_; }

    void add(claim const& next, std::chrono::nanoseconds wait) noexcept {
        static_cast<void>(waits_.push_back(wait));
        refuse_ = refuse_ || (wait > std::chrono::nanoseconds::zero() && !next.shadow);
    }

    /// Says so in the limiter's own answer to the claims, which counted nothing if the call is refused.
    void tell(std::span<claim const> claims, allowance& made) const noexcept {
        if (refuse_) {
            if (made.outcome == allowance::verdict::failed) {
                for (auto const& each : claims) static_cast<void>(made.states.push_back(untouched(each)));
            }
            made.outcome = allowance::verdict::refused;
            made.receipt = {};
        }
        for (std::size_t i = 0; i < made.states.size(); ++i) {
            made.states[i].retry_after = std::max(made.states[i].retry_after, waits_[i]);
        }
    }

private:
    bounded_list<std::chrono::nanoseconds, max_claims> waits_;  ///< of each claim, or of none
    bool refuse_ = false;
};

/// Keys that a host has blocked, each until a moment; at most so many. While there are none, a question costs
/// one look; else it takes no lock, unless a block ends at that moment. Thread-safe.
class blocked_keys {
public:
    /// Raises `setup_error` for a capacity that none may have.
    explicit blocked_keys(std::size_t capacity) : until_(checked(capacity)) {}

    /// Blocks a key until a moment; one that is not after `now` ends it. False if there is no room for one more.
    [[nodiscard]] bool block(rate_key const& key, steady_time until, steady_time now) {
        if (until <= now) return until_.erase(key), true;
        return until_.with(key, ticks(now), 0, [until](auto const& mark) { mark.set(ticks(until)); });
    }

    /// Which of the claims' keys are blocked.
    blocked_claims among(std::span<claim const> claims, steady_time now) const noexcept {
        if (until_.size() == 0) [[likely]]
            return {};
        return look_for(claims, ticks(now));
    }

private:
    static std::size_t checked(std::size_t capacity) {
        if (capacity > 0xffff'ffff) raise({"a limiter has room for at most 4294967295 blocked keys (max_blocked)"});
        return capacity;
    }

    static std::int64_t ticks(steady_time moment) noexcept { return moment.time_since_epoch().count(); }

    blocked_claims look_for(std::span<claim const> claims, std::int64_t now) const noexcept {
        blocked_claims found;
        for (auto const& each : claims) found.add(each, between(now, until(each.key, now)));
        return found;
    }

    /// Until when a key is blocked; `now` if it isn't.
    std::int64_t until(rate_key const& key, std::int64_t now) const noexcept {
        auto const mark = until_.find_surely(key);
        if (!mark) return now;
        auto const until = mark->get();
        return mark.is_still() ? std::max(until, now) : now;
    }

    /// The length of time between two moments in their order; the longest there is, if it is longer.
    static std::chrono::nanoseconds between(std::int64_t from, std::int64_t to) noexcept {
        auto const length = static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
        auto const most = static_cast<std::uint64_t>(never.count());
        return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(length, most)));
    }

    rate_key_table<blocked_until> until_;
};

}  // namespace sallyport
