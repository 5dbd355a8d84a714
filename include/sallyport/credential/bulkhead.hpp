// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/keyed_hash.hpp>
#include <sallyport/model/clock.hpp>
#include <sallyport/model/peer_address.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace sallyport {

/// Keeps expensive work from taking all processors: at most so much of it runs at once, and at most so many wait
/// for it, one a peer (of IPv6: a /64) and not for long. One place more is for peers that were turned away before and
/// come again: the longest ago first. So who goes on asking is served in turn with all others who do, and those who come
/// once keep nobody out, from ever new addresses either, unless tens of thousands do before somebody comes again.
///
/// Waiting holds the caller's thread: `running`, `waiting` and one have to be below the number of threads that a host
/// decides on. Time: linear in those who wait. Thread-safe.
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
        std::size_t remembered = std::size_t{1}
                                 << 16;  ///< peers turned away, 24 bytes each; 0: nobody, and no extra place
        std::chrono::nanoseconds memory = std::chrono::minutes(1);  ///< for how long
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
    explicit bulkhead(options const& bounds) : bounds_(bounds), turned_away_(bounds.remembered) {
        bounds_.running = std::max<std::size_t>(1, bounds_.running);
        queue_.reserve(bounds_.waiting + 1);
    }

    /// Room for the work of a peer: at once, or after waiting for it; none if there is no place to wait, or if it took
    /// too long.
    room enter(peer_address const& peer, steady_time now) noexcept {
        std::unique_lock lock(mutex_);
        auto const before = turned_away_at(peer, now);
        waiter self{.peer = peer, .since = before.value_or(now), .again = before.has_value()};
        if (running_ < bounds_.running) {
            ++running_;
        } else if (!take_place(self)) {
            note(peer, self.since);
            return {};
        } else if (!self.turn.wait_for(lock, bounds_.patience, [&self] { return self.called || self.displaced; }) ||
                   self.displaced) {
            if (!self.displaced) remove(self);
            note(peer, self.since);
            return {};
        }
        note(peer, std::nullopt);
        return room(*this);
    }

    /// Whether there is neither room for a peer nor a place to wait for it; then it is remembered as turned away.
    bool turns_away(peer_address const& peer, steady_time now) noexcept {
        std::lock_guard const lock(mutex_);
        auto const before = turned_away_at(peer, now);
        waiter const self{.peer = peer, .since = before.value_or(now), .again = before.has_value()};
        if (running_ < bounds_.running || place_for(self)) return false;
        note(peer, self.since);
        return true;
    }

    /// How many wait at this moment.
    std::size_t waiting() const noexcept {
        std::lock_guard const lock(mutex_);
        return queue_.size();
    }

private:
    struct waiter {
        peer_address peer;
        steady_time since;  ///< when it came first
        bool again;         ///< whether it was turned away before
        bool called = false;
        bool displaced = false;
        std::condition_variable turn{};
    };

    /// A peer that was turned away, by its hash.
    struct noted {
        std::uint64_t peer = 0;
        std::optional<steady_time> since{};
    };

    /// Where one may wait.
    enum class place : std::uint8_t { ordinary, extra, of_another };

    /// A place to wait: an ordinary one; the extra one, if it comes again; or that of one who first came later.
    std::optional<place> place_for(waiter const& self) const noexcept {
        auto const is_same = [&self](waiter const* other) { return other->peer == self.peer; };
        if (std::any_of(queue_.begin(), queue_.end(), is_same)) return std::nullopt;
        if (queue_.size() < bounds_.waiting) return place::ordinary;
        if (!self.again) return std::nullopt;
        if (queue_.size() == bounds_.waiting) return place::extra;
        return queue_.back()->since > self.since ? std::optional(place::of_another) : std::nullopt;
    }

    bool take_place(waiter& self) noexcept {
        auto const free = place_for(self);
        if (!free) return false;
        if (*free == place::of_another) {
            queue_.back()->displaced = true;
            queue_.back()->turn.notify_one();
            queue_.pop_back();
        }
        auto const later = [](waiter const* a, waiter const* b) { return a->since < b->since; };
        queue_.insert(std::upper_bound(queue_.begin(), queue_.end(), &self, later), &self);
        return true;
    }

    void remove(waiter const& gone) noexcept { queue_.erase(std::find(queue_.begin(), queue_.end(), &gone)); }

    /// Hands the room on to who came first. Nobody waits while there is room.
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

    /// When a peer was turned away first, if that is not too long ago.
    std::optional<steady_time> turned_away_at(peer_address const& peer, steady_time now) const noexcept {
        if (turned_away_.empty()) return std::nullopt;
        auto const hash = hash_(peer.bytes());
        auto const& last = turned_away_[hash % turned_away_.size()];
        bool const is_it = last.peer == hash && last.since && now - *last.since <= bounds_.memory;
        return is_it ? last.since : std::nullopt;
    }

    /// Remembers since when a peer has been turned away; no longer, if it was let in.
    void note(peer_address const& peer, std::optional<steady_time> since) noexcept {
        if (turned_away_.empty()) return;
        auto const hash = hash_(peer.bytes());
        auto& last = turned_away_[hash % turned_away_.size()];
        if (since || last.peer == hash) last = {hash, since};
    }

    options bounds_;
    mutable std::mutex mutex_;
    std::vector<waiter*> queue_;  ///< who came first in front; has room for all
    std::vector<noted> turned_away_;
    crypto::keyed_hash hash_;
    std::size_t running_ = 0;
};

}  // namespace sallyport
