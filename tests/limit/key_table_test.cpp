// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"

#include <sallyport/limit/key_table.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <thread>
#include <utility>
#include <vector>

using namespace limits;

namespace {

/// Counts, and is idle from a moment that the test says.
struct state {
    explicit state(std::int64_t from) : start(from) {}
    std::int64_t idle_from() const noexcept { return idle; }

    void count(std::int64_t until) {
        ++counted;
        idle = until;
    }

    std::int64_t start;
    std::int64_t idle = earliest;
    int counted = 0;
};

using table = sallyport::key_table<state>;

/// Counts something for a key that is idle from a moment on; false if there was no room.
bool count(table& in, sallyport::rate_key const& key, std::int64_t now, std::int64_t idle_from) {
    return in.with(std::span(&key, 1), now, [&](auto const& states) { states[0]->count(idle_from); });
}

/// What was counted for a key so far, and where its stamps start. Nothing is kept for a new one.
state look(table& in, sallyport::rate_key const& key, std::int64_t now = earliest) {
    state seen(0);
    REQUIRE(in.with(std::span(&key, 1), now, [&](auto const& states) { seen = *states[0]; }));
    return seen;
}

}  // namespace

TEST_CASE("each key has a state of its own, which lasts") {
    table keys(1000);
    for (std::uint32_t round = 1; round <= 3; ++round) {
        for (std::uint32_t i = 0; i < 500; ++i) {
            REQUIRE(count(keys, client(i), 0, 10));
            REQUIRE(count(keys, stranger(i), 0, 10));
            CHECK(look(keys, client(i)).counted == static_cast<int>(round));
        }
    }
    CHECK(keys.size() == 1000);
}

TEST_CASE("keys that differ in any part are different keys") {
    table keys(100);
    std::vector<sallyport::rate_key> different(6, client(1));
    different[1] = client(2);
    different[2].api = 1;
    different[3].api = 1U << 24;
    different[4].proven = false;
    different[5].peer = sallyport::peer_address::v4({1, 2, 3, 4});
    different.push_back(different[5]);
    different.back().peer = sallyport::peer_address::v6({1, 2, 3, 4});
    for (auto const& key : different) REQUIRE(count(keys, key, 0, 10));
    CHECK(keys.size() == different.size());
    for (auto const& key : different) CHECK(look(keys, key).counted == 1);
}

TEST_CASE("the states come in the order of the keys, one for equal keys") {
    table keys(100);
    for (std::uint32_t i = 0; i < 50; ++i) {
        std::array const order{client(i + 1), client(i), client(i + 1), client(i)};
        REQUIRE(keys.with(order, 0, [](auto const& states) {
            REQUIRE(states.size() == 4);
            CHECK(states[0] == states[2]);
            CHECK(states[1] == states[3]);
            CHECK(states[0] != states[1]);
            states[0]->count(10);
            states[1]->count(10);
        }));
    }
    CHECK(keys.size() == 51);
    CHECK(look(keys, client(0)).counted == 1);
    CHECK(look(keys, client(7)).counted == 2);
    CHECK(look(keys, client(50)).counted == 1);
}

TEST_CASE("a table holds exactly as many keys as it was made for") {
    for (std::uint32_t const capacity : {0U, 1U, 2U, 3U, 63U, 64U, 65U, 1000U, 5000U}) {
        table keys(capacity);
        for (std::uint32_t i = 0; i < capacity; ++i) REQUIRE(count(keys, client(i), 0, 10));
        bool used = false;
        auto const one_more = client(capacity);
        CHECK_FALSE(keys.with(std::span(&one_more, 1), 9, [&](auto const&) { used = true; }));
        CHECK_FALSE(used);
        CHECK(keys.size() == capacity);
        for (std::uint32_t i = 0; i < capacity; ++i) REQUIRE(look(keys, client(i), 9).counted == 1);
    }
}

TEST_CASE("a key for which nothing was counted is not kept") {
    table keys(10);
    for (std::uint32_t i = 0; i < 1000; ++i) CHECK(look(keys, client(i)).counted == 0);
    CHECK(keys.size() == 0);
}

TEST_CASE("there is room for all new keys of a call or for none, and equal ones need it once") {
    table keys(3);
    REQUIRE(count(keys, client(1), 0, 10));
    REQUIRE(count(keys, client(2), 0, 10));
    auto const use = [](auto const& states) {
        for (auto* const each : states) each->count(10);
    };
    CHECK_FALSE(keys.with(std::array{client(3), client(1), client(4)}, 9, use));
    CHECK(keys.size() == 2);
    CHECK(look(keys, client(1), 9).counted == 1);
    CHECK(keys.with(std::array{client(3), client(1), client(3), client(3)}, 9, use));
    CHECK(keys.size() == 3);

    table none(1);
    CHECK_FALSE(none.with(std::array{client(1), client(2)}, 0, use));
    CHECK(none.size() == 0);
}

