// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/model/quota.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <type_traits>

using namespace std::chrono_literals;
using sallyport::at_most;
using sallyport::budget_window;
using sallyport::in_shadow;
using sallyport::quota;
using sallyport::quotas;
using sallyport::setup_error;

static_assert(at_most(100).per(10s).limit() == 100);
static_assert(at_most(100).per(10s).window() == 10'000ms);
static_assert(at_most(1).per(1ms).window() == 1ms);
static_assert(at_most(quota::max_limit).per(quota::max_window).limit() == 1'000'000);
static_assert(at_most(100).per(10s) == quota::make(100, 10s));
static_assert(at_most(100).per(10s) != at_most(100).per(11s));
static_assert(at_most(100).per(10s) != at_most(101).per(10s));

static_assert(quota().limit() == 1 && quota().window() == quota::max_window, "what nobody set is the strictest");
static_assert(!std::is_constructible_v<quota, std::uint32_t, std::chrono::milliseconds>,
              "a quota is made by those who check it");
static_assert(!std::is_invocable_v<decltype(&quota::make), int, std::chrono::microseconds>,
              "no window is cut short silently");

static_assert(sallyport::unlimited.unlimited() && sallyport::unlimited.size() == 0);
static_assert(quotas(at_most(5).per(1s)).size() == 1 && !quotas(at_most(5).per(1s)).unlimited());
static_assert(quotas{at_most(20).per(1s), at_most(1000).per(1h)}.begin()[1] == at_most(1000).per(1h));

static_assert(!budget_window(at_most(5).per(1s)).shadow && in_shadow(at_most(5).per(1s)).shadow);
static_assert(in_shadow(at_most(5).per(1s)).quota == at_most(5).per(1s), "a quota is the same in force and in shadow");
static_assert(in_shadow(at_most(5).per(1s)) != at_most(5).per(1s), "a window is not");
static_assert(quotas(in_shadow(at_most(5).per(1s))).begin()->shadow);
static_assert(!std::is_convertible_v<budget_window, quota>, "what takes a quota takes no shadow by mistake");
static_assert(quotas{at_most(100).per(10s), in_shadow(at_most(50).per(10s))}.size() == 2,
              "a stricter limit is tried beside the one in force");

TEST_CASE("a quota from run-time values has both parts positive and at most their ceilings") {
    CHECK(quota::make(1, 1ms));
    CHECK(quota::make(quota::max_limit, quota::max_window));
    CHECK_FALSE(quota::make(0, 10s));
    CHECK_FALSE(quota::make(-1, 10s));
    CHECK_FALSE(quota::make(std::numeric_limits<std::int64_t>::min(), 10s));
    CHECK_FALSE(quota::make(quota::max_limit + 1, 10s));
    CHECK_FALSE(quota::make((std::int64_t{1} << 32) + 5, 10s));
    CHECK_FALSE(quota::make(std::numeric_limits<std::int64_t>::max(), 10s));
    CHECK_FALSE(quota::make(100, 0s));
    CHECK_FALSE(quota::make(100, -1ms));
    CHECK_FALSE(quota::make(100, std::chrono::milliseconds::min()));
    CHECK_FALSE(quota::make(100, quota::max_window + 1ms));
    CHECK_FALSE(quota::make(100, std::chrono::milliseconds::max()));
}

TEST_CASE("a budget has at most four windows, each of another length") {
    quotas budget;
    for (std::int64_t i = 1; i <= 4; ++i) {
        CHECK(budget.add(*quota::make(i, i * 1s)));
        CHECK_FALSE(budget.add(*quota::make(9, i * 1s)));
        CHECK(budget.size() == static_cast<std::size_t>(i));
    }
    CHECK_FALSE(budget.add(at_most(5).per(5s)));
    std::int64_t seen = 0;
    for (auto const& window : budget) {
        ++seen;
        CHECK(window == quota::make(seen, seen * 1s));
    }
    CHECK(seen == 4);
}

TEST_CASE("a budget written with a fifth window, or the same one twice, is an error at set-up") {
    CHECK_NOTHROW(quotas{at_most(1).per(1s), at_most(2).per(2s), at_most(3).per(3s), at_most(4).per(4s)});
    CHECK_THROWS_WITH((quotas{at_most(1).per(1s), at_most(2).per(1s)}), "two windows of a budget have the same length");
    CHECK_THROWS_AS(
        (quotas{at_most(1).per(1s), at_most(2).per(2s), at_most(3).per(3s), at_most(4).per(4s), at_most(5).per(5s)}),
        setup_error);
}

TEST_CASE("windows contradict each other where the longer one admits no more") {
    for (std::int64_t longer_limit = 1; longer_limit <= 5; ++longer_limit) {
        budget_window const shorter = *quota::make(3, 10s);
        budget_window const longer = *quota::make(longer_limit, 11s);
        bool const fits = longer_limit > 3;
        quotas upwards(shorter);
        quotas downwards(longer);
        CHECK(upwards.add(longer) == fits);
        CHECK(downwards.add(shorter) == fits);
        CHECK(upwards.size() == (fits ? 2U : 1U));
        CHECK(quotas(shorter).objection_to(longer).empty() == fits);
    }
    CHECK_THROWS_WITH((quotas{at_most(100).per(10s), at_most(50).per(1h)}),
                      "the longer of two windows has to admit more, or the shorter could never be used up");
}

TEST_CASE("a longer window that the shorter one keeps from ever being full contradicts nothing") {
    CHECK_NOTHROW(quotas{at_most(10).per(1s), at_most(1000).per(60s)});
}

TEST_CASE("windows in shadow are measured against each other, and never against those in force") {
    quotas budget(at_most(100).per(10s));
    CHECK(budget.add(in_shadow(at_most(50).per(10s))));
    CHECK_FALSE(budget.add(in_shadow(at_most(60).per(10s))));
    CHECK_FALSE(budget.add(in_shadow(at_most(40).per(1h))));
    CHECK(budget.add(in_shadow(at_most(80).per(1h))));
    CHECK(budget.add(at_most(2000).per(1h)));
    CHECK(budget.objection_to(at_most(9000).per(24h)) == "a budget has at most four windows");
    REQUIRE(budget.size() == 4);
    CHECK(budget.begin()[1] == in_shadow(at_most(50).per(10s)));
    CHECK(budget.begin()[3] == at_most(2000).per(1h));
}
