// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "counter_bounds.hpp"
#include "in_threads.hpp"

#include <sallyport/limit/compact_sliding_log.hpp>
#include <sallyport/limit/rate_limiter.hpp>
#include <sallyport/limit/sliding_counter.hpp>
#include <sallyport/limit/sliding_log.hpp>
#include <sallyport/limit/untracked_calls.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

using namespace limits;

static_assert(sallyport::returning_limiter<sallyport::sliding_counter>);

namespace {

sallyport::claim asked(std::uint32_t cost = 1) { return {.key = client(1), .quota = quota(5, 6 * s), .cost = cost}; }
std::array<sallyport::claim, 2> asked_over_two(std::uint32_t cost = 1) {
    auto longer = asked(cost);
    longer.quota = quota(8, 60 * s);
    return {asked(cost), longer};
}

}  // namespace

TEST_CASE("a look at a sliding counter tells what a call would be answered, and counts nothing") {
    sallyport::sliding_counter limiter;
    for (std::uint32_t const cost : {1U, 5U, 6U}) {
        auto const question = asked(cost);
        auto const seen = limiter.look(std::span(&question, 1), at(7));
        CHECK((seen.outcome == verdict::admitted) == (cost <= 5));
        CHECK(seen.states[0].remaining == 5);
        CHECK(limiter.look(asked_over_two(cost), at(7)).states[1].remaining == 8);
    }
    CHECK(limiter.size() == 0);
    REQUIRE(admitted(limiter, asked(), 10, 9) == 5);
    for (int i = 0; i < 3; ++i) {
        auto const question = asked(2);
        auto const seen = limiter.look(std::span(&question, 1), at(20));
        CHECK(seen.outcome == verdict::refused);
        CHECK(seen.states[0].retry_after == take(limiter, question, 20).states[0].retry_after);
        CHECK(seen.states[0].remaining == 0);
        CHECK(limiter.look(asked_over_two(0), at(20)).states[1].remaining == 3);
    }
}

TEST_CASE("a look at a sliding counter changes nothing, however late the moment that it asks about") {
    sallyport::sliding_counter limiter;
    std::array const both{sallyport::claim{.key = client(1), .quota = quota(50, s)},
                          sallyport::claim{.key = client(1), .quota = quota(51, 60 * s)}};
    for (int i = 0; i < 50; ++i) REQUIRE(limiter.take(both, at(100 * s + i / 49 * 5 * s)).outcome == verdict::admitted);
    for (std::int64_t const later : {1000 * s, 2000 * s}) {
        CHECK(limiter.look(std::span(both).first<1>(), at(later)).states[0].remaining == 50);
    }
    CHECK(limiter.take(both, at(106 * s)).outcome == verdict::admitted);
    CHECK(limiter.take(both, at(106 * s)).outcome == verdict::refused);
}

TEST_CASE("what is given back to a sliding counter can be used again, in each window of its key") {
    sallyport::sliding_counter limiter;
    REQUIRE(limiter.take(asked_over_two(), at(s)).outcome == verdict::admitted);
    auto const failed = limiter.take(asked_over_two(3), at(4 * s));
    REQUIRE(failed.states[0].stamp == failed.states[1].stamp);
    REQUIRE(limiter.take(asked_over_two(), at(5 * s)).outcome == verdict::admitted);
    CHECK(limiter.give_back(client(1), 3, failed.receipt));
    auto const left = limiter.look(asked_over_two(0), at(5 * s));
    CHECK(left.states[0].remaining == 3);
    CHECK(left.states[1].remaining == 6);
    CHECK_FALSE(limiter.give_back(client(2), 1, failed.receipt));
    CHECK(limiter.size() == 1);
    // Long after, only the longer window still has it.
    auto const later = limiter.take(asked_over_two(2), at(20 * s));
    static_cast<void>(limiter.take(asked_over_two(), at(35 * s)));
    CHECK(limiter.give_back(client(1), 2, later.receipt));
    CHECK(limiter.look(asked_over_two(0), at(35 * s)).states[0].remaining == 4);
    CHECK(limiter.look(asked_over_two(0), at(35 * s)).states[1].remaining == 5);
    CHECK_FALSE(limiter.give_back(client(1), 2, {.stamp = at(-100 * s)}));
    CHECK_FALSE(limiter.give_back(client(1), 2, {.stamp = at(3600 * s)}));
}

