// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/keyed_hash.hpp>
#include <sallyport/limit/concurrency_limiter.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/result.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace sallyport {

/// At most so many requests of a client at once, whatever APIs they are for. One that was let in without a secret is
/// counted by its client and peer, apart from those that a secret proved.
///
/// Whoever enters gets a permit, and is counted until that ends. A client that runs, or ran lately, enters without a
/// lock, by one compare-and-swap; another takes a short one. Nobody waits for room, and nothing is allocated but at
/// set-up: 32 bytes, rounded up to a power of two in all, for each client that may run at once, and for 16 at least. A
/// client of whom nothing runs is forgotten as soon as another needs its room.
///
/// Clients are told apart by 61 bits of a hash under a random key (in smaller tables by fewer, in the smallest by 47),
/// and lie in buckets of 16. One that finds its bucket full of others that run is refused, or admitted uncounted if the
/// host says so: five in a million when as many clients run as may, and one in two billion when half as many do.
///
/// A permit may outlive the cap: what it has to give back to goes with the last one. Thread-safe; may be moved while
/// nobody enters.
class concurrency_cap {
    class table;
    using slot = std::atomic<std::uint64_t>;

public:
    /// What becomes of a client for which there is no room, since all that are in its bucket run.
    enum class when_full : std::uint8_t { refuse, admit_uncounted };

    static constexpr std::uint32_t max_at_once = 65'535;

    struct options {
        std::uint32_t at_once = 10;                                     ///< of one client, from 1 to `max_at_once`
        std::chrono::nanoseconds retry_after{std::chrono::seconds(1)};  ///< what those refused are told
        std::size_t clients = std::size_t{1} << 16;                     ///< of whom something runs at once, proven ones
        std::size_t unproven = std::size_t{1} << 14;  ///< the same of clients and peers without a secret
        when_full full = when_full::refuse;
    };

    /// A place among the client's requests, until its end.
    class [[nodiscard]] permit {
    public:
        permit() noexcept = default;
        explicit operator bool() const noexcept { return at_ != nullptr; }

    private:
        friend concurrency_cap;
        struct give_back {
            table* of;
            void operator()(slot* at) const noexcept { of->leave(*at); }
        };

        permit(table& of, slot& at) noexcept : at_(&at, give_back{&of}) {}

        std::unique_ptr<slot, give_back> at_;
    };

    /// Raises `setup_error` for bounds that none may have.
    explicit concurrency_cap(std::uint32_t at_once) : concurrency_cap(options{.at_once = at_once}) {}
    explicit concurrency_cap(options const& bounds)
        : bounds_(checked(bounds)), proven_(new table(bounds.clients)), unproven_(new table(bounds.unproven)) {}

    /// A place for one more request; none if as many of its client run as may.
    permit enter(rate_key const& of) noexcept {
        auto& in = table_of(of);
        auto const counted = in.enter(hash_of(of), bounds_.at_once);
        if (counted.at) return permit(in, *counted.at);
        if (counted.known || bounds_.full == when_full::refuse) return {};
        return permit(in, in.enter_uncounted());
    }

    std::chrono::nanoseconds retry_after() const noexcept { return bounds_.retry_after; }

    /// How many requests of a client run at this moment.
    std::uint32_t running(rate_key const& of) const noexcept { return table_of(of).running(hash_of(of)); }

    /// How many run at this moment that were admitted uncounted, for want of room.
    std::uint64_t uncounted() const noexcept { return proven_->uncounted() + unproven_->uncounted(); }

private:
    /// How many requests run of each client. It goes with its owner, or with the last permit if that goes later.
    class table {
    public:
        struct counted {
            slot* at = nullptr;
            bool known = false;  ///< whether the client had a slot
        };

        explicit table(std::size_t clients)
            : buckets_(std::bit_ceil(std::max<std::size_t>(1, clients * slots_a_client / bucket_size))) {}

        /// Counts one more, if no more than so many then run.
        counted enter(std::uint64_t hash, std::uint64_t at_once) noexcept {
            auto& in = bucket_of(hash);
            if (auto const known = count_known(in, tag_of(hash), at_once); known.known) return known;
            std::lock_guard const lock(locks_[hash % locks_.size()]);
            // A client gets a slot under its lock alone: one that has none now gets one here, and no second one.
            if (auto const known = count_known(in, tag_of(hash), at_once); known.known) return known;
            if (auto* const unused = claim(in, tag_of(hash), [](auto seen) { return seen == 0; })) return {unused};
            return {claim(in, tag_of(hash), [](auto seen) { return (seen & count_bits) == 0; })};
        }

        slot& enter_uncounted() noexcept {
            uncounted_.fetch_add(1, std::memory_order_relaxed);
            return uncounted_;
        }

