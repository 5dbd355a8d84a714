// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"

#include <sallyport/limit/stamp_ring.hpp>

#include <cstdint>

using limits::earliest;
using limits::latest;
using limits::ms;
using limits::quota;
using limits::s;

namespace {

void admit(sallyport::stamp_ring& ring, sallyport::quota const& in, std::uint32_t cost, std::int64_t now) {
    ring.look_back(in);
    ring.reserve(cost, now);
    ring.admit(cost, now);
}

}  // namespace

TEST_CASE("an empty ring has room for the whole limit, at any moment") {
    for (auto const now : {earliest, std::int64_t{0}, latest}) {
        sallyport::stamp_ring const ring(earliest);
        CHECK(ring.wait(quota(5, s), 5, now) == 0);
        CHECK(ring.wait(quota(5, s), 6, now) == latest);
        CHECK(ring.used(quota(5, s), now) == 0);
        CHECK(ring.until_freed(quota(5, s), 0, now) == 0);
    }
}

TEST_CASE("a ring's stamps start where it says, and never go back") {
    sallyport::stamp_ring ring(100);
    CHECK(ring.stamp(7) == 100);
    CHECK(ring.stamp(101) == 101);
    admit(ring, quota(5, s), 1, 200);
    CHECK(ring.stamp(150) == 200);
    admit(ring, quota(5, s), 0, 300);
    CHECK(ring.stamp(250) == 300);
}

TEST_CASE("a unit counts until its age is the window, to the nanosecond") {
    for (auto const start : {earliest, std::int64_t{0}, latest - s}) {
        sallyport::stamp_ring ring(earliest);
        admit(ring, quota(1, s), 1, start);
        CHECK(ring.wait(quota(1, s), 1, start) == s);
        CHECK(ring.wait(quota(1, s), 1, start + s - 1) == 1);
        CHECK(ring.wait(quota(1, s), 1, start + s) == 0);
        CHECK(ring.used(quota(1, s), start + s - 1) == 1);
        CHECK(ring.used(quota(1, s), start + s) == 0);
    }
}

TEST_CASE("one ring answers for any window and any limit") {
    sallyport::stamp_ring ring(earliest);
    for (std::int64_t i = 0; i < 10; ++i) admit(ring, quota(100, 10 * ms), 1, i * ms);
    auto const now = 9 * ms;
    for (std::int64_t window = 1; window <= 10; ++window) CHECK(ring.used(quota(100, window * ms), now) == window);
    for (std::uint32_t limit = 1; limit <= 9; ++limit)
        CHECK(ring.wait(quota(limit, 10 * ms), 1, now) == (11 - limit) * ms);
    CHECK(ring.wait(quota(10, 10 * ms), 1, now) == ms);
    CHECK(ring.wait(quota(11, 10 * ms), 1, now) == 0);
}

TEST_CASE("a cost above the limit, admitted in a shadow, fills the window") {
    sallyport::stamp_ring ring(earliest);
    admit(ring, quota(5, s), 4'000'000'000, 1);
    CHECK(ring.admitted() == 4'000'000'000);
    CHECK(ring.used(quota(5, s), 1) == 5);
    CHECK(ring.wait(quota(5, s), 1, 1) == s);
    CHECK(ring.wait(quota(5, s), 0, 1) == s);
    CHECK(ring.until_freed(quota(5, s), 5, 1) == s);
    CHECK(ring.wait(quota(5, s), 5, 1 + s) == 0);

    sallyport::stamp_ring larger(earliest);
    admit(larger, quota(100, s), 101, 1);
    CHECK(larger.wait(quota(100, s), 0, 1) == s);
}

TEST_CASE("a ring that grows forgets nothing on the way") {
    sallyport::stamp_ring ring(earliest);
    for (std::int64_t i = 0; i < 50'000; ++i) {
        admit(ring, quota(quota(1, s).max_limit, 50 * s), 1, i * ms);
        if (i % 4999 == 0) CHECK(ring.used(quota(1'000'000, 50 * s), i * ms) == i + 1);
    }
    CHECK(ring.used(quota(1'000'000, 50 * s), 50'000 * ms) == 49'999);
    CHECK(ring.used(quota(1'000'000, 7 * s), 50'000 * ms) == 6'999);
}

TEST_CASE("a ring is idle once its last unit has left the longest window that was asked for") {
    sallyport::stamp_ring ring(5);
    CHECK(ring.idle_from() == earliest);
    ring.look_back(quota(5, 10 * s));
    CHECK(ring.idle_from() == earliest);
    admit(ring, quota(5, s), 1, 7);
    CHECK(ring.idle_from() == 7 + 10 * s);
    ring.look_back(quota(5, 20 * s));
    CHECK(ring.idle_from() == 7 + 20 * s);
    admit(ring, quota(5, s), 1, latest - s);
    CHECK(ring.idle_from() == latest);
}

TEST_CASE("a ring to which only costs of nothing were admitted keeps its stamps in order, and is idle") {
    sallyport::stamp_ring ring(5);
    admit(ring, quota(5, s), 0, 7);
    CHECK(ring.idle_from() == 7);
    CHECK(ring.stamp(6) == 7);
    CHECK(ring.used(quota(5, s), 7) == 0);
}
