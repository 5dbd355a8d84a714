// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "limiter_bounds.hpp"
#include "limiter_conformance.hpp"

#include <sallyport/limit/compact_sliding_log.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

using namespace limits;
using sallyport::compact_sliding_log;

namespace {

compact_sliding_log make() { return compact_sliding_log({.max_clients = 1000, .max_unproven = 1000}); }

/// What a compact log may count, if this is the longest window that its keys are asked for: all but a tick before the
/// window, which ends all but a tick before the last admission at the earliest.
auto reach(std::int64_t longest) {
    auto const tick = compact_sliding_log::tick(quota(1, longest).window()).count();
    return [tick](sallyport::claim const& asked, wide now, wide last) {
        auto const end = std::max(now, last - (tick - 1));
        return end - std::chrono::nanoseconds(asked.quota.window()).count() - (tick - 1);
    };
}

void as_they_are(sallyport::claim_list const&, std::int64_t) {}

constexpr std::array units{ms, 7 * ms, 50 * ms, s, 3600 * s, 7 * 24 * 3600 * s};

sallyport::claim over(std::int64_t limit, std::int64_t window, std::uint32_t number = 1) {
    return {.key = client(number), .quota = quota(limit, window)};
}

}  // namespace

TEST_CASE("a compact log limits any window") { limits_any_window(make); }

TEST_CASE("a compact log takes several claims at once, all or none") { takes_all_or_none(make); }

TEST_CASE("a compact log trusts no clock") { trusts_no_clock(make); }

