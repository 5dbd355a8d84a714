// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"
#include "limiter_model.hpp"

#include <sallyport/limit/sliding_log.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

using namespace limits;

namespace {

sallyport::claim one_a_second(sallyport::rate_key const& key) { return {.key = key, .quota = quota(1, s)}; }

/// A limited client calls on while as many invented keys come as are asked for.
void stays_limited(std::uint32_t invented) {
    for (std::int64_t const pace : {std::int64_t{0}, std::int64_t{1}, 40 * s / invented}) {
        sallyport::sliding_log limiter({.max_clients = 1000, .max_unproven = 1000});
        sallyport::claim const limited{.key = client(0), .quota = quota(10, 50 * s)};
        REQUIRE(admitted(limiter, limited, 0, 20) == 10);
        for (std::uint32_t i = 1; i <= invented; ++i) {
            static_cast<void>(take(limiter, one_a_second(client(i)), i * pace));
            static_cast<void>(take(limiter, one_a_second(stranger(i)), i * pace));
            if (i % 50 == 0) REQUIRE(take(limiter, limited, i * pace).outcome == verdict::refused);
            if (limiter.size() > 2000) FAIL("holds " << limiter.size() << " keys");
        }
        CHECK(admitted(limiter, limited, 50 * s - 1, 20) == 0);
        CHECK(admitted(limiter, limited, 50 * s, 20) == 10);
    }
}

}  // namespace

TEST_CASE("5,000 invented keys give a limited client no fresh window, and memory stays flat") { stays_limited(5000); }

TEST_CASE("5,000,000 invented keys give a limited client no fresh window, and memory stays flat", "[.long]") {
    stays_limited(5'000'000);
}

TEST_CASE("requests let in without a secret lie in a table of their own: full, it leaves proven clients untouched") {
    sallyport::sliding_log limiter({.max_clients = 100, .max_unproven = 50});
    for (std::uint32_t i = 0; i < 50; ++i) REQUIRE(passes(limiter, one_a_second(stranger(i)), 0));
    CHECK(take(limiter, one_a_second(stranger(50)), 0).outcome == verdict::failed);
    for (std::uint32_t i = 0; i < 100; ++i) REQUIRE(passes(limiter, one_a_second(client(i)), 0));
    CHECK(take(limiter, one_a_second(client(100)), 0).outcome == verdict::failed);
    CHECK(take(limiter, one_a_second(stranger(0)), 0).outcome == verdict::refused);
    CHECK(limiter.size() == 150);
}

TEST_CASE("full of proven clients, it leaves requests without a secret untouched") {
    sallyport::sliding_log limiter({.max_clients = 50, .max_unproven = 100});
    for (std::uint32_t i = 0; i < 60; ++i) static_cast<void>(take(limiter, one_a_second(client(i)), 0));
    for (std::uint32_t i = 0; i < 100; ++i) REQUIRE(passes(limiter, one_a_second(stranger(i)), 0));
    CHECK(limiter.size() == 150);
}

TEST_CASE("a call of both kinds fails, and counts nothing") {
    sallyport::sliding_log limiter;
    CHECK(limiter.take(std::array{one_a_second(client(1)), one_a_second(stranger(1))}, at(0)).outcome ==
          verdict::failed);
    CHECK(limiter.size() == 0);
}

TEST_CASE("full of live keys, a new key fails; when they idle out, there is room again") {
    sallyport::sliding_log limiter({.max_clients = 500});
    for (std::uint32_t i = 0; i < 500; ++i) REQUIRE(passes(limiter, one_a_second(client(i)), i));
    for (std::uint32_t i = 0; i < 500; ++i) {
        auto const answer = take(limiter, one_a_second(client(500 + i)), s + i - 1);
        CHECK(answer.outcome == verdict::failed);
        CHECK(answer.states.empty());
        CHECK(passes(limiter, one_a_second(client(500 + i)), s + i));
        CHECK(limiter.size() == 500);
    }
}

TEST_CASE("where there is room for one of two new keys, neither is counted") {
    sallyport::sliding_log limiter({.max_clients = 3});
    REQUIRE(passes(limiter, one_a_second(client(1)), 0));
    REQUIRE(passes(limiter, one_a_second(client(2)), 0));
    CHECK(limiter.take(std::array{one_a_second(client(3)), one_a_second(client(4))}, at(0)).outcome == verdict::failed);
    CHECK(limiter.size() == 2);
    CHECK(passes(limiter, one_a_second(client(4)), 0));
}

TEST_CASE("a refused request takes no room from others") {
    sallyport::sliding_log limiter({.max_clients = 2});
    REQUIRE(passes(limiter, one_a_second(client(1)), 0));
    for (std::uint32_t i = 2; i < 100; ++i) {
        auto too_much = one_a_second(client(i));
        too_much.cost = 2;
        REQUIRE(take(limiter, too_much, 0).outcome == verdict::refused);
        REQUIRE(limiter.take(std::array{one_a_second(client(i)), one_a_second(client(1))}, at(0)).outcome ==
                verdict::refused);
    }
    CHECK(passes(limiter, one_a_second(client(2)), 0));
}

