// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/claim_tables.hpp>
#include <sallyport/limit/key_table.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>

#include <algorithm>
#include <atomic>
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
        void set(std::int64_t until) const noexcept { in_->until_.store(until, std::memory_order_relaxed); }
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

    std::int64_t get() const noexcept { return until_.load(std::memory_order_relaxed); }

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

/// Keys that a host has blocked, each until a moment; at most so many. While there are none, a question costs
/// one look; else it takes no lock. Thread-safe.
class blocked_keys {
public:
    explicit blocked_keys(std::size_t capacity) : until_(capacity) {}

    /// Blocks a key until a moment; one that is not after `now` ends it. False if there is no room for one more.
    bool block(rate_key const& key, std::int64_t until, std::int64_t now) {
        auto const words = key_words<words_of_any_key>(key);
        if (until <= now) return until_.erase(words), true;
        auto const no_slots = [](std::size_t) { return std::uint32_t{0}; };
        return until_.with(std::span(&words, 1), now, no_slots,
                           [until](auto const& marks, auto const&) { marks[0]->set(until); });
    }

    /// Until when one of the claims' keys is blocked; `now` if none is.
    std::int64_t until(std::span<claim const> claims, std::int64_t now) const noexcept {
        if (until_.size() == 0) [[likely]]
            return now;
        return latest_of(claims, now);
    }

private:
    std::int64_t latest_of(std::span<claim const> claims, std::int64_t now) const noexcept {
        auto latest = now;
        for (auto const& each : claims) {
            auto const mark = until_.find(key_words<words_of_any_key>(each.key));
            if (!mark) continue;
            auto const until = mark->get();
            if (mark.is_still()) latest = std::max(latest, until);
        }
        return latest;
    }

    key_table<words_of_any_key, blocked_until> until_;
};

}  // namespace sallyport
