// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"

#include <sallyport/limit/compact_sliding_log.hpp>
#include <sallyport/limit/stamp_ring.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <random>
#include <utility>
#include <vector>

using limits::earliest;
using limits::latest;
using limits::ms;
using limits::quota;
using limits::s;

using sallyport::compact_scale;
using sallyport::exact_scale;

namespace {

/// A ring with its memory, which grows as a table would let it.
template <class Scale = exact_scale>
class owned_ring {
public:
    using ring_type = sallyport::stamp_ring<Scale>;

    explicit owned_ring(std::int64_t start, std::uint32_t capacity = 1) : start_(start) {
        auto held = make(capacity);
        ring_type::leave(held);
    }

    /// Does something alone.
    template <class Work>
    void alone(Work work) {
        auto held = ring_type::enter(*ring_);
        work(held);
        ring_type::leave(held);
    }
    void look_back(sallyport::quota const& in) {
        alone([&](auto& held) { held.look_back(in); });
    }
    void admit(sallyport::quota const& in, std::uint32_t cost, std::int64_t now) {
        alone([&](auto& held) {
            held.look_back(in);
            if (auto const capacity = held.lacking(cost, now)) {
                auto const before = std::move(memory_);
                held = ring_type::take_over(make(capacity), held);
            }
            held.admit(cost, now);
        });
    }
    std::int64_t idle_from() {
        std::int64_t found = 0;
        alone([&](auto& held) { found = held.idle_from(); });
        return found;
    }

    typename ring_type::held start_again(std::int64_t start) { return ring_type::start(*ring_, start, ++generation_); }

    ring_type* operator->() const { return ring_; }
    typename ring_type::view look() const { return ring_->look().value(); }

private:
    // Not inlined: g++ 12 at -O3 takes the slots behind the ring for memory that isn't there (-Wstringop-overflow).
    [[gnu::noinline]] typename ring_type::held make(std::uint32_t capacity) {
        memory_ = std::make_unique<std::uint64_t[]>((sizeof(ring_type) + ring_type::bytes_behind(capacity) + 7) / 8);
        ring_ = new (memory_.get()) ring_type(capacity);
        return ring_type::start(*ring_, start_, ++generation_);
    }

    std::int64_t start_;
    std::uint32_t generation_ = 0;
    std::unique_ptr<std::uint64_t[]> memory_;
    ring_type* ring_ = nullptr;
};

using ring_type = sallyport::stamp_ring<exact_scale>;

}  // namespace

TEST_CASE("an empty ring has room for the whole limit, at any moment") {
    for (auto const now : {earliest, std::int64_t{0}, latest}) {
        owned_ring const ring(now);
        auto const seen = ring.look();
        CHECK(seen.wait(quota(5, s), 5, now) == 0);
        CHECK(seen.wait(quota(5, s), 6, now) == latest);
        CHECK(seen.usage(quota(5, s), now).units == 0);
        CHECK(seen.usage(quota(5, s), now).until_freed == 0);
    }
}

TEST_CASE("a ring's first stamp is not before where it starts, and stamps never go back") {
    owned_ring ring(0);
    auto held = ring.start_again(100);
    CHECK(held.stamp(7) == 100);
    CHECK(held.stamp(101) == 101);
    held.admit(1, 7);
    ring_type::leave(held);
    CHECK(ring.look().stamp(50) == 100);
    ring.admit(quota(5, s), 1, 200);
    CHECK(ring.look().stamp(150) == 200);
}

TEST_CASE("a unit counts until its age is the window, to the nanosecond") {
    for (auto const start : {earliest, std::int64_t{0}, latest - s}) {
        owned_ring ring(earliest);
        ring.admit(quota(1, s), 1, start);
        auto const seen = ring.look();
        CHECK(seen.wait(quota(1, s), 1, start) == s);
        CHECK(seen.wait(quota(1, s), 1, start + s - 1) == 1);
        CHECK(seen.wait(quota(1, s), 1, start + s) == 0);
        CHECK(seen.usage(quota(1, s), start + s - 1).units == 1);
        CHECK(seen.usage(quota(1, s), start + s).units == 0);
    }
}

TEST_CASE("one ring answers for any window and any limit") {
    owned_ring ring(earliest);
    for (std::int64_t i = 0; i < 10; ++i) ring.admit(quota(100, 10 * ms), 1, i * ms);
    auto const now = 9 * ms;
    auto const seen = ring.look();
    for (std::int64_t window = 1; window <= 10; ++window)
        CHECK(seen.usage(quota(100, window * ms), now).units == window);
    for (std::uint32_t limit = 1; limit <= 9; ++limit)
        CHECK(seen.wait(quota(limit, 10 * ms), 1, now) == (11 - limit) * ms);
    CHECK(seen.wait(quota(10, 10 * ms), 1, now) == ms);
    CHECK(seen.wait(quota(11, 10 * ms), 1, now) == 0);
}

