// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/keyed_hash.hpp>
#include <sallyport/limit/key_table.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>
#include <sallyport/model/counted_attempt.hpp>
#include <sallyport/model/peer_address.hpp>
#include <sallyport/model/quota.hpp>
#include <sallyport/model/uuid.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace sallyport {

/// The failed attempts of one peer that still count: their moments, and at which client. The clock may step back, they
/// don't. Not thread-safe.
class failure_row {
public:
    using ticks = std::int64_t;

    explicit failure_row(ticks start) noexcept : last_(start) {}

    /// The moment at which an attempt is counted: the later of its own and the last one's.
    ticks stamp(ticks now) const noexcept { return std::max(now, last_); }

    /// How long until one more attempt may be made, if so many may fail in a window for one client and so many for
    /// all; 0 if it may be made now.
    ticks wait(std::size_t for_one, std::size_t for_all, ticks window, std::uint64_t client, ticks now) const noexcept {
        auto longest = failures_.size() < for_all ? 0 : until_old(failures_[failures_.size() - for_all], window, now);
        std::size_t seen = 0;
        for (auto each = failures_.rbegin(); each != failures_.rend(); ++each) {
            if (each->client != client || ++seen < for_one) continue;
            return std::max(longest, until_old(*each, window, now));
        }
        return longest;
    }

    /// Counts an attempt as failed; its stamp. Throws what allocation throws, and nothing has changed.
    ticks count(ticks window, std::uint64_t client, ticks now) {
        auto const counted = stamp(now);
        auto const is_old = [&](failure const& each) { return until_old(each, window, now) == 0; };
        failures_.erase(failures_.begin(), std::find_if_not(failures_.begin(), failures_.end(), is_old));
        failures_.push_back({counted, client});
        last_ = counted;
        idle_from_ = counted > latest - window ? latest : counted + window;
        return counted;
    }

    void give_back(ticks stamp, std::uint64_t client) noexcept {
        auto const is_it = [&](failure const& each) { return each.stamp == stamp && each.client == client; };
        auto const found = std::find_if(failures_.begin(), failures_.end(), is_it);
        if (found != failures_.end()) failures_.erase(found);
        if (failures_.empty()) idle_from_ = std::numeric_limits<ticks>::min();
    }

    ticks idle_from() const noexcept { return idle_from_; }

    // What a table of rows asks of one. Its shard's lock keeps all others out.

    class held {
    public:
        held() noexcept = default;
        explicit held(failure_row& row) noexcept : row_(&row) {}
        failure_row* operator->() const noexcept { return row_; }
        failure_row& operator*() const noexcept { return *row_; }
        ticks idle_from() const noexcept { return row_->idle_from(); }

    private:
        failure_row* row_ = nullptr;
    };
    struct closing {
        bool closed;
        ticks idle_from;
    };

    static constexpr std::size_t bytes_behind(std::uint32_t) noexcept { return 0; }
    static constexpr std::uint32_t capacity() noexcept { return 0; }
    static held start(failure_row& row, ticks from, std::uint32_t) noexcept {
        row = failure_row(from);
        return held(row);
    }
    static held take_over(held fresh, held const& from) noexcept {
        *fresh = std::move(*from);
        return fresh;
    }
    static held enter(failure_row& row) noexcept { return held(row); }
    static void leave(held const&) noexcept {}
    closing close(ticks now) noexcept {
        closing const made{idle_from_ <= now && idle_from_ != latest, idle_from_};
        if (made.closed) failures_ = {};
        return made;
    }

private:
    struct failure {
        ticks stamp;
        std::uint64_t client;
    };

    static constexpr ticks latest = std::numeric_limits<ticks>::max();

    static constexpr std::uint64_t between(ticks from, ticks to) noexcept {
        return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
    }

    /// How long from `now` until a failure counts no longer; 0 if it no longer does.
    ticks until_old(failure const& of, ticks window, ticks now) const noexcept {
        auto const age = between(of.stamp, stamp(now));
        if (age >= static_cast<std::uint64_t>(window)) return 0;
        auto const left = static_cast<std::uint64_t>(window) - age;
        auto const behind = between(now, stamp(now));
        return behind > static_cast<std::uint64_t>(latest) - left ? latest : static_cast<ticks>(behind + left);
    }

    std::vector<failure> failures_;  ///< in the order of their stamps
    ticks last_;
    ticks idle_from_ = std::numeric_limits<ticks>::min();
};

/// Counts the attempts to prove a client that have failed, so that no one peer guesses for long or makes the host hash
/// for long: so many in any window for one client, and ten times that over all clients, known or not. An attempt counts
/// from its beginning, and is given back if it succeeds; one that is refused counts nothing.
///
/// A peer is a v4 address, or a v6 network of `v6_prefix` bits, and has one row, whatever it tries. At most `capacity`
/// rows are held, and one that counts is never dropped. When all do, peers that are new share a bucket's row with their
/// whole block (/24, /48), and with other blocks that fall into it; which do is hashed under a random key. What a peer
/// has failed there does not count in a row that it gets after. Time: a look-up under a lock, and linear in what the
/// peer may fail in all; for a new peer of a full table a look at all rows, unless none can have grown old.
/// Memory of a row: some 200 bytes, and 16 more for each failure that counts. Thread-safe.
class throttle {
public:
    struct options {
        /// Of one peer for one client; none: everybody may try for ever.
        std::optional<quota> failures = at_most(10).per(std::chrono::seconds(60));
        unsigned for_all = 10;  ///< times that for one peer over all clients
        unsigned v6_prefix = 64;
        std::size_t capacity = std::size_t{1} << 16;
        std::size_t shared_buckets = 4096;
    };

