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
#include <limits>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace sallyport {

/// The failed attempts of one peer that still count, by their moments; the clock may step back, they don't. Not
/// thread-safe.
class failure_row {
public:
    using ticks = std::int64_t;

    explicit failure_row(ticks start) noexcept : last_(start) {}

    /// The moment at which an attempt is counted: the later of its own and the last one's.
    ticks stamp(ticks now) const noexcept { return std::max(now, last_); }

    /// How long until one more attempt may be made; 0 if it may be made now.
    ticks wait(std::size_t limit, ticks window, ticks now) const noexcept {
        if (stamps_.size() < limit) return 0;
        auto const left = counts_for(stamps_[stamps_.size() - limit], window, stamp(now));
        auto const behind = between(now, stamp(now));
        if (left == 0) return 0;
        return behind > static_cast<std::uint64_t>(latest) - left ? latest : static_cast<ticks>(behind + left);
    }

    /// Makes room for one more, so that counting it can't fail.
    void reserve(ticks window, ticks now) {
        auto const gone = [&](ticks each) { return counts_for(each, window, stamp(now)) == 0; };
        stamps_.erase(stamps_.begin(), std::find_if_not(stamps_.begin(), stamps_.end(), gone));
        stamps_.reserve(stamps_.size() + 1);
    }

    /// Counts an attempt as failed, at a stamp no earlier than its own, for which there is room.
    void count(ticks window, ticks stamp) noexcept {
        stamps_.push_back(stamp);
        last_ = stamp;
        idle_from_ = stamp > latest - window ? latest : stamp + window;
    }

    void give_back(ticks stamp) noexcept {
        auto const found = std::find(stamps_.begin(), stamps_.end(), stamp);
        if (found != stamps_.end()) stamps_.erase(found);
    }

    ticks idle_from() const noexcept { return idle_from_; }

private:
    static constexpr ticks latest = std::numeric_limits<ticks>::max();

    static constexpr std::uint64_t between(ticks from, ticks to) noexcept {
        return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
    }
    /// How much longer an attempt counts; 0 if it no longer does.
    static constexpr std::uint64_t counts_for(ticks stamped, ticks window, ticks end) noexcept {
        auto const age = between(stamped, end);
        return age < static_cast<std::uint64_t>(window) ? static_cast<std::uint64_t>(window) - age : 0;
    }

    std::vector<ticks> stamps_;  ///< in order
    ticks last_;
    ticks idle_from_ = std::numeric_limits<ticks>::min();
};

/// Counts the attempts to prove a client that have failed, so that nobody guesses for long or makes the host hash
/// for long: so many in any window for one client from one peer, and ten times that from one peer over all
/// clients, known or not. An attempt counts from its beginning, and is given back if it succeeds; one that is
/// refused counts nothing.
///
/// A peer is a v4 address, or a v6 network of `v6_prefix` bits. Memory: at most `capacity` rows, and a row that
/// counts is never dropped. When all do, peers that are new share buckets with their whole block (/24, /48), hashed
/// under a random key. Time: a look-up under a lock, and linear in the limit. Thread-safe.
class throttle {
public:
    struct options {
        /// Of one peer for one client; none: everybody may try for ever.
        std::optional<quota> failures = at_most(10).per(std::chrono::seconds(60));
        unsigned for_all = 10;  ///< times that for one peer over all clients
        unsigned v6_prefix = 64;
        std::size_t capacity = std::size_t{1} << 17;  ///< some 200 bytes each
        std::size_t shared_buckets = 4096;
    };

    throttle() : throttle(options{}) {}
    explicit throttle(quota failures) : throttle(options{.failures = failures}) {}
    explicit throttle(options const& bounds)
        : bounds_(bounds), rows_(bounds.capacity), shared_(std::max<std::size_t>(1, bounds.shared_buckets)) {}