TEST_CASE("a cost above the limit, admitted in a shadow, fills the window") {
    owned_ring ring(earliest);
    ring.admit(quota(5, s), 4'000'000, 1);
    auto const seen = ring.look();
    CHECK(seen.position() == 4'000'000);
    CHECK(seen.usage(quota(5, s), 1).units == 5);
    CHECK(seen.wait(quota(5, s), 1, 1) == s);
    CHECK(seen.until_freed(quota(5, s), 5, 1) == s);
    CHECK(seen.wait(quota(5, s), 5, 1 + s) == 0);
}

TEST_CASE("what costs nothing always fits, and is no admission") {
    owned_ring ring(5);
    ring.admit(quota(5, s), 9, 7);
    CHECK(ring.look().wait(quota(5, s), 0, 7) == 0);
    ring.admit(quota(5, s), 0, 20);
    CHECK(ring.look().position() == 9);
    CHECK(ring.look().stamp(6) == 7);
}

TEST_CASE("a ring that grows forgets nothing on the way") {
    owned_ring ring(earliest);
    for (std::int64_t i = 0; i < 50'000; ++i) {
        ring.admit(quota(quota(1, s).max_limit, 50 * s), 1, i * ms);
        if (i % 4999 == 0) CHECK(ring.look().usage(quota(1'000'000, 50 * s), i * ms).units == i + 1);
    }
    CHECK(ring->capacity() < 100'000);
    CHECK(ring.look().usage(quota(1'000'000, 50 * s), 50'000 * ms).units == 49'999);
    CHECK(ring.look().usage(quota(1'000'000, 7 * s), 50'000 * ms).units == 6'999);
}

TEST_CASE("a ring that grows where its laps are counted anew forgets nothing") {
    constexpr std::uint32_t laps = 1U << 20;
    owned_ring ring(0);
    for (std::uint32_t i = 0; i < laps; ++i) ring.admit(quota(1, ms), 1, i * 2 * ms);
    CHECK(ring.look().position() == 0);
    ring.admit(quota(2, 10 * ms), 1, laps * 2 * ms);
    CHECK(ring->capacity() > 1);
    CHECK(ring.look().usage(quota(2, 10 * ms), laps * 2 * ms).units == 2);
}

TEST_CASE("how much a window holds is found wherever it ends") {
    owned_ring ring(earliest);
    auto const in = quota(100, 100 * ms);
    for (std::int64_t i = 0; i < 250; ++i) ring.admit(in, 1, i * ms);
    for (std::int64_t later = 0; later <= 120; ++later) {
        auto const used = later >= 100 ? 0 : 100 - later;
        CHECK(ring.look().usage(in, (249 + later) * ms).units == used);
    }
}

TEST_CASE("a unit is admitted at the look's moment, or not at all") {
    owned_ring ring(0, 3);
    ring.look_back(quota(3, s));
    ring.admit(quota(3, s), 1, 0);
    auto const first = ring.look();
    auto const second = ring.look();
    CHECK(ring->admit_one(first, 5) == ring_type::admission::done);
    CHECK(ring->admit_one(second, 5) == ring_type::admission::overtaken);
    CHECK(ring.look().position() == 2);
    CHECK(ring.look().stamp(0) == 5);
}

TEST_CASE("where a unit would push out one that counts, or can't be told from the base, there is no room") {
    owned_ring ring(0, 2);
    ring.look_back(quota(3, s));
    CHECK(ring->admit_one(ring.look(), 1) == ring_type::admission::done);
    CHECK(ring->admit_one(ring.look(), 2) == ring_type::admission::done);
    CHECK(ring->admit_one(ring.look(), 3) == ring_type::admission::no_room);
    CHECK(ring->admit_one(ring.look(), 1 + s) == ring_type::admission::done);
    CHECK(ring->admit_one(ring.look(), std::int64_t{1} << 57) == ring_type::admission::no_room);
    ring.admit(quota(3, s), 1, std::int64_t{1} << 57);
    CHECK(ring->admit_one(ring.look(), (std::int64_t{1} << 57) + s) == ring_type::admission::done);
    CHECK(ring.look().usage(quota(3, s), (std::int64_t{1} << 57) + s).units == 1);
}

TEST_CASE("a view whose units were overwritten says so") {
    owned_ring ring(0, 4);
    auto const in = quota(4, s);
    for (int i = 0; i < 4; ++i) ring.admit(in, 1, i);
    auto const seen = ring.look();
    CHECK(seen.usage(in, 4).units == 4);
    CHECK_FALSE(seen.overtaken());
    for (int i = 0; i < 3; ++i) ring.admit(in, 1, 2 * s);
    static_cast<void>(seen.until_freed(in, 3, 4));
    CHECK(seen.overtaken());
}

TEST_CASE("who looked before something was given back is overtaken") {
    for (std::uint32_t admissions = 1; admissions <= 6; ++admissions) {
        owned_ring ring(0, 4);
        auto const in = quota(4, s);
        for (std::uint32_t i = 0; i < admissions; ++i) ring.admit(in, 1, i);
        auto const seen = ring.look();
        ring.alone([&](auto& held) {
            CHECK(held.give_back(99, 1) == 0);
            CHECK(held.give_back(std::int64_t{admissions} - 1, 2) == 1);
        });
        CHECK(seen.overtaken());
        CHECK(ring->admit_one(seen, s) == ring_type::admission::overtaken);
        CHECK(ring.look().usage(in, admissions).units == std::min(admissions, 4U) - 1);
    }
}

TEST_CASE("while somebody has entered, and once it is closed, there is nothing to look at") {
    owned_ring ring(0);
    ring.alone([&](auto const&) { CHECK_FALSE(ring->look()); });
    ring.admit(quota(5, s), 1, 7);
    auto const late = ring.look();
    CHECK_FALSE(ring->close(6 + s).closed);
    CHECK(ring->close(7 + s).closed);
    CHECK_FALSE(ring->look());
    CHECK(ring->admit_one(late, 7 + s) == ring_type::admission::overtaken);
    auto again = ring.start_again(0);
    ring_type::leave(again);
    CHECK(ring->admit_one(late, 7 + s) == ring_type::admission::overtaken);
    CHECK(ring.look().position() == 0);
}

TEST_CASE("a ring is idle once its last unit has left the longest window that was asked for") {
    owned_ring ring(5);
    CHECK(ring.idle_from() == earliest);
    ring.look_back(quota(5, 10 * s));
    CHECK(ring.idle_from() == earliest);
    ring.admit(quota(5, s), 1, 7);
    CHECK(ring.idle_from() == 7 + 10 * s);
    ring.look_back(quota(5, 20 * s));
    CHECK(ring.idle_from() == 7 + 20 * s);
    ring.admit(quota(5, s), 1, latest - s);
    CHECK(ring.idle_from() == latest);
}

TEST_CASE("a ring that went round a million times is not taken for one that was never used") {
    owned_ring ring(0);
    ring.look_back(quota(1, ms));
    constexpr std::int64_t rounds = 1 << 20;
    for (std::int64_t i = 0; i < rounds; ++i) {
        if (ring->admit_one(ring.look(), i * ms) != ring_type::admission::done) FAIL(i);
    }
    CHECK(ring.look().position() == 0);
    CHECK(ring.idle_from() == rounds * ms);
    CHECK_FALSE(ring->close(rounds * ms - 1).closed);
    CHECK(ring->close(rounds * ms).closed);
}

namespace {

constexpr std::uint32_t laps = 128;  // that a slot tells apart

/// Who looked sees each admission since, one by one: in one stamp for all laps but one, which no limit in force lets pass;
/// and in stamps a millisecond apart for all of them and on.
template <class Scale>
void sleeps_while_the_ring_goes_round(std::uint32_t capacity) {
    auto const in = quota(capacity, ms);
    for (std::int64_t const pace : {std::int64_t{0}, ms}) {
        owned_ring<Scale> ring(0, capacity);
        for (std::uint32_t i = 0; i < capacity; ++i) ring.admit(in, 1, 0);
        auto const late = ring.look();
        for (std::int64_t i = 1; i <= std::int64_t{pace == 0 ? laps - 1 : laps + 1} * capacity; ++i) {
            ring.admit(in, 1, i * pace);
            if (!late.overtaken()) FAIL("after " << i << " more it seems that there was none");
        }
        CHECK(ring->admit_one(late, ms) == owned_ring<Scale>::ring_type::admission::overtaken);
    }
}

/// Units of one stamp are admitted and given back, in any order: no look is as the ring was so many laps before.
template <class Scale>
void sleeps_while_units_are_given_back(std::uint32_t capacity, std::uint32_t limit) {
    using ring_of_scale = sallyport::stamp_ring<Scale>;
    owned_ring<Scale> ring(0, capacity);
    auto const in = quota(limit, s);
    ring.look_back(quota(capacity, s));
    std::minstd_rand random(capacity);
    std::vector<std::vector<typename ring_of_scale::view>> looks(3 * laps * capacity);
    for (auto now = ring.look(); now.position() < looks.size(); now = ring.look()) {
        looks[now.position()].push_back(now);
        if (now.position() >= laps * capacity) {
            for (auto const& late : looks[now.position() - laps * capacity]) REQUIRE(late.overtaken());
        }
        if (now.usage(in, ms).units < limit && random() % 3 > 0) {
            REQUIRE(ring->admit_one(now, now.stamp(ms)) == ring_of_scale::admission::done);
        } else {
            ring.alone([&](auto& held) { held.give_back(held.stamp(ms), 1 + random() % 2); });
        }
    }
}

}  // namespace

TEST_CASE("who sleeps while units of one stamp are given back, lap after lap, is overtaken") {
    for (auto const& [capacity, limit] : {std::pair(1U, 1U), {2U, 1U}, {3U, 2U}, {4U, 2U}, {8U, 5U}, {100U, 2U}}) {
        sleeps_while_units_are_given_back<exact_scale>(capacity, limit);
        sleeps_while_units_are_given_back<compact_scale>(capacity, limit);
    }
}

TEST_CASE("who sleeps while the ring goes round as often as its slots tell apart is overtaken") {
    for (std::uint32_t const capacity : {1U, 2U, 7U}) {
        sleeps_while_the_ring_goes_round<exact_scale>(capacity);
        sleeps_while_the_ring_goes_round<compact_scale>(capacity);
    }
}
