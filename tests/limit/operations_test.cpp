// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"
#include "model_agreement.hpp"

#include <sallyport/limit/compact_sliding_log.hpp>
#include <sallyport/limit/sliding_counter.hpp>
#include <sallyport/limit/sliding_log.hpp>
#include <sallyport/limit/untracked_calls.hpp>
#include <sallyport/model/result.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

using namespace limits;

namespace {

sallyport::claim asked(std::uint32_t cost = 1) { return {.key = client(1), .quota = quota(5, s), .cost = cost}; }

std::uint32_t remaining(sallyport::sliding_log& limiter, std::int64_t now) {
    auto const question = asked(0);
    return take(limiter, question, now).states[0].remaining;
}

}  // namespace

TEST_CASE("a look tells what a call would be answered, and counts nothing") {
    sallyport::sliding_log limiter;
    for (std::uint32_t cost : {1U, 3U, 5U, 6U}) {
        auto const question = asked(cost);
        auto const seen = limiter.look(std::span(&question, 1), at(7));
        CHECK((seen.outcome == verdict::admitted) == (cost <= 5));
        CHECK(seen.states[0].remaining == 5);
    }
    CHECK(limiter.size() == 0);
    REQUIRE(admitted(limiter, asked(), 10, 9) == 5);
    auto const question = asked(2);
    auto const seen = limiter.look(std::span(&question, 1), at(20));
    CHECK(seen.outcome == verdict::refused);
    CHECK(seen.states[0].retry_after == std::chrono::nanoseconds(s - 10));
    CHECK(seen.states[0].remaining == 0);
}

TEST_CASE("what is given back can be used again, and the rest counts on") {
    sallyport::sliding_log limiter;
    REQUIRE(passes(limiter, asked(), 1));
    auto const failed = take(limiter, asked(3), 2);
    REQUIRE(passes(limiter, asked(), 3));
    CHECK(limiter.give_back(client(1), 3, failed.receipt));
    CHECK(remaining(limiter, 3) == 3);
    CHECK_FALSE(limiter.give_back(client(1), 3, failed.receipt));
    CHECK(admitted(limiter, asked(), 4, 9) == 3);
    CHECK(remaining(limiter, s + 1) == 1);
    CHECK(remaining(limiter, s + 3) == 2);
    CHECK_FALSE(limiter.give_back(client(2), 1, failed.receipt));
    CHECK(limiter.size() == 1);
}

TEST_CASE("with give-backs too, every answer is the model's, whatever the clock does") {
    auto const make = [] { return sallyport::sliding_log({.max_clients = 1000, .max_unproven = 1000}); };
    auto const told = agrees_with_the_model(make, {.max_limit = 6, .max_cost = 4, .whole_budgets = true}, 3000 * haste,
                                            100, give_backs::some);
    CHECK(told.given_back > told.calls / 30);
}

TEST_CASE("who comes by an earlier clock than what was given back doesn't find room that older calls have taken") {
    sallyport::sliding_log limiter;
    REQUIRE(admitted(limiter, asked(), 0, 5) == 5);
    std::vector<sallyport::receipt> receipts;
    for (int i = 0; i < 5; ++i) receipts.push_back(take(limiter, asked(), s).receipt);
    for (auto const& each : receipts) REQUIRE(limiter.give_back(client(1), 1, each));
    auto const late = take(limiter, asked(), s - 1);
    CHECK(late.outcome == verdict::admitted);
    CHECK(late.receipt.stamp == at(s));
    CHECK(admitted(limiter, asked(), s - 1, 9) == 4);
    CHECK(remaining(limiter, 2 * s - 1) == 0);
    CHECK(remaining(limiter, 2 * s) == 5);
}