    /// Counts an attempt as failed, if it may be made. Throws what allocation throws.
    counted_attempt count(peer_address const& peer, uuid const& client, steady_time now) {
        return visit(peer, client, now, true);
    }

    /// How long until an attempt may be made; 0 if it may be made now. Counts nothing.
    std::chrono::nanoseconds wait(peer_address const& peer, uuid const& client, steady_time now) {
        return visit(peer, client, now, false).retry_after;
    }

    /// The attempt has succeeded: what was counted for it no longer is.
    void give_back(counted_attempt const& counted) {
        if (!bounds_.failures) return;
        auto const stamp = counted.stamp.time_since_epoch().count();
        if (counted.shared) {
            auto& in = bucket_of(counted.peer);
            std::lock_guard const lock(in.mutex);
            return in.row.give_back(stamp);
        }
        rows_.with(keys_of(counted.peer, counted.client), stamp, [&](auto const& rows) {
            for (auto* row : rows) row->give_back(stamp);
        });
    }

    /// How many rows are held.
    std::size_t size() const noexcept { return rows_.size(); }

private:
    struct bucket {
        std::mutex mutex;
        failure_row row{std::numeric_limits<std::int64_t>::min()};
    };

    /// The rows of a peer for one client, and for all.
    static std::array<rate_key, 2> keys_of(peer_address const& peer, uuid const& client) noexcept {
        return {rate_key{.client = client, .peer = peer, .api = 0}, rate_key{.client = {}, .peer = peer, .api = 1}};
    }

    counted_attempt visit(peer_address const& from, uuid const& client, steady_time now, bool counts) {
        counted_attempt made{.peer = from.network(bounds_.v6_prefix), .client = client};
        if (!bounds_.failures) return made;
        auto const ticks = now.time_since_epoch().count();
        bool const has_room = rows_.with(keys_of(made.peer, client), ticks, [&](auto const& rows) {
            std::array<std::size_t, 2> const limits{bounds_.failures->limit(), limit_for_all()};
            look({rows.begin(), rows.size()}, limits, ticks, counts, made);
        });
        if (has_room) return made;
        made.shared = true;
        auto& in = bucket_of(made.peer);
        std::array<failure_row*, 1> const row{&in.row};
        std::array<std::size_t, 1> const limit{limit_for_all()};
        std::lock_guard const lock(in.mutex);
        look(row, limit, ticks, counts, made);
        return made;
    }

    /// Whether all rows admit, and then counts in all of them.
    void look(std::span<failure_row* const> rows, std::span<std::size_t const> limits, std::int64_t now, bool counts,
              counted_attempt& made) {
        auto const window = std::chrono::nanoseconds(bounds_.failures->window()).count();
        for (std::size_t i = 0; i < rows.size(); ++i) {
            made.retry_after =
                std::max(made.retry_after, std::chrono::nanoseconds(rows[i]->wait(limits[i], window, now)));
        }
        made.admitted = made.retry_after == std::chrono::nanoseconds::zero();
        if (!made.admitted || !counts) return;
        auto stamp = now;
        for (auto* row : rows) stamp = std::max(stamp, row->stamp(now));
        for (auto* row : rows) row->reserve(window, stamp);
        for (auto* row : rows) row->count(window, stamp);
        made.stamp = steady_time(std::chrono::nanoseconds(stamp));
    }

    std::size_t limit_for_all() const noexcept {
        return std::size_t{bounds_.failures->limit()} * std::max(1U, bounds_.for_all);
    }

    bucket& bucket_of(peer_address const& peer) noexcept {
        bool const v4 = peer.kind() == peer_address::family::v4;
        auto const block = v4 ? peer.prefix(24) : peer.prefix(48);
        return shared_[hash_(block.bytes()) % shared_.size()];
    }

    options bounds_;
    key_table<failure_row> rows_;
    std::vector<bucket> shared_;
    crypto::keyed_hash hash_;
};

}  // namespace sallyport