TEST_CASE("room is made as soon as a key is idle, wherever it lies, and not a nanosecond earlier") {
    for (std::uint32_t idle = 0; idle < 200; ++idle) {
        table keys(200);
        for (std::uint32_t i = 0; i < 200; ++i) REQUIRE(count(keys, client(i), 0, i == idle ? 100 : 101));
        REQUIRE_FALSE(count(keys, client(1000), 99, 200));
        REQUIRE(count(keys, client(1000), 100, 200));
        REQUIRE_FALSE(count(keys, client(1001), 100, 200));
        REQUIRE(keys.size() == 200);
        REQUIRE(look(keys, client(1000), 100).counted == 1);
    }
}

TEST_CASE("a key that was used again is not forgotten before it is idle again") {
    table keys(1);
    REQUIRE(count(keys, client(1), 0, 10));
    REQUIRE_FALSE(count(keys, client(2), 5, 10));
    REQUIRE(count(keys, client(1), 8, 18));
    CHECK_FALSE(count(keys, client(2), 10, 20));
    CHECK_FALSE(count(keys, client(2), 17, 20));
    CHECK(look(keys, client(1), 17).counted == 2);
    CHECK(count(keys, client(2), 18, 20));
}

TEST_CASE("a key that is never idle is not forgotten at the end of time either") {
    table keys(1);
    REQUIRE(count(keys, client(1), 0, latest));
    CHECK_FALSE(count(keys, client(2), latest, latest));
}

TEST_CASE("a key that comes again starts where it had become idle") {
    table keys(1);
    CHECK(look(keys, client(1)).start == earliest);
    REQUIRE(count(keys, client(1), -50, -7));
    REQUIRE(count(keys, client(2), 1000, 1001));
    REQUIRE(count(keys, client(1), 2000, 2001));
    CHECK(look(keys, client(1), 2000).counted == 1);
    auto const start = look(keys, client(1), 2000).start;
    CHECK((start == -7 || start == 1001));  // the other's moment, should both lie in one shard
}

TEST_CASE("a table with room forgets idle keys as new ones come") {
    table keys(100'000);
    for (std::uint32_t i = 0; i < 5000; ++i) REQUIRE(count(keys, client(i), 0, 10));
    std::size_t most = 0;
    for (std::uint32_t i = 5000; i < 50'000; ++i) {
        REQUIRE(count(keys, client(i), i, i + 10));
        most = std::max(most, keys.size());
    }
    CHECK(most <= 5100);
    CHECK(keys.size() <= 64 * 17);
}

TEST_CASE("if the use of a new key throws, neither the key nor its room is kept") {
    table keys(2);
    REQUIRE(count(keys, client(0), 0, 10));
    for (std::uint32_t i = 1; i < 100; ++i) {
        std::array const both{client(0), client(i)};
        CHECK_THROWS_AS(keys.with(both, 0, [](auto const&) { throw 7; }), int);
        CHECK(keys.size() == 1);
    }
    CHECK(count(keys, client(1), 0, 10));
    CHECK(look(keys, client(0)).counted == 1);
}

TEST_CASE("a table that is moved keeps its keys") {
    table keys(10);
    REQUIRE(count(keys, client(1), 0, 10));
    auto moved = std::move(keys);
    CHECK(look(moved, client(1)).counted == 1);
}

TEST_CASE("threads that come and go see no state twice, and never more keys than the capacity") {
    constexpr std::size_t capacity = 40;
    table keys(capacity);
    std::atomic<std::int64_t> clock{0};
    std::atomic<bool> too_many{false};
    std::atomic<int> shared{0};
    std::vector<std::jthread> threads;
    std::array<std::atomic<int>, 60> users{};
    for (unsigned seed = 0; seed < 8; ++seed) {
        threads.emplace_back([&, seed] {
            std::minstd_rand random(seed + 1);
            for (int i = 0; i < 3000; ++i) {
                auto const some = [&] { return static_cast<std::uint32_t>(random() % users.size()); };
                std::array const numbers{some(), some(), some()};
                std::array const chosen{client(numbers[0]), client(numbers[1]), client(numbers[2])};
                auto const now = clock.fetch_add(1);
                keys.with(chosen, now, [&](auto const& states) {
                    for (std::size_t k = 0; k < 3; ++k) {
                        if (std::find(states.begin(), states.begin() + k, states[k]) != states.begin() + k) continue;
                        shared += users[numbers[k]].fetch_add(1);
                        states[k]->count(now + 5);
                    }
                    for (std::size_t k = 0; k < 3; ++k) {
                        if (std::find(states.begin(), states.begin() + k, states[k]) != states.begin() + k) continue;
                        users[numbers[k]] -= 1;
                    }
                });
                if (keys.size() > capacity) too_many = true;
            }
        });
    }
    threads.clear();
    CHECK_FALSE(too_many);
    CHECK(shared == 0);
    CHECK(keys.size() <= capacity);
}