TEST_CASE("a tick is 66 microseconds, or less than a millionth of the longest window") {
    for (std::int64_t window = 1; window <= sallyport::quota::max_window.count(); window += 1 + window / 50) {
        auto const tick = compact_sliding_log::tick(std::chrono::milliseconds(window)).count();
        REQUIRE(tick >= 65'536);
        REQUIRE((tick == 65'536 || tick < window));
    }
    STATIC_REQUIRE(compact_sliding_log::tick(std::chrono::minutes(1)) < std::chrono::microseconds(66));
    STATIC_REQUIRE(sallyport::sliding_log::tick(std::chrono::hours(1)) == std::chrono::nanoseconds(1));
}

TEST_CASE("a compact log is never over, at most a tick early, and a wait ends with the call passing") {
    for (auto const unit : units) {
        keeps_its_bounds(make, reach(4 * unit), {.max_limit = 6, .max_cost = 8, .whole_budgets = true, .unit = unit},
                         350, 200, as_they_are);
        keeps_its_bounds(make, reach(4 * unit),
                         {.max_limit = 1500, .max_cost = 90, .whole_budgets = true, .unit = unit}, 70, 400,
                         as_they_are);
    }
}

TEST_CASE("millions of calls keep a compact log's bounds", "[.long]") {
    for (auto const unit : units) {
        keeps_its_bounds(make, reach(4 * unit), {.max_limit = 12, .max_cost = 8, .whole_budgets = true, .unit = unit},
                         5000, 200, as_they_are);
    }
}

TEST_CASE("what is admitted in the last nanosecond of a tick counts for its window, and in the first for a tick more") {
    auto const asked = over(1, s);
    auto const tick = compact_sliding_log::tick(asked.quota.window()).count();
    for (auto const in_tick : {std::int64_t{0}, tick - 1}) {
        auto limiter = make();
        auto const now = 1000 * tick + in_tick;
        auto const passes_at = 1000 * tick + s + tick - 1;
        CHECK(take(limiter, asked, now).states[0].reset.count() == passes_at - now);
        CHECK(take(limiter, asked, now).states[0].retry_after.count() == passes_at - now);
        CHECK_FALSE(passes(limiter, asked, passes_at - 1));
        CHECK(passes(limiter, asked, passes_at));
    }
}

TEST_CASE("a key whose longest window grows counts what it had before, and a key that rests counts none of it") {
    for (auto const start : {std::int64_t{0}, -5 * s, std::int64_t{1} << 52, std::int64_t{1} << 62}) {
        auto limiter = make();
        auto now = start;
        constexpr auto longest = 31 * 24 * 3600 * s;
        for (auto const window : {s, 60 * s, 3600 * s, 24 * 3600 * s, longest}) {
            CHECK(admitted(limiter, over(50, window), now, 60) == (window == s ? 50 : 0));
            now += window / 2;
            CHECK(used(limiter, over(50, window), now) == 50);
        }
        CHECK(admitted(limiter, over(70, longest), now, 60) == 20);
        now += longest - s;
        CHECK(used(limiter, over(70, longest), now) == 20);
        now += 13 * longest;
        CHECK(admitted(limiter, over(70, longest), now, 100) == 70);
        CHECK(admitted(limiter, over(70, s), now + s - 1, 100) == 0);
        CHECK(admitted(limiter, over(70, s), now + s + compact_sliding_log::tick(quota(1, longest).window()).count(),
                       100) == 70);
    }
}

TEST_CASE("a look at a longer window, or a call that it refuses, leaves a compact log's ticks as they are") {
    auto const ten_seconds = over(1, 10 * s);
    std::array const with_a_day{ten_seconds, over(100'000, 86'400 * s)};
    auto const tick = compact_sliding_log::tick(ten_seconds.quota.window()).count();
    auto const now = 1000 * s + 80 * ms;
    auto limiter = make();
    REQUIRE(passes(limiter, ten_seconds, now));
    CHECK(limiter.look(std::span(with_a_day).last(1), at(now)).outcome == verdict::admitted);
    CHECK(limiter.take(with_a_day, at(now)).outcome == verdict::refused);
    CHECK(passes(limiter, ten_seconds, now + 10 * s + tick));
}

TEST_CASE("what a compact log tells of stamps never goes back, though the clock does within a tick") {
    auto limiter = make();
    auto const tick = compact_sliding_log::tick(over(5, s).quota.window()).count();
    auto const first = take(limiter, over(5, s), 1000 * tick + 50).receipt;
    CHECK(first.stamp == at(1000 * tick));
    CHECK(take(limiter, over(5, s), 1000 * tick + 10).receipt.stamp == first.stamp);
    CHECK(take(limiter, over(5, s), 900 * tick).receipt.stamp == first.stamp);
}

TEST_CASE("a compact log takes back what was counted, by its receipt, in its tick") {
    auto limiter = make();
    auto const asked = over(5, s);
    REQUIRE(passes(limiter, asked, 0));
    auto const given = take(limiter, asked, 7 * ms).receipt;
    CHECK(given.position == 1);
    CHECK(given.stamp <= at(7 * ms));
    CHECK(given.stamp > at(7 * ms - compact_sliding_log::tick(asked.quota.window()).count()));
    REQUIRE(passes(limiter, asked, 20 * ms));
    CHECK(limiter.give_back(client(1), 1, given));
    CHECK_FALSE(limiter.give_back(client(1), 1, given));
    CHECK(used(limiter, asked, 20 * ms) == 2);
    CHECK(used(limiter, asked, s + 7 * ms) == 1);
}

TEST_CASE("forgetting idle keys lets a compact log's clients have no more than their limit") {
    compact_sliding_log limiter({.max_clients = 100, .max_unproven = 100});
    auto const limited = over(10, 50 * s, 0);
    REQUIRE(admitted(limiter, limited, 0, 20) == 10);
    for (std::uint32_t i = 2; i < 5000; ++i) {
        static_cast<void>(take(limiter, over(1, 100 * ms, i), i * 9 * ms));
        if (limiter.size() > 100) FAIL("holds " << limiter.size() << " keys");
    }
    CHECK(admitted(limiter, limited, 50 * s - 1, 20) == 0);
    CHECK(admitted(limiter, limited, 50 * s + ms, 20) == 10);
}
