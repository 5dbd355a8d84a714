// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/peer_address.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace sallyport {

/// Keeps expensive work from taking all processors: at most so much of it runs at once, and at most so many wait
/// for it, in the order of their coming, one a peer (of IPv6: a /64) and not for long. Waiting holds the caller's thread, so `running` and
/// `waiting` together have to be below the number of threads that a host decides on. Thread-safe.
class bulkhead {
public:
    /// One at least.
    static std::size_t processors_less_one() noexcept {
        return std::max(2U, std::thread::hardware_concurrency()) - std::size_t{1};
    }

    struct options {
        std::size_t running = processors_less_one();
        std::size_t waiting = running;
        std::chrono::milliseconds patience{1000};  ///< how long one waits at most
    };

    /// Room for one expensive verification, given back at its end; or none.
    class [[nodiscard]] room {
    public:
        room() noexcept = default;
        explicit room(bulkhead& in) noexcept : in_(&in) {}
        room(room&& other) noexcept : in_(std::exchange(other.in_, nullptr)) {}
        room& operator=(room&&) = delete;
        ~room() {
            if (in_) in_->leave();
        }

        explicit operator bool() const noexcept { return in_ != nullptr; }

    private:
        bulkhead* in_ = nullptr;
    };

    bulkhead() : bulkhead(options{}) {}
    explicit bulkhead(options const& bounds) : bounds_(bounds) {
        bounds_.running = std::max<std::size_t>(1, bounds_.running);
        queue_.reserve(bounds_.waiting);
    }

    /// Room for the work of a peer: at once, or after waiting for it; none if too many wait already, or if it took too
    /// long.
    room enter(peer_address const& peer) noexcept {
        std::unique_lock lock(mutex_);
        if (running_ < bounds_.running) {
            ++running_;
            return room(*this);
        }
        auto const is_same = [&peer](waiter const* other) { return other->peer == peer; };
        if (queue_.size() >= bounds_.waiting || std::any_of(queue_.begin(), queue_.end(), is_same)) return {};
        waiter self{.peer = peer};
        queue_.push_back(&self);
        if (self.turn.wait_for(lock, bounds_.patience, [&self] { return self.called; })) return room(*this);
        queue_.erase(std::find(queue_.begin(), queue_.end(), &self));
        return {};
    }

    /// How many wait at this moment.
    std::size_t waiting() const noexcept {
        std::lock_guard const lock(mutex_);
        return queue_.size();
    }

private:
    struct waiter {
        peer_address peer;
        bool called = false;
        std::condition_variable turn{};
    };

    /// Hands the room on to the first who waits. Nobody waits while there is room.
    void leave() noexcept {
        std::lock_guard const lock(mutex_);
        if (queue_.empty()) {
            --running_;
            return;
        }
        queue_.front()->called = true;
        queue_.front()->turn.notify_one();
        queue_.erase(queue_.begin());
    }

    options bounds_;
    mutable std::mutex mutex_;
    std::vector<waiter*> queue_;  ///< in the order of their coming; has room for all
    std::size_t running_ = 0;
};

}  // namespace sallyport