TEMPLATE_TEST_CASE("a window in shadow beside others changes none of their answers, however long it is", "",
                   sallyport::sliding_log, sallyport::compact_sliding_log, sallyport::sliding_counter) {
    for (std::uint64_t seed = 0; seed < 200 / slowness; ++seed) {
        std::mt19937_64 random(seed);
        TestType plain({.max_clients = 10, .max_unproven = 10}), trying({.max_clients = 10, .max_unproven = 10});
        std::array const windows{10 * ms, s, 60 * s, 3600 * s, 31 * 24 * 3600 * s};
        std::int64_t now = static_cast<std::int64_t>(random() % 4) << 52;
        for (int i = 0; i < 150; ++i) {
            now += static_cast<std::int64_t>(random() % 3 == 0 ? random() % (700 * ms) : 0);
            auto const cost = 1 + static_cast<std::uint32_t>(random() % 2);
            std::array const in_force{sallyport::claim{.key = client(1), .quota = quota(7, s), .cost = cost},
                                      sallyport::claim{.key = client(1), .quota = quota(20, 9 * s), .cost = cost}};
            sallyport::claim_list with_shadow;
            auto const window = windows[random() % windows.size()];
            auto const tried = quota(1 + static_cast<std::int64_t>(random() % 30), window);
            auto const place = random() % 4;
            for (std::size_t c = 0; c <= in_force.size(); ++c) {
                if (c == place) {
                    static_cast<void>(with_shadow.push_back(
                        {.key = client(1), .quota = tried, .cost = cost, .shadow = true, .name = "tried"}));
                }
                if (c < in_force.size()) static_cast<void>(with_shadow.push_back(in_force[c]));
            }
            auto const expected = plain.take(in_force, at(now));
            auto const got =
                trying.take(std::span<sallyport::claim const>(with_shadow.data(), with_shadow.size()), at(now));
            REQUIRE(got.outcome == expected.outcome);
            auto const* next = expected.states.begin();
            for (auto const& state : got.states) {
                if (state.shadow) continue;
                REQUIRE(state.remaining == next->remaining);
                REQUIRE(state.reset == next->reset);
                REQUIRE(state.retry_after == next->retry_after);
                ++next;
            }
        }
    }
}

TEMPLATE_TEST_CASE("what an answer says of how things stand, a look at the same moment says too", "",
                   sallyport::sliding_log, sallyport::compact_sliding_log, sallyport::sliding_counter) {
    for (auto const first : {s, 3600 * s, 24 * 3600 * s, 31 * 24 * 3600 * s}) {
        for (auto const next : {s, 3600 * s, 24 * 3600 * s, 31 * 24 * 3600 * s}) {
            TestType limiter({.max_clients = 10, .max_unproven = 10});
            std::int64_t now = 123'456'789'012'345;
            for (auto const window : {first, next, first}) {
                now += 1'234'567;
                sallyport::claim question{.key = client(1), .quota = quota(100, window)};
                auto const answer = take(limiter, question, now).states[0];
                question.cost = 0;
                auto const seen = limiter.look(std::span(&question, 1), at(now)).states[0];
                CHECK(answer.remaining == seen.remaining);
                CHECK(answer.reset == seen.reset);
                auto const later = at(now) + answer.reset;
                CHECK(limiter.look(std::span(&question, 1), later).states[0].remaining > answer.remaining);
            }
        }
    }
}

TEST_CASE("a key that is reset has used nothing; others have") {
    sallyport::sliding_log limiter;
    REQUIRE(admitted(limiter, asked(), 10, 9) == 5);
    auto other = asked();
    other.key = client(2);
    REQUIRE(admitted(limiter, other, 10, 9) == 5);
    CHECK(limiter.reset(client(1)));
    CHECK_FALSE(limiter.reset(client(1)));
    CHECK(admitted(limiter, asked(), 11, 9) == 5);
    CHECK(admitted(limiter, other, 11, 9) == 0);
    CHECK(limiter.size() == 2);
}

TEST_CASE("a key is another's if the client, the API, the peer or its kind is another, or who is proven") {
    using peer = sallyport::peer_address;
    std::vector<sallyport::rate_key> keys;
    for (auto const& of : {client(1).client, client(2).client}) {
        for (std::uint32_t const api : {0U, 1U}) {
            keys.push_back({.client = of, .api = api});
            for (auto const& from : {peer(), peer::v4({1, 2, 3, 4}), peer::v4({1, 2, 3, 5}), peer::v6({1, 2, 3, 4})}) {
                keys.push_back({.client = of, .peer = from, .api = api, .proven = false});
            }
        }
    }
    sallyport::sliding_log log;
    sallyport::sliding_counter counter;
    for (auto const& each : keys) {
        CHECK(passes(log, {.key = each, .quota = quota(1, s)}, 0));
        CHECK_FALSE(passes(log, {.key = each, .quota = quota(1, s)}, 0));
        CHECK(passes(counter, {.key = each, .quota = quota(1, s)}, 0));
        CHECK_FALSE(passes(counter, {.key = each, .quota = quota(1, s)}, 0));
        auto const blocked = [&] {
            return std::count_if(keys.begin(), keys.end(), [&](sallyport::rate_key const& other) {
                return take(log, {.key = other, .quota = quota(1, s), .cost = 0}, 2 * s).outcome == verdict::refused;
            });
        };
        CHECK(blocked() == 0);
        REQUIRE(log.block(each, at(3 * s), at(2 * s)));
        CHECK(blocked() == 1);
        REQUIRE(log.block(each, at(0), at(2 * s)));
    }
    CHECK(log.size() == keys.size());
    CHECK(counter.size() == keys.size());
}

