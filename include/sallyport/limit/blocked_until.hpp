// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace sallyport {

/// Until when a key is blocked, in nanoseconds of the steady clock: the state of a table of those that are. Read by any
/// thread; changed by one that has the table's lock.
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

}  // namespace sallyport
