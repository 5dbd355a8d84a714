// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../catch.hpp"
#include "claims.hpp"

#include <sallyport/limit/rate_limiter.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

// `make` makes a new limiter with room for a thousand keys of each kind.

inline sallyport::claim five_a_second(std::uint32_t number = 1) {
    return {.key = limits::client(number), .quota = limits::quota(5, limits::s)};
}
inline sallyport::claim three_a_second() { return {.key = limits::client(2), .quota = limits::quota(3, limits::s)}; }

/// What every limiter promises: never more than the limit in any window, and never a refusal for two windows on end
/// of which nothing was admitted in the first.
template <class Make>
void limits_any_window(Make make) {
    using namespace limits;
    static_assert(sallyport::rate_limiter<decltype(make())>);
    auto limiter = make();
    auto const start = GENERATE(as<std::int64_t>(), earliest, -25 * s, std::int64_t{0}, std::int64_t{1} << 52,
                                std::int64_t{1} << 62, latest - 3600 * s);
    sallyport::claim const asked{.key = client(1), .quota = quota(100, 10 * s), .name = "export"};

    SECTION("of 200 requests in 10 ms, 100 are admitted, wherever the windows of a wall clock have their edges") {
        for (std::uint32_t phase = 0; phase < 40; ++phase) {
            auto const burst = start + (15 + phase / 4) * s + (phase % 4) * 5 * ms - 10 * ms;
            sallyport::claim const own{.key = client(100 + phase), .quota = asked.quota};
            int count = 0;
            for (int i = 0; i < 200; ++i) count += passes(limiter, own, burst + i * 50'000);
            CHECK(count == 100);
        }
    }

    SECTION("the calls that pass are those that fit: the whole limit at once, and again when two windows have passed") {
        for (int round = 0; round < 5; ++round) CHECK(admitted(limiter, asked, start + round * 20 * s, 200) == 100);
    }

    SECTION("at retry_after the call passes, and one nanosecond earlier it does not") {
        for (int i = 0; i < 100; ++i) REQUIRE(passes(limiter, asked, start + i * 7 * ms));
        auto larger = asked;
        larger.cost = 40;
        auto now = start + s;
        for (auto const& each : {asked, larger, asked}) {
            auto answer = take(limiter, each, now);
            while (answer.outcome == verdict::admitted) answer = take(limiter, each, ++now);
            now += answer.states[0].retry_after.count();
            CHECK_FALSE(passes(limiter, each, now - 1));
            CHECK(passes(limiter, each, now));
        }
    }

    SECTION("a cost above the limit never passes, and uses nothing up") {
        auto larger = asked;
        larger.cost = 101;
        auto const refused = take(limiter, larger, start);
        CHECK(refused.outcome == verdict::refused);
        CHECK(refused.states[0].retry_after == sallyport::never);
        CHECK(refused.states[0].remaining == 100);
        larger.cost = 100;
        CHECK(passes(limiter, larger, start));
    }

    SECTION("a refused request uses nothing up") {
        REQUIRE(admitted(limiter, asked, start, 100) == 100);
        for (int i = 0; i < 1000; ++i) REQUIRE_FALSE(passes(limiter, asked, start + i * 9 * ms));
        CHECK(admitted(limiter, asked, start + 20 * s, 200) == 100);
    }

    SECTION("remaining counts down to 0, and grows when reset says") {
        for (std::uint32_t i = 0; i < 100; ++i)
            CHECK(take(limiter, asked, start + i * ms).states[0].remaining == 99 - i);
        auto question = asked;
        question.cost = 0;
        auto const full = take(limiter, question, start + s);
        REQUIRE(full.states[0].remaining == 0);
        auto const grows = start + s + full.states[0].reset.count();
        CHECK(take(limiter, question, grows - 1).states[0].remaining == 0);
        CHECK(take(limiter, question, grows).states[0].remaining > 0);
        CHECK(take(limiter, question, start + 20 * s).states[0].reset.count() == 0);
    }

    SECTION("a state is answered for each claim, in their order, with its name and quota") {
        std::array const claims{
            sallyport::claim{.key = client(1), .quota = quota(3, s), .name = "burst"},
            sallyport::claim{.key = client(1), .quota = quota(30, 60 * s), .shadow = true, .name = "day"}};
        auto const answer = limiter.take(claims, at(start));
        REQUIRE(answer.states.size() == 2);
        for (std::size_t i = 0; i < 2; ++i) {
            CHECK(answer.states[i].name == claims[i].name);
            CHECK(answer.states[i].quota == claims[i].quota);
            CHECK(answer.states[i].shadow == claims[i].shadow);
        }
    }
}

template <class Make>
void takes_all_or_none(Make make) {
    using namespace limits;
    auto limiter = make();
    auto const uses = [&](auto const& asked, std::int64_t now) { return used(limiter, asked, now); };
    auto const one = five_a_second();
    auto const two = three_a_second();

    SECTION("all or none: where one claim is refused, nothing is counted for the others, whatever their order") {
        REQUIRE(admitted(limiter, two, 0, 10) == 3);
        for (auto const& claims : {std::array{one, two}, std::array{two, one}}) {
            CHECK(limiter.take(claims, at(5)).outcome == verdict::refused);
            CHECK(uses(one, 5) == 0);
            CHECK(uses(two, 5) == 3);
        }
    }

    SECTION("two windows of one key are counted once, and both must admit") {
        std::array const budget{sallyport::claim{.key = client(1), .quota = quota(2, s)},
                                sallyport::claim{.key = client(1), .quota = quota(3, 10 * s)}};
        CHECK(limiter.take(budget, at(0)).states[1].remaining == 2);
        CHECK(limiter.take(budget, at(0)).outcome == verdict::admitted);
        auto const refused = limiter.take(budget, at(0));
        CHECK(refused.outcome == verdict::refused);
        CHECK(refused.states[0].exceeded());
        CHECK_FALSE(refused.states[1].exceeded());
        CHECK(limiter.take(budget, at(2 * s)).outcome == verdict::admitted);
        auto const later = limiter.take(budget, at(2 * s));
        CHECK(later.outcome == verdict::refused);
        CHECK_FALSE(later.states[0].exceeded());
        CHECK(later.states[1].exceeded());
    }

    SECTION("a shadow limit is counted and never refuses, and says when it would have") {
        sallyport::claim tried{.key = client(1), .quota = quota(2, s), .shadow = true};
        for (std::uint32_t i = 0; i < 10; ++i) {
            auto const answer = take(limiter, tried, i);
            CHECK(answer.outcome == verdict::admitted);
            CHECK(answer.states[0].exceeded() == (i >= 2));
            CHECK(answer.states[0].remaining == (i < 2 ? 1 - i : 0));
        }
        tried.shadow = false;
        CHECK_FALSE(passes(limiter, tried, 10));
    }

    SECTION("a shadow claim beside one in force is counted with it and refused with it") {
        auto tried = two;
        tried.shadow = true;
        std::array const both{one, tried};
        for (int i = 0; i < 5; ++i) CHECK(limiter.take(both, at(0)).outcome == verdict::admitted);
        CHECK(limiter.take(both, at(0)).outcome == verdict::refused);
        CHECK(uses(one, 0) == 5);
        CHECK(uses(two, 0) == 3);
    }

    SECTION("a call has at most eight claims, and at most four of one key; others fail, and nothing is counted") {
        CHECK(limiter.take(std::array{one, two, one, two, one, two, one, two}, at(0)).outcome == verdict::admitted);
        std::array const of_one_key{one, one, one, one, one};
        std::array const too_many{one, two, one, two, one, two, one, two, five_a_second(7)};
        for (auto const& claims : {std::span<sallyport::claim const>(of_one_key), {too_many}}) {
            auto const answer = limiter.take(claims, at(0));
            CHECK(answer.outcome == verdict::failed);
            CHECK(answer.states.empty());
        }
        CHECK(uses(one, 0) == 1);
    }

    SECTION("no claims are admitted") {
        auto const answer = limiter.take({}, at(0));
        CHECK(answer.outcome == verdict::admitted);
        CHECK(answer.states.empty());
    }

    SECTION("a raised limit holds from the next call on, and so does a lowered one") {
        auto const limited_to = [](std::int64_t limit) {
            return sallyport::claim{.key = client(1), .quota = quota(limit, s)};
        };
        CHECK(admitted(limiter, limited_to(100), 0, 200) == 100);
        CHECK(admitted(limiter, limited_to(150), 1, 200) == 50);
        CHECK_FALSE(passes(limiter, limited_to(10), 2));
        CHECK(admitted(limiter, limited_to(160), 3, 200) == 10);
    }
}

template <class Make>
void trusts_no_clock(Make make) {
    using namespace limits;
    auto limiter = make();
    sallyport::claim const asked{.key = client(1), .quota = quota(10, s)};

    SECTION("a clock that stands still admits nothing extra") { CHECK(admitted(limiter, asked, 0, 1000) == 10); }

    SECTION("a clock that steps back admits nothing extra, from wherever to wherever") {
        for (auto const from : {latest, 10 * s, std::int64_t{0}, earliest + 20 * s}) {
            for (auto const to : {from - 1, from - s, from - 10 * s, earliest}) {
                auto fresh = make();
                CHECK(admitted(fresh, asked, from, 7) == 7);
                CHECK(admitted(fresh, asked, to, 100) == 3);
            }
        }
    }

    SECTION("a wait too long to be said is said as never") {
        REQUIRE(admitted(limiter, asked, latest, 10) == 10);
        CHECK(take(limiter, asked, earliest).states[0].retry_after == sallyport::never);
        CHECK(take(limiter, asked, 1).states[0].retry_after == sallyport::never);
    }

    SECTION("a jump ahead counts as time passed") {
        REQUIRE(admitted(limiter, asked, earliest, 10) == 10);
        CHECK(admitted(limiter, asked, latest, 100) == 10);
    }

    SECTION("a clock that reaches the end of its range refuses there what the window holds") {
        CHECK(admitted(limiter, asked, latest - s + 1, 6) == 6);
        CHECK(admitted(limiter, asked, latest, 100) == 4);
    }
}

// What those promise besides that say that they are exact.

template <class Make>
void counts_exactly(Make make) {
    using namespace limits;
    auto limiter = make();
    auto const start = GENERATE(as<std::int64_t>(), earliest, -25 * s, std::int64_t{0}, std::int64_t{1} << 52,
                                std::int64_t{1} << 62, latest - 3600 * s);
    sallyport::claim const asked{.key = client(1), .quota = quota(100, 10 * s)};

    SECTION("the burst that follows a full window finds room for as many as have left it, and no more") {
        for (int i = 0; i < 100; ++i) REQUIRE(passes(limiter, asked, start + i * ms));
        CHECK(admitted(limiter, asked, start + 10 * s + 29 * ms, 200) == 30);
        CHECK(admitted(limiter, asked, start + 10 * s + 98 * ms, 200) == 69);
    }

    SECTION("retrying exactly at retry_after succeeds, and one nanosecond earlier does not") {
        for (int i = 0; i < 100; ++i) REQUIRE(passes(limiter, asked, start + i * 7 * ms));
        for (int i = 0; i < 100; ++i) {
            auto const now = start + 5 * s + i;
            auto const refused = take(limiter, asked, now);
            REQUIRE(refused.outcome == verdict::refused);
            auto const again = now + refused.states[0].retry_after.count();
            CHECK(again == start + 10 * s + i * 7 * ms);
            CHECK_FALSE(passes(limiter, asked, again - 1));
            CHECK(passes(limiter, asked, again));
        }
    }

    SECTION("a larger cost waits until all of it fits") {
        for (int i = 0; i < 100; ++i) REQUIRE(passes(limiter, asked, start + i * ms));
        auto larger = asked;
        larger.cost = 40;
        auto const refused = take(limiter, larger, start + s);
        CHECK(refused.states[0].retry_after == std::chrono::nanoseconds(9 * s + 39 * ms));
        CHECK_FALSE(passes(limiter, larger, start + 10 * s + 39 * ms - 1));
        CHECK(passes(limiter, larger, start + 10 * s + 39 * ms));
        CHECK_FALSE(passes(limiter, asked, start + 10 * s + 39 * ms));
    }

    SECTION("a refused request uses nothing up") {
        REQUIRE(admitted(limiter, asked, start, 100) == 100);
        for (int i = 0; i < 1000; ++i) REQUIRE_FALSE(passes(limiter, asked, start + i * 9 * ms));
        CHECK(admitted(limiter, asked, start + 10 * s, 200) == 100);
    }

    SECTION("remaining counts down to 0, and reset tells when it next grows") {
        for (std::uint32_t i = 0; i < 100; ++i) {
            auto const answer = take(limiter, asked, start + i * ms);
            CHECK(answer.states[0].remaining == 99 - i);
            CHECK(answer.states[0].reset.count() == 10 * s - i * ms);
            CHECK(answer.states[0].retry_after.count() == 0);
        }
        sallyport::claim question = asked;
        question.cost = 0;
        CHECK(take(limiter, question, start + 10 * s - 1).states[0].remaining == 0);
        CHECK(take(limiter, question, start + 10 * s).states[0].remaining == 1);
    }

    SECTION("a receipt tells the stamp and how much its key was admitted before") {
        auto pair = asked;
        pair.cost = 2;
        CHECK(take(limiter, asked, start).receipt.position == 0);
        CHECK(take(limiter, pair, start + 5).receipt.position == 1);
        auto const third = take(limiter, asked, start + 3).receipt;
        CHECK(third.position == 3);
        CHECK(third.stamp == at(start + 5));
    }
}

template <class Make>
void takes_several_claims(Make make) {
    using namespace limits;
    auto limiter = make();
    auto const uses = [&](auto const& asked, std::int64_t now) { return used(limiter, asked, now); };
    auto const one = five_a_second();
    auto const two = three_a_second();

    SECTION("each key of a call has its own usage and its own order") {
        REQUIRE(passes(limiter, two, 40));
        CHECK(limiter.take(std::array{one, two}, at(7)).receipt.stamp == at(7));
        CHECK(limiter.take(std::array{two, one}, at(8)).receipt.stamp == at(40));
        CHECK(uses(one, 8) == 2);
        CHECK(uses(two, 8) == 3);
    }

    SECTION("two windows of one key are counted once, and both must admit") {
        std::array const budget{sallyport::claim{.key = client(1), .quota = quota(2, s)},
                                sallyport::claim{.key = client(1), .quota = quota(3, 10 * s)}};
        CHECK(limiter.take(budget, at(0)).states[1].remaining == 2);
        CHECK(limiter.take(budget, at(0)).outcome == verdict::admitted);
        CHECK(limiter.take(budget, at(0)).states[0].retry_after == std::chrono::seconds(1));
        CHECK(limiter.take(budget, at(s)).outcome == verdict::admitted);
        auto const refused = limiter.take(budget, at(s));
        CHECK(refused.outcome == verdict::refused);
        CHECK(refused.states[0].remaining == 1);
        CHECK(refused.states[0].retry_after == std::chrono::seconds(0));
        CHECK(refused.states[1].retry_after == std::chrono::seconds(9));
    }

    SECTION("a shadow limit is counted and never refuses, and says when it would have") {
        sallyport::claim tried{.key = client(1), .quota = quota(2, s), .shadow = true};
        CHECK_FALSE(take(limiter, tried, 0).states[0].exceeded());
        CHECK_FALSE(take(limiter, tried, 1).states[0].exceeded());
        for (int i = 2; i < 10; ++i) {
            auto const answer = take(limiter, tried, i);
            CHECK(answer.outcome == verdict::admitted);
            CHECK(answer.states[0].remaining == 0);
            CHECK(answer.states[0].retry_after == std::chrono::nanoseconds(s - 2));
            CHECK(answer.states[0].shadow);
        }
        tried.shadow = false;
        CHECK_FALSE(passes(limiter, tried, s + 7));
        CHECK(passes(limiter, tried, s + 8));
    }

    SECTION("a shadow claim beside one in force is counted with it and refused with it") {
        auto tried = two;
        tried.shadow = true;
        std::array const both{one, tried};
        for (int i = 0; i < 5; ++i) CHECK(limiter.take(both, at(0)).outcome == verdict::admitted);
        CHECK(limiter.take(both, at(0)).outcome == verdict::refused);
        CHECK(take(limiter, tried, s - 1).receipt.position == 5);
    }

    SECTION("a raised limit holds from the next call on, and so does a lowered one") {
        auto const limited_to = [](std::int64_t limit) {
            return sallyport::claim{.key = client(1), .quota = quota(limit, s)};
        };
        CHECK(admitted(limiter, limited_to(100), 0, 200) == 100);
        CHECK(admitted(limiter, limited_to(150), 1, 200) == 50);
        CHECK(take(limiter, limited_to(10), 2).states[0].retry_after == std::chrono::nanoseconds(s - 1));
        CHECK(admitted(limiter, limited_to(160), 3, 200) == 10);
        CHECK_FALSE(passes(limiter, limited_to(60), s));
        CHECK(admitted(limiter, limited_to(70), s, 200) == 10);
    }
}

template <class Make>
void waits_for_its_clock(Make make) {
    using namespace limits;
    auto limiter = make();
    sallyport::claim const asked{.key = client(1), .quota = quota(10, s)};

    SECTION("a step back of D refuses for D longer, and retry_after says so") {
        REQUIRE(admitted(limiter, asked, 100 * s, 10) == 10);
        auto const refused = take(limiter, asked, 40 * s);
        REQUIRE(refused.outcome == verdict::refused);
        CHECK(refused.states[0].retry_after == std::chrono::seconds(61));
        CHECK(refused.states[0].reset == std::chrono::seconds(61));
        CHECK_FALSE(passes(limiter, asked, 101 * s - 1));
        CHECK(passes(limiter, asked, 101 * s));
    }

    SECTION("a clock that reaches the end of its range refuses there what the window holds") {
        CHECK(admitted(limiter, asked, latest - s + 1, 6) == 6);
        CHECK(admitted(limiter, asked, latest, 100) == 4);
        CHECK(take(limiter, asked, latest).states[0].retry_after == std::chrono::nanoseconds(1));
    }
}