TEST_CASE("who looked before a key was forgotten on demand is not admitted after") {
    using ring_type = sallyport::stamp_ring<sallyport::exact_scale>;
    sallyport::key_table<4, ring_type> keys(10);
    std::array<std::uint32_t, 4> const key{7};
    auto const one_slot = [](std::size_t) { return std::uint32_t{1}; };
    auto const use = [](auto const& rings, auto const&) {
        rings[0]->look_back(quota(1, s));
        rings[0]->admit(1, 0);
    };
    REQUIRE(keys.with(std::span(&key, 1), 0, one_slot, use));
    auto const found = keys.find(key);
    auto const late = found->look();
    REQUIRE(late);
    REQUIRE(keys.erase(key));
    CHECK_FALSE(found.is_still());
    CHECK_FALSE(found->look());
    CHECK(found->admit_one(*late, 2 * s) == ring_type::admission::overtaken);
}

TEST_CASE("a blocked key is refused until the moment, whatever it has left, and uses nothing up") {
    sallyport::sliding_log limiter;
    REQUIRE(passes(limiter, asked(), 0));
    REQUIRE(limiter.block(client(1), at(10 * s), at(0)));
    auto const refused = take(limiter, asked(), 3 * s);
    CHECK(refused.outcome == verdict::refused);
    CHECK(refused.states[0].retry_after == std::chrono::seconds(7));
    CHECK(refused.states[0].remaining == 5);
    CHECK(passes(limiter, {.key = client(2)}, 3 * s));
    auto other = asked();
    other.key = client(3);
    CHECK(limiter.take(std::array{other, asked()}, at(3 * s)).outcome == verdict::refused);
    CHECK_FALSE(passes(limiter, asked(), 10 * s - 1));
    CHECK(admitted(limiter, asked(), 10 * s, 9) == 5);

    REQUIRE(limiter.block(client(1), at(30 * s), at(20 * s)));
    CHECK_FALSE(passes(limiter, asked(), 21 * s));
    REQUIRE(limiter.block(client(1), at(0), at(21 * s)));
    CHECK(passes(limiter, asked(), 21 * s));
}

TEST_CASE("a blocked key's claim in shadow refuses nobody, and says that it would") {
    auto const check = [](auto limiter) {
        REQUIRE(limiter.block(client(1), at(10 * s), at(0)));
        auto shadow = asked();
        shadow.shadow = true;
        auto const tried = take(limiter, shadow, 3 * s);
        CHECK(tried.outcome == verdict::admitted);
        CHECK(tried.states[0].retry_after == std::chrono::seconds(7));
        CHECK(tried.states[0].remaining == 4);
        CHECK(limiter.give_back(client(1), 1, {.stamp = tried.states[0].stamp}));

        auto other = asked();
        other.key = client(3);
        auto const both = limiter.take(std::array{other, shadow}, at(4 * s));
        CHECK(both.outcome == verdict::admitted);
        CHECK_FALSE(both.states[0].exceeded());
        CHECK(both.states[1].retry_after == std::chrono::seconds(6));

        // Beside one that is in force, and blocked, it is refused with it.
        auto const refused = limiter.take(std::array{shadow, asked(), other}, at(4 * s));
        CHECK(refused.outcome == verdict::refused);
        CHECK(refused.states[0].exceeded());
        CHECK(refused.states[1].exceeded());
        CHECK_FALSE(refused.states[2].exceeded());
        CHECK(used(limiter, other, 4 * s) == 1);
        CHECK(used(limiter, shadow, 4 * s) == 1);
    };
    check(sallyport::sliding_log());
    check(sallyport::sliding_counter());
}

TEST_CASE("a blocked key for which there is no room is refused, and told how long") {
    auto const check = [](auto limiter) {
        REQUIRE(passes(limiter, {.key = client(2), .quota = quota(5, 3600 * s)}, 0));
        REQUIRE(limiter.block(client(1), at(10 * s), at(0)));
        auto const refused = take(limiter, asked(), 3 * s);
        CHECK(refused.outcome == verdict::refused);
        REQUIRE(refused.states.size() == 1);
        CHECK(refused.states[0].retry_after == std::chrono::seconds(7));
        auto shadow = asked();
        shadow.shadow = true;
        CHECK(take(limiter, shadow, 3 * s).outcome == verdict::failed);
    };
    check(sallyport::sliding_log({.max_clients = 1}));
    check(sallyport::sliding_counter({.max_clients = 1}));
}

