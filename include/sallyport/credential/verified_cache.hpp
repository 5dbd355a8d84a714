// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/random.hpp>
#include <sallyport/crypto/siphash.hpp>
#include <sallyport/model/clock.hpp>
#include <sallyport/model/stored_secret.hpp>
#include <sallyport/model/uuid.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>

namespace sallyport {

/// Remembers which secrets were proven by an expensive hash, so that it is paid once. It holds no secret and no
/// digest of one that anybody could test a guess against: only tags, under a key that this object alone has.
/// A tag covers the stored form too, so what a store has changed or taken away is forgotten by itself.
///
/// At most `capacity` proofs, each for at most `max_age`; where there is no room the oldest nearby makes some, and
/// only a proof takes it. `contains` takes no lock unless a writer is halfway; constant time. Thread-safe; may be moved
/// while nobody uses it.
class verified_cache {
public:
    struct options {
        std::size_t capacity = std::size_t{1} << 16;  ///< 27 bytes each, taken at once; under 7 count as 7
        std::chrono::nanoseconds max_age = std::chrono::hours(24);
    };

    /// What stands for one secret, presented for one client and proven by one stored form.
    using tag = std::array<std::uint64_t, 2>;

    verified_cache() : verified_cache(options{}) {}
    explicit verified_cache(options const& bounds)
        : buckets_(std::make_unique<bucket[]>(std::max<std::size_t>(1, bounds.capacity / ways))),
          count_(std::max<std::size_t>(1, bounds.capacity / ways)),
          max_age_(std::max(bounds.max_age, std::chrono::nanoseconds{0})),
          writing_(std::make_unique<std::mutex>()) {}

    /// SipHash-2-4-128 under the process's own key: of the sizes of all parts, and of each filled up to whole words, so
    /// that no two are the same message. Nothing is copied. Costs that of the text.
    tag tag_of(uuid const& client, std::string_view presented, hash_form const& form) const noexcept {
        crypto::siphash_state<2> state(key_);
        auto const [first, second, third] = form.cost;
        state.update(std::uint64_t{first} << 32 | second);
        state.update(third);
        std::uint64_t words = 2;
        std::span<std::byte const> const parts[]{
            std::as_bytes(std::span(client.bytes())), std::as_bytes(std::span(form.scheme)),
            std::as_bytes(form.salt_bytes()), std::as_bytes(form.digest_bytes()), std::as_bytes(std::span(presented))};
        for (auto const& part : parts) {
            for (std::size_t i = 0; i + 8 <= part.size(); i += 8) {
                state.update(crypto::load_little_endian(part.data() + i));
            }
            if (part.size() % 8 != 0) state.update(crypto::load_tail(part.data(), part.size()));
            words += (part.size() + 7) / 8;
        }
        std::uint64_t const sizes = std::uint64_t{presented.size()} << 24 | form.scheme.size() << 16 |
                                    form.salt.size() << 8 | form.digest.size();
        return state.finish((words * 8 + 7) << 56 | sizes);
    }

    /// Whether this was proven, and not too long ago.
    bool contains(tag const& proven, steady_time now) const noexcept {
        auto const& in = bucket_of(proven);
        for (int attempt = 0; attempt < 64; ++attempt) {
            auto const before = in.version.load(std::memory_order_acquire);
            bool const found = in.holds(proven, ticks_of(now));
            if (before % 2 == 0 && in.version.load(std::memory_order_relaxed) == before) return found;
        }
        std::lock_guard const lock(*writing_);
        return in.holds(proven, ticks_of(now));
    }

    void insert(tag const& proven, steady_time now) noexcept {
        auto& in = bucket_of(proven);
        auto const age = max_age_.count();
        auto const at = ticks_of(now);
        auto const until =
            at > std::numeric_limits<std::int64_t>::max() - age ? std::numeric_limits<std::int64_t>::max() : at + age;
        std::lock_guard const lock(*writing_);
        in.put(proven, until);
    }

    void clear() noexcept {
        std::lock_guard const lock(*writing_);
        for (std::size_t i = 0; i < count_; ++i) buckets_[i].clear();
    }

private:
    static constexpr std::size_t ways = 7;
    static constexpr std::int64_t empty = std::numeric_limits<std::int64_t>::min();

    /// A few tags. Who reads looks at the version before and after: odd, or another, means that a writer was there.
    /// Loads that acquire and stores that release keep the rest between the two.
    struct alignas(64) bucket {
        std::atomic<std::uint64_t> version{0};
        std::array<std::atomic<std::uint64_t>, ways> low{};
        std::array<std::atomic<std::uint64_t>, ways> high{};
        std::array<std::atomic<std::int64_t>, ways> until;

        bucket() noexcept {
            for (auto& each : until) each.store(empty, std::memory_order_relaxed);
        }

        bool holds(tag const& proven, std::int64_t now) const noexcept {
            for (std::size_t i = 0; i < ways; ++i) {
                if (low[i].load(std::memory_order_acquire) != proven[0]) continue;
                if (high[i].load(std::memory_order_acquire) != proven[1]) continue;
                return now < until[i].load(std::memory_order_acquire);
            }
            return false;
        }

        void put(tag const& proven, std::int64_t end) noexcept { write(place_for(proven), proven, end); }

        void clear() noexcept {
            for (std::size_t i = 0; i < ways; ++i) write(i, {}, empty);
        }

    private:
        /// Where it is already, else where the end is nearest: an empty place has the nearest of all.
        std::size_t place_for(tag const& proven) const noexcept {
            std::size_t place = 0;
            for (std::size_t i = 0; i < ways; ++i) {
                if (low[i] == proven[0] && high[i] == proven[1]) return i;
                if (until[i] < until[place]) place = i;
            }
            return place;
        }

        void write(std::size_t place, tag const& proven, std::int64_t end) noexcept {
            auto const before = version.load(std::memory_order_relaxed);
            version.store(before + 1, std::memory_order_relaxed);
            low[place].store(proven[0], std::memory_order_release);
            high[place].store(proven[1], std::memory_order_release);
            until[place].store(end, std::memory_order_release);
            version.store(before + 2, std::memory_order_release);
        }
    };

    static std::int64_t ticks_of(steady_time moment) noexcept { return moment.time_since_epoch().count(); }
    /// A tag's upper half, as a fraction of all, of the buckets.
    bucket& bucket_of(tag const& proven) const noexcept { return buckets_[(proven[1] >> 32) * count_ >> 32]; }

    crypto::siphash_key key_ = crypto::random_siphash_key();
    std::unique_ptr<bucket[]> buckets_;
    std::size_t count_;
    std::chrono::nanoseconds max_age_;
    std::unique_ptr<std::mutex> writing_;
};

}  // namespace sallyport