        void leave(slot& of) noexcept {
            if ((of.fetch_sub(1, std::memory_order_acq_rel) & abandoned) != 0) let_go(1);
        }

        /// The owner goes. From here on those who leave find the mark, and the last of them takes the table along.
        void abandon() noexcept {
            auto const mark = [](slot& each) { return each.fetch_or(abandoned, std::memory_order_acq_rel); };
            auto running = mark(uncounted_);
            for (auto& in : buckets_) {
                for (auto& each : in) running += mark(each) & count_bits;
            }
            let_go(owner - running);
        }

        std::uint32_t running(std::uint64_t hash) const noexcept {
            for (auto const& each : buckets_[hash & (buckets_.size() - 1)]) {
                auto const seen = each.load(std::memory_order_acquire);
                if ((seen & tag_bits) == tag_of(hash)) return static_cast<std::uint32_t>(seen & count_bits);
            }
            return 0;
        }
        std::uint64_t uncounted() const noexcept { return uncounted_.load(std::memory_order_relaxed); }

    private:
        // A slot: how many run, 16 bits; whose they are, 47 bits; whether the owner is gone. Zero: nobody's yet.
        static constexpr std::uint64_t count_bits = 0xffff;
        static constexpr std::uint64_t abandoned = std::uint64_t{1} << 63;
        static constexpr std::uint64_t tag_bits = ~(count_bits | abandoned);
        static constexpr std::uint64_t owner = std::uint64_t{1} << 62;  ///< more than there are permits

        static constexpr std::size_t bucket_size = 16;
        static constexpr std::size_t slots_a_client = 4;

        struct alignas(64) bucket : std::array<slot, bucket_size> {};

        static std::uint64_t tag_of(std::uint64_t hash) noexcept {
            auto const tag = hash & tag_bits;
            return tag == 0 ? count_bits + 1 : tag;  // as no slot that is nobody's has it
        }
        bucket& bucket_of(std::uint64_t hash) noexcept { return buckets_[hash & (buckets_.size() - 1)]; }

        static counted count_known(bucket& in, std::uint64_t tag, std::uint64_t at_once) noexcept {
            for (auto& each : in) {
                auto seen = each.load(std::memory_order_relaxed);
                while ((seen & tag_bits) == tag) {
                    if ((seen & count_bits) >= at_once) return {nullptr, true};
                    if (each.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel)) return {&each, true};
                }
            }
            return {};
        }

        /// Gives the first slot that is as wanted to a new client's first request.
        template <class Wanted>
        static slot* claim(bucket& in, std::uint64_t tag, Wanted const& wanted) noexcept {
            for (auto& each : in) {
                auto seen = each.load(std::memory_order_relaxed);
                if (wanted(seen) && each.compare_exchange_strong(seen, tag | 1, std::memory_order_acq_rel))
                    return &each;
            }
            return nullptr;
        }

        void let_go(std::uint64_t holders) noexcept {
            if (holders_.fetch_sub(holders, std::memory_order_acq_rel) == holders) delete this;
        }

        std::vector<bucket> buckets_;
        std::array<std::mutex, 64> locks_;
        slot uncounted_{0};
        slot holders_{owner};  ///< what keeps the table once its owner is gone: permits that have not left
    };

    struct abandon {
        void operator()(table* gone) const noexcept { gone->abandon(); }
    };
    using owned_table = std::unique_ptr<table, abandon>;

    static options const& checked(options const& bounds) {
        if (bounds.at_once == 0 || bounds.at_once > max_at_once) {
            raise({"a concurrency cap is from 1 to 65535 requests of a client at once"});
        }
        if (bounds.retry_after <= std::chrono::nanoseconds::zero() || bounds.retry_after == never) {
            raise(
                {"a concurrency cap tells whom it refuses when to come again: retry_after is above 0, and not never"});
        }
        if (bounds.clients > most_clients || bounds.unproven > most_clients) {
            raise({"a concurrency cap has room for at most 4294967295 clients (clients, unproven)"});
        }
        return bounds;
    }
    static constexpr std::size_t most_clients = 0xffff'ffff;

    table& table_of(rate_key const& of) const noexcept { return of.proven ? *proven_ : *unproven_; }

    std::uint64_t hash_of(rate_key const& of) const noexcept {
        std::array<std::uint8_t, 16 + 16 + 1> bytes{};
        auto const client_end = std::copy(of.client.bytes().begin(), of.client.bytes().end(), bytes.begin());
        if (of.proven) return hash_(std::span(bytes).first<16>());
        *std::copy(of.peer.bytes().begin(), of.peer.bytes().end(), client_end) =
            static_cast<std::uint8_t>(of.peer.kind());
        return hash_(bytes);
    }

    options bounds_;
    owned_table proven_;
    owned_table unproven_;
    crypto::keyed_hash hash_;
};

}  // namespace sallyport