    /// Raises `setup_error` for bounds that none may have.
    throttle() : throttle(options{}) {}
    explicit throttle(quota failures) : throttle(options{.failures = failures}) {}
    explicit throttle(options const& bounds)
        : bounds_(checked(bounds)), rows_(bounds.capacity), shared_(bounds.shared_buckets) {}

    /// Counts an attempt as failed, if it may be made. Throws what allocation throws.
    counted_attempt count(peer_address const& peer, uuid const& client, steady_time now) {
        counted_attempt made{.peer = peer.network(bounds_.v6_prefix), .client = client};
        if (!bounds_.failures) return made;
        visit(made, now, [&](failure_row& row) {
            look(row, made, now);
            if (!made.admitted) return;
            auto const stamp = row.count(window(), hash_(client.bytes()), ticks_of(now));
            made.stamp = steady_time(std::chrono::nanoseconds(stamp));
        });
        return made;
    }

    /// How long until an attempt may be made; 0 if it may be made now. Counts nothing.
    std::chrono::nanoseconds wait(peer_address const& peer, uuid const& client, steady_time now) {
        counted_attempt made{.peer = peer.network(bounds_.v6_prefix), .client = client};
        if (bounds_.failures) visit(made, now, [&](failure_row& row) { look(row, made, now); });
        return made.retry_after;
    }

    /// The attempt was no failure: what was counted for it no longer is.
    void give_back(counted_attempt const& counted) {
        if (!bounds_.failures) return;
        auto const forget = [&](failure_row& row) {
            row.give_back(ticks_of(counted.stamp), hash_(counted.client.bytes()));
        };
        if (counted.shared) {
            in_bucket(counted.peer, forget);
        } else {
            in_row(counted.peer, counted.stamp, forget);
        }
    }

    /// How many rows are held.
    std::size_t size() const noexcept { return rows_.size(); }

private:
    using row_key = std::array<std::uint32_t, 4 + 1>;

    struct bucket {
        std::mutex mutex;
        failure_row row{std::numeric_limits<std::int64_t>::min()};
    };

    static options const& checked(options const& bounds) {
        if (bounds.capacity > 0xffff'ffff) raise({"a throttle has room for at most 4294967295 peers (capacity)"});
        if (bounds.for_all == 0)
            raise({"a throttle lets a peer fail at least once as often over all clients (for_all)"});
        if (bounds.shared_buckets == 0)
            raise({"a throttle has a bucket at least for peers without room (shared_buckets)"});
        return bounds;
    }

    static std::int64_t ticks_of(steady_time moment) noexcept { return moment.time_since_epoch().count(); }
    std::int64_t window() const noexcept { return std::chrono::nanoseconds(bounds_.failures->window()).count(); }

    /// Uses the row of the peer, or that of its block where there is no room for one.
    template <class Use>
    void visit(counted_attempt& made, steady_time now, Use const& use) {
        if (in_row(made.peer, now, use)) return;
        made.shared = true;
        in_bucket(made.peer, use);
    }

    template <class Use>
    bool in_row(peer_address const& peer, steady_time now, Use const& use) {
        std::array<row_key, 1> key{};
        std::memcpy(key[0].data(), peer.bytes().data(), 16);
        key[0][4] = static_cast<std::uint32_t>(peer.kind());
        auto const no_slots = [](std::size_t) { return std::uint32_t{0}; };
        return rows_.with(key, ticks_of(now), no_slots, [&use](auto const& rows, auto const&) { use(**rows[0]); });
    }

    template <class Use>
    void in_bucket(peer_address const& peer, Use const& use) {
        auto const block = peer.prefix(peer.kind() == peer_address::family::v4 ? 24 : 48);
        auto& in = shared_[hash_(block.bytes()) % shared_.size()];
        std::lock_guard const lock(in.mutex);
        use(in.row);
    }

    void look(failure_row const& row, counted_attempt& made, steady_time now) const noexcept {
        auto const for_one = std::size_t{bounds_.failures->limit()};
        auto const wait =
            row.wait(for_one, for_one * bounds_.for_all, window(), hash_(made.client.bytes()), ticks_of(now));
        made.retry_after = std::chrono::nanoseconds(wait);
        made.admitted = wait == 0;
    }

    options bounds_;
    key_table<std::tuple_size_v<row_key>, failure_row> rows_;
    std::vector<bucket> shared_;
    crypto::keyed_hash hash_;
};

}  // namespace sallyport