TEST_CASE("a key is remembered for the longest window that was asked for, though the call was refused") {
    sallyport::sliding_log limiter({.max_clients = 1});
    sallyport::claim const hourly{.key = client(1), .quota = quota(1, 3600 * s)};
    REQUIRE(passes(limiter, one_a_second(client(1)), 0));
    REQUIRE_FALSE(passes(limiter, hourly, 1));
    REQUIRE_FALSE(passes(limiter, one_a_second(client(1)), 2));
    CHECK(take(limiter, one_a_second(client(2)), 10 * s).outcome == verdict::failed);
    CHECK_FALSE(passes(limiter, hourly, 3600 * s - 1));
    CHECK(passes(limiter, one_a_second(client(2)), 3600 * s));
}

TEST_CASE("forgetting idle keys never changes a decision") {
    constexpr std::uint32_t capacity = 30;
    std::array<std::int64_t, 3> const windows{ms, 2 * ms, 4 * ms};
    long answered = 0;
    long failed = 0;
    for (unsigned seed = 0; seed < 40 / slowness; ++seed) {
        std::mt19937 random(seed);
        auto const number = [&](std::uint32_t most) { return static_cast<std::uint32_t>(random() % (most + 1)); };
        sallyport::sliding_log limiter({.max_clients = capacity});
        limiter_model model;
        auto now = seed % 2 == 0 ? earliest : -10 * ms;
        for (int i = 0; i < 5000; ++i) {
            now += number(3) == 0 ? number(ms) : 0;
            auto const who = number(3 * capacity);
            // Each key has a longest window of its own, and limits that change.
            sallyport::claim const asked{
                .key = client(who), .quota = quota(1 + number(4), windows[who % 3]), .cost = 1 + number(1)};
            auto const got = take(limiter, asked, now);
            REQUIRE(limiter.size() <= capacity);
            if (got.outcome == verdict::failed) {
                REQUIRE(limiter.size() == capacity);
                ++failed;
                continue;
            }
            auto expected = take(model, asked, now);
            expected.receipt.position = got.receipt.position;  // a key that comes again begins to count anew
            if (auto const text = difference(expected, got); !text.empty()) {
                FAIL("seed " << seed << ", call " << i << "\n" << text);
            }
            ++answered;
        }
    }
    CHECK(failed > answered / (sanitized ? 200 : 100));
    CHECK(failed < answered);
}

TEST_CASE("should the clock step back behind the forgetting, still no window of stamps holds more than the limit") {
    constexpr std::uint32_t capacity = 10;
    struct admission {
        std::int64_t stamp;
        std::uint32_t cost;
    };
    for (unsigned seed = 0; seed < 60 / slowness; ++seed) {
        std::mt19937 random(seed);
        auto const number = [&](std::uint32_t most) { return static_cast<std::uint32_t>(random() % (most + 1)); };
        sallyport::sliding_log limiter({.max_clients = capacity});
        std::map<std::uint32_t, std::vector<admission>> admissions;  // of all lives of a key
        std::int64_t now = 0;
        for (int i = 0; i < 3000; ++i) {
            now += number(20) == 0 ? -static_cast<std::int64_t>(number(6 * ms)) : number(ms / 4);
            auto const who = number(3 * capacity);
            sallyport::claim const asked{
                .key = client(who), .quota = quota(1 + who % 4, ms * (1 + who % 3)), .cost = 1 + number(1)};
            auto const window = std::chrono::nanoseconds(asked.quota.window()).count();
            auto const got = take(limiter, asked, now);
            if (got.outcome == verdict::failed) continue;
            auto& past = admissions[who];
            auto stamp = past.empty() ? now : std::max(now, past.back().stamp);
            if (got.outcome == verdict::admitted) {
                auto const given = got.receipt.stamp.time_since_epoch().count();
                REQUIRE(given >= stamp);
                stamp = given;
            }
            std::uint32_t used = 0;
            for (auto const& each : past) used += each.stamp > stamp - window ? each.cost : 0;
            REQUIRE((used + asked.cost <= asked.quota.limit()) == (got.outcome == verdict::admitted));
            if (got.outcome == verdict::admitted) past.push_back({stamp, asked.cost});
        }
    }
}

TEST_CASE("a jump of the clock that is taken back holds nobody up for longer than a window") {
    sallyport::sliding_log limiter({.max_clients = 1});
    REQUIRE(passes(limiter, one_a_second(client(1)), 0));
    auto too_much = one_a_second(client(2));
    too_much.cost = 2;
    REQUIRE(take(limiter, too_much, 1'000'000 * s).outcome == verdict::refused);
    REQUIRE(limiter.size() == 0);
    CHECK(take(limiter, one_a_second(client(1)), 1).receipt.stamp == at(s));
    CHECK_FALSE(passes(limiter, one_a_second(client(1)), 2 * s - 1));
    CHECK(passes(limiter, one_a_second(client(1)), 2 * s));
}