TEST_CASE("what a sliding counter is given back takes nobody's place in a window that was asked for only later") {
    sallyport::sliding_counter limiter;
    std::array const short_window{sallyport::claim{.key = client(1), .quota = quota(5, s)}};
    auto long_window = short_window;
    long_window[0].quota = quota(1, 60 * s);
    auto const gone = limiter.take(short_window, at(100 * s));
    REQUIRE(limiter.take(short_window, at(102 * s)).outcome == verdict::admitted);
    std::array const both{short_window[0], long_window[0]};
    REQUIRE(limiter.take(both, at(102 * s + 100 * ms)).outcome == verdict::refused);
    static_cast<void>(limiter.give_back(client(1), 1, gone.receipt));
    CHECK(limiter.take(long_window, at(103 * s)).outcome == verdict::refused);
}

TEST_CASE("a key of a sliding counter that is reset has used nothing; others have") {
    sallyport::sliding_counter limiter;
    auto other = asked();
    other.key = client(2);
    REQUIRE(admitted(limiter, asked(), 10, 9) == 5);
    REQUIRE(admitted(limiter, other, 10, 9) == 5);
    CHECK(limiter.reset(client(1)));
    CHECK_FALSE(limiter.reset(client(1)));
    CHECK(limiter.take(asked_over_two(), at(11)).outcome == verdict::admitted);
    CHECK(limiter.reset(client(1)));
    CHECK(admitted(limiter, asked(), 11, 9) == 5);
    CHECK(admitted(limiter, other, 11, 9) == 0);
}

TEST_CASE("full of live keys, a sliding counter may have new ones admitted without being counted, and tells how many") {
    using when_full = sallyport::sliding_counter::when_full;
    sallyport::sliding_counter limiter({.max_clients = 1, .full = when_full::admit_untracked});
    REQUIRE(admitted(limiter, asked(), 0, 9) == 5);
    auto other = asked();
    other.key = client(2);
    for (int i = 0; i < 20; ++i) REQUIRE(take(limiter, other, i).states[0].remaining == 5);
    CHECK(limiter.untracked() == 20);
    CHECK(limiter.look(std::span(&other, 1), at(30)).outcome == verdict::admitted);
    other.cost = 6;
    CHECK(take(limiter, other, 30).states[0].retry_after == sallyport::never);
    CHECK(limiter.untracked() == 20);
    CHECK_FALSE(passes(limiter, asked(), 30));
}

TEMPLATE_TEST_CASE("an admission that was not counted gives nothing back", "", sallyport::sliding_counter,
                   sallyport::sliding_log, sallyport::compact_sliding_log) {
    TestType limiter({.max_clients = 1, .full = sallyport::when_full::admit_untracked});
    REQUIRE(passes(limiter, asked(), 0));
    auto other = asked();
    other.key = client(2);
    auto const uncounted = take(limiter, other, 31);
    REQUIRE(limiter.untracked() == 1);
    REQUIRE(limiter.reset(client(1)));
    REQUIRE(passes(limiter, other, 31));
    CHECK_FALSE(limiter.give_back(client(2), 1, uncounted.receipt));
}

TEST_CASE("with looks, give-backs, resets and blocks at any time, a sliding counter keeps its bounds, to the unit") {
    for (auto const unit : {20 * ms, s, 3600 * s}) {
        keeps_its_bounds_whatever_the_host_does({.max_limit = 9, .max_cost = 6, .whole_budgets = false, .unit = unit},
                                                200, 300, one_a_key);
        keeps_its_bounds_whatever_the_host_does({.max_limit = 9, .max_cost = 6, .whole_budgets = true, .unit = unit},
                                                200, 300, two_a_key);
    }
}

TEST_CASE(
    "under threads, what is out and not given back never exceeds the limit of a sliding counter, over one or two "
    "windows") {
    for (bool const two : {false, true}) {
        sallyport::sliding_counter limiter;
        std::atomic<std::uint32_t> out{0};
        std::atomic<std::uint32_t> kept{0};
        std::atomic<int> wrong{0};
        std::array const claims{sallyport::claim{.key = client(1), .quota = quota(40, 3600 * s)},
                                sallyport::claim{.key = client(1), .quota = quota(60, 36000 * s)}};
        auto const asks = std::span<sallyport::claim const>(claims).first(two ? 2 : 1);
        in_threads([&](unsigned number) {
            std::minstd_rand random(number + 1);
            for (int i = 0; i < 4000 / slowness; ++i) {
                auto const now = at((i * 7 - static_cast<int>(random() % 50)) * ms);
                if (random() % 8 == 0 && limiter.look(asks, now).states.size() != asks.size()) ++wrong;
                auto const taken = limiter.take(asks, now);
                if (taken.outcome != verdict::admitted) continue;
                if (++out > 40) ++wrong;
                if (random() % 500 == 0) {
                    ++kept;
                    continue;
                }
                --out;
                if (!limiter.give_back(client(1), 1, {.stamp = taken.states[0].stamp})) ++wrong;
            }
        });
        CHECK(wrong == 0);
        auto question = claims[0];
        CHECK(used(limiter, question, 28 * s) == kept);
    }
}
