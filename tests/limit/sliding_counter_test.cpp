// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "counter_bounds.hpp"
#include "limiter_conformance.hpp"

#include <sallyport/limit/sliding_counter.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>

using namespace limits;

namespace {

sallyport::sliding_counter make() { return sallyport::sliding_counter({.max_clients = 1000, .max_unproven = 1000}); }

constexpr std::array units{ms, 7 * ms, 50 * ms, s, 7 * 24 * 3600 * s};

}  // namespace

TEST_CASE("a sliding counter limits any window") { limits_any_window(make); }

TEST_CASE("a sliding counter takes several claims at once, all or none") { takes_all_or_none(make); }

TEST_CASE("a sliding counter trusts no clock") { trusts_no_clock(make); }

TEST_CASE("a sub-window is a sixth of the window, rounded up by less than an eighth and 1.2 milliseconds") {
    for (std::int64_t window = 1; window <= sallyport::quota::max_window.count(); window += 1 + window / 50) {
        auto const sub = sub_window(quota(1, window * ms));
        auto const sixth = window * ms / 6;
        REQUIRE(sub >= sixth);
        REQUIRE(sub < sixth + sixth / 8 + 1'200'000);
    }
    STATIC_REQUIRE(sallyport::sliding_counter::sub_window(std::chrono::milliseconds(1)) < std::chrono::milliseconds(2));
    STATIC_REQUIRE(sallyport::sliding_counter::sub_window(std::chrono::seconds(60)) <
                   std::chrono::milliseconds(11'250));
}

TEST_CASE("with one window a key: never over, at most a sub-window early, and a wait ends with the call passing") {
    for (auto const unit : units) {
        keeps_its_bounds(make, counter_reach(), {.max_limit = 6, .max_cost = 8, .whole_budgets = false, .unit = unit},
                         350, 200, one_a_key);
        keeps_its_bounds(make, counter_reach(),
                         {.max_limit = 1000, .max_cost = 90, .whole_budgets = false, .unit = unit}, 70, 400, one_a_key);
    }
}

TEST_CASE("with two windows a key, the same bounds hold for each") {
    for (auto const unit : units) {
        keeps_its_bounds(make, counter_reach(), {.max_limit = 9, .max_cost = 8, .whole_budgets = true, .unit = unit},
                         350, 200, two_a_key);
    }
}

TEST_CASE("with ever other windows beside the longest: never over, and early by no more than it reaches back") {
    for (auto const unit : units) {
        keeps_its_bounds(make, counter_reach(9 * sub_window(quota(1, 4 * unit))),
                         {.max_limit = 9, .max_cost = 8, .whole_budgets = true, .unit = unit}, 350, 200, any_in_turn);
    }
}

namespace {

/// What one key was admitted that may still count in some window: the sums of it from two moments on, each in constant time.
class exact_sums {
public:
    explicit exact_sums(std::int64_t window, std::int64_t sub_window) : lengths_{window, window + sub_window} {}

    void admit(std::int64_t now, std::uint32_t cost) {
        admissions_.push_back({now, cost});
        for (auto& sum : sums_) sum += cost;
    }
    /// What the window holds that ends at a moment, which is not before the last; and what it holds with a sub-window more.
    std::array<std::uint64_t, 2> at(std::int64_t now) {
        for (std::size_t i = 0; i < 2; ++i) {
            for (; first_[i] < admissions_.size() && admissions_[first_[i]].at <= now - lengths_[i]; ++first_[i]) {
                sums_[i] -= admissions_[first_[i]].cost;
            }
        }
        for (; first_[1] > 0; --first_[1], --first_[0]) admissions_.pop_front();
        return sums_;
    }

private:
    struct admission {
        std::int64_t at;
        std::uint32_t cost;
    };

    std::array<std::int64_t, 2> lengths_;
    std::deque<admission> admissions_;
    std::array<std::size_t, 2> first_{};
    std::array<std::uint64_t, 2> sums_{};
};

/// So many calls for a key that is always full: none is one too many, and none is refused that fits beside all that the
/// window holds with a sub-window before it.
void keeps_to_exact_sums(std::int64_t limit, std::int64_t window, std::uint32_t max_cost, std::size_t calls) {
    auto limiter = make();
    exact_sums sums(window, sub_window(quota(limit, window)));
    std::minstd_rand random(max_cost);
    std::size_t refused = 0;
    std::int64_t now = 0;
    for (std::size_t i = 0; i < calls; ++i) {
        auto const step = static_cast<std::int64_t>(random());
        now += i % 10'000 == 0 ? step * 16 % (2 * window) : step % (window * max_cost / (2 * limit));
        auto const cost = static_cast<std::uint32_t>(1 + random() / 64 % max_cost);
        bool const passed = passes(limiter, {.key = client(1), .quota = quota(limit, window), .cost = cost}, now);
        auto const [held, reached] = sums.at(now);
        if (passed && held + cost > static_cast<std::uint64_t>(limit)) FAIL("call " << i << " is one too many");
        if (!passed && reached + cost <= static_cast<std::uint64_t>(limit))
            FAIL("call " << i << " is refused too early");
        if (passed) sums.admit(now, cost);
        refused += !passed;
    }
    CHECK(refused > calls / 4);
}

}  // namespace

TEST_CASE("a million decisions of a full sliding counter beside exact sums: none over, none a sub-window early") {
    keeps_to_exact_sums(100, 10 * s, 1, 500'000 / slowness);
    keeps_to_exact_sums(1000, 50 * ms, 50, 500'000 / slowness);
}

TEST_CASE("a hundred million decisions of a full sliding counter beside exact sums", "[.long]") {
    keeps_to_exact_sums(100, 10 * s, 1, 50'000'000 / slowness);
    keeps_to_exact_sums(1000, 50 * ms, 50, 50'000'000 / slowness);
}

TEST_CASE("millions of calls keep a sliding counter's bounds", "[.long]") {
    for (auto const unit : units) {
        keeps_its_bounds(make, counter_reach(), {.max_limit = 12, .max_cost = 8, .whole_budgets = false, .unit = unit},
                         5000, 200, one_a_key);
        keeps_its_bounds(make, counter_reach(), {.max_limit = 9, .max_cost = 8, .whole_budgets = true, .unit = unit},
                         2500, 200, two_a_key);
        keeps_its_bounds(make, counter_reach(9 * sub_window(quota(1, 4 * unit))),
                         {.max_limit = 9, .max_cost = 8, .whole_budgets = true, .unit = unit}, 2500, 200, any_in_turn);
    }
}

namespace {

sallyport::claim over(std::int64_t limit, std::int64_t window) {
    return {.key = client(1), .quota = quota(limit, window)};
}
std::uint32_t left(sallyport::sliding_counter& limiter, sallyport::claim asked, std::int64_t now) {
    asked.cost = 0;
    return take(limiter, asked, now).states[0].remaining;
}

}  // namespace

TEST_CASE("a limit of a million is counted to the unit, in any sub-window and over all") {
    auto limiter = make();
    auto asked = over(1'000'000, 10 * s);
    asked.cost = 999'999;
    REQUIRE(passes(limiter, asked, 0));
    asked.cost = 1;
    CHECK(passes(limiter, asked, 9 * s));
    CHECK_FALSE(passes(limiter, asked, 9 * s));
    CHECK(left(limiter, asked, 12 * s) == 999'999);
    for (std::int64_t i = 0; i < 7; ++i) {
        asked.cost = 142'857;
        CHECK(passes(limiter, asked, 100 * s + i * sub_window(asked.quota)));
    }
    CHECK(left(limiter, asked, 100 * s + 6 * sub_window(asked.quota)) <= 142'858);
}

TEST_CASE("a window that was asked for is held, though the clock steps back behind that and goes on") {
    auto limiter = make();
    std::array const both{over(100, s), over(6, 60 * s)};
    auto const take_both = [&](std::int64_t now) { return limiter.take(both, at(now)).outcome == verdict::admitted; };
    for (int i = 0; i < 5; ++i) REQUIRE(take_both(10990 * s));
    REQUIRE(take_both(11000 * s));
    auto question = both[0];
    question.cost = 0;
    take(limiter, question, 10000 * s);
    take(limiter, question, 10080 * s);
    CHECK_FALSE(take_both(11005 * s));

    // Asked for alone, and admitted, at a moment that the other one never saw.
    REQUIRE(passes(limiter, both[1], 20000 * s));
    for (int i = 0; i < 5; ++i) REQUIRE(passes(limiter, both[1], 20010 * s));
    take(limiter, question, 11001 * s);
    take(limiter, question, 11090 * s);
    CHECK_FALSE(passes(limiter, both[1], 20015 * s));
}

TEST_CASE(
    "a key that comes after one was forgotten has its stamps from there on, in each window that it is asked for") {
    sallyport::sliding_counter limiter({.max_clients = 1});
    std::array const both{over(5, 6 * s), over(5, 60 * s)};
    for (int i = 0; i < 5; ++i) REQUIRE(limiter.take(both, at(1000 * s)).outcome == verdict::admitted);
    auto other = both[0];
    other.key = client(2);
    REQUIRE(passes(limiter, other, 1100 * s));  // the first key is forgotten, idle since then
    REQUIRE(limiter.reset(client(2)));
    auto const taken = take(limiter, both[0], 1001 * s);
    REQUIRE(taken.outcome == verdict::admitted);
    REQUIRE(limiter.give_back(client(1), 1, taken.receipt));
    for (int i = 0; i < 5; ++i) REQUIRE(passes(limiter, both[1], 1001 * s));
    CHECK_FALSE(passes(limiter, both[1], 1062 * s));
}

TEST_CASE("what a shadow limit lets in beyond any limit counts as more than any limit, for as long as it should") {
    auto limiter = make();
    auto tried = over(5, 10 * s);
    tried.shadow = true;
    tried.cost = 4'000'000'000;
    for (int i = 0; i < 3; ++i) CHECK(passes(limiter, tried, i * 5 * s));
    for (auto const now : {10 * s, 19 * s, 20 * s - 1}) CHECK(left(limiter, over(1'000'000, 10 * s), now) == 0);
    CHECK(left(limiter, over(1'000'000, 10 * s), 22 * s) == 1'000'000);
}

TEST_CASE("what comes at once after a rest leaves the window nearly on time") {
    auto limiter = make();
    for (std::int64_t const start : {0 * s, 37 * s, 1234 * s}) {
        REQUIRE(admitted(limiter, over(100, 10 * s), start, 200) == 100);
        CHECK(left(limiter, over(100, 10 * s), start + 10 * s - 1) == 0);
        CHECK(left(limiter, over(100, 10 * s), start + 10 * s + 2 * ms) == 100);
    }
}

TEST_CASE("a window made longer counts what the shorter one held") {
    auto limiter = make();
    REQUIRE(admitted(limiter, over(20, s), 0, 20) == 20);
    REQUIRE(admitted(limiter, over(20, s), 3 * s, 20) == 20);
    CHECK(left(limiter, over(100, 60 * s), 3 * s) == 80);
    CHECK(admitted(limiter, over(100, 60 * s), 3 * s, 200) == 80);
    CHECK_FALSE(passes(limiter, over(100, 60 * s), 63 * s - 1));
    CHECK(passes(limiter, over(100, 60 * s), 63 * s + 2 * sub_window(quota(1, 60 * s))));
}

TEST_CASE("a window made shorter counts what the longer one held, for a sub-window of that longer at most") {
    auto limiter = make();
    for (int i = 0; i < 50; ++i) REQUIRE(passes(limiter, over(100, 60 * s), 100 * s + i * s));
    auto const now = 150 * s;
    CHECK(left(limiter, over(100, s), now) <= 99);
    CHECK_FALSE(passes(limiter, over(1, s), now));
    auto const most = sub_window(quota(1, 60 * s)) + sub_window(quota(1, s)) + s;
    CHECK(left(limiter, over(100, s), now + most) == 100);
    CHECK(left(limiter, over(100, 60 * s), now + most) <= 60);
}

TEST_CASE("windows that are asked for in turn each count all that was admitted") {
    auto limiter = make();
    std::array const windows{over(1000, s), over(1000, 10 * s), over(1000, 100 * s), over(1000, 1000 * s)};
    for (std::uint32_t i = 0; i < 40; ++i) {
        REQUIRE(passes(limiter, windows[i % 4], 100));
        for (auto const& each : windows) REQUIRE(left(limiter, each, 100) == 999 - i);
    }
}

TEST_CASE("of more than four lengths of windows, a new one counts what the others hold") {
    auto limiter = make();
    for (std::uint32_t i = 0; i < 30; ++i) {
        REQUIRE(passes(limiter, over(1000, (i % 6 + 1) * 100 * s), 100));
        REQUIRE(left(limiter, over(1000, 50 * s), 100) == 999 - i);
    }
}

TEST_CASE("a receipt tells which sub-window a call was counted in, and its place there") {
    auto limiter = make();
    auto asked = over(100, 6 * s);
    auto const first = take(limiter, asked, 100 * s).receipt;
    CHECK(first.position == 0);
    CHECK(first.stamp <= at(100 * s));
    CHECK(first.stamp > at(100 * s - sub_window(asked.quota)));
    asked.cost = 5;
    auto const second = take(limiter, asked, 100 * s + 1).receipt;
    CHECK(second.stamp >= first.stamp);
    asked.cost = 1;
    auto const later = take(limiter, asked, 105 * s).receipt;
    CHECK(later.position == 0);
    auto const back = take(limiter, asked, 90 * s).receipt;
    CHECK(back.stamp == later.stamp);
    CHECK(back.position == 1);
}

TEST_CASE("a forgotten key of a sliding counter was idle, and a live one keeps its place") {
    sallyport::sliding_counter limiter({.max_clients = 100, .max_unproven = 100});
    auto const limited = over(10, 50 * s);
    REQUIRE(admitted(limiter, limited, 0, 20) == 10);
    for (std::uint32_t i = 2; i < 5000; ++i) {
        static_cast<void>(take(limiter, {.key = client(i), .quota = quota(1, 100 * ms)}, i * 9 * ms));
        static_cast<void>(take(limiter, {.key = stranger(i), .quota = quota(1, s)}, i * 9 * ms));
        if (limiter.size() > 200) FAIL("holds " << limiter.size() << " keys");
    }
    CHECK(take(limiter, limited, 45 * s).outcome == verdict::refused);
    CHECK(admitted(limiter, limited, 50 * s - 1, 20) == 0);
    CHECK(admitted(limiter, limited, 60 * s, 20) == 10);
}

TEST_CASE("full of live keys, a sliding counter fails a new one") {
    sallyport::sliding_counter limiter({.max_clients = 50});
    for (std::uint32_t i = 0; i < 50; ++i) REQUIRE(passes(limiter, {.key = client(i), .quota = quota(1, s)}, i));
    CHECK(take(limiter, {.key = client(50), .quota = quota(1, s)}, s).outcome == verdict::failed);
    CHECK(passes(limiter, {.key = client(50), .quota = quota(1, s)}, 3 * s));
    CHECK(limiter.size() <= 50);
}