TEST_CASE("no more keys are blocked than there is room for; those whose time is over make some") {
    sallyport::sliding_log limiter({.max_blocked = 2});
    CHECK(limiter.block(client(1), at(10), at(0)));
    CHECK(limiter.block(client(2), at(20), at(0)));
    CHECK_FALSE(limiter.block(client(3), at(20), at(5)));
    CHECK(limiter.block(client(3), at(20), at(10)));
}

TEST_CASE("full of live keys, a host may have new ones admitted without being counted, and is told how many") {
    sallyport::sliding_log limiter({.max_clients = 1, .full = sallyport::sliding_log::when_full::admit_untracked});
    REQUIRE(admitted(limiter, asked(), 0, 9) == 5);
    auto other = asked();
    other.key = client(2);
    for (int i = 0; i < 20; ++i) {
        auto const answer = take(limiter, other, i);
        CHECK(answer.outcome == verdict::admitted);
        CHECK(answer.states[0].remaining == 5);
    }
    CHECK(limiter.untracked() == 20);
    other.cost = 6;
    CHECK(take(limiter, other, 30).states[0].retry_after == sallyport::never);
    CHECK(limiter.untracked() == 20);
    CHECK_FALSE(passes(limiter, asked(), 30));
}

TEMPLATE_TEST_CASE(
    "where a new key finds no room, those that are known in the same call are judged and counted as ever", "",
    sallyport::sliding_log, sallyport::compact_sliding_log, sallyport::sliding_counter) {
    TestType limiter({.max_clients = 1, .full = sallyport::when_full::admit_untracked});
    auto const shared = asked();
    auto own = asked();
    own.key = client(2);
    std::array const both{own, shared};
    REQUIRE(passes(limiter, shared, 0));
    for (std::uint32_t left = 4; left-- > 0;) {
        auto const answer = limiter.take(both, at(1));
        CHECK(answer.outcome == verdict::admitted);
        CHECK(answer.states[0].remaining == 5);
        CHECK(answer.states[1].remaining == left);
    }
    CHECK(limiter.untracked() == 4);
    CHECK(limiter.look(both, at(1)).outcome == verdict::refused);
    auto const refused = limiter.take(both, at(1));
    CHECK(refused.outcome == verdict::refused);
    CHECK(refused.states[0].retry_after == std::chrono::nanoseconds(0));
    CHECK(refused.states[1].retry_after > std::chrono::nanoseconds(0));
    CHECK(limiter.untracked() == 4);

    // What can never pass takes nothing from the others.
    REQUIRE(limiter.reset(client(1)));
    REQUIRE(passes(limiter, shared, 2));
    auto dear = both;
    dear[0].cost = dear[1].cost = 6;
    CHECK(limiter.take(dear, at(2)).outcome == verdict::refused);
    CHECK(used(limiter, shared, 2) == 1);
}

TEST_CASE(
    "where uncounted calls are admitted, a key that becomes known meanwhile is judged by all its windows or none") {
    sallyport::untracked_calls const uncounted(sallyport::when_full::admit_untracked);
    std::array const windows{asked(), sallyport::claim{.key = client(1), .quota = quota(9, 60 * s)}};
    bool known = false;
    auto const becomes_known = [&](auto const&) { return std::exchange(known, true); };
    auto const judges = [](std::span<sallyport::claim const> claims, bool, sallyport::allowance& made) {
        for (auto const& each : claims) static_cast<void>(made.states.push_back(untouched(each)));
        return true;
    };
    auto const made = uncounted.answer(windows, true, becomes_known, judges);
    REQUIRE(made.states.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) CHECK(made.states[i].quota == windows[i].quota);
    CHECK(made.receipt.stamp == sallyport::steady_time::min());
}

TEST_CASE("room for no client, or for more than can be told apart, is a mistake") {
    for (std::size_t const clients : {std::size_t{0}, std::size_t{1} << 32, ~std::size_t{0}}) {
        CHECK_THROWS_AS(sallyport::sliding_log({.max_clients = clients}), sallyport::setup_error);
        CHECK_THROWS_AS(sallyport::sliding_counter({.max_clients = clients}), sallyport::setup_error);
    }
    CHECK_THROWS_AS(sallyport::sliding_log({.max_unproven = ~std::size_t{0}}), sallyport::setup_error);
    CHECK_THROWS_AS(sallyport::sliding_log({.max_blocked = std::size_t{1} << 32}), sallyport::setup_error);
    CHECK_NOTHROW(sallyport::sliding_log({.max_clients = 1, .max_unproven = 0}));
}
