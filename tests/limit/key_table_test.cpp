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

using limits::earliest;
using limits::latest;

namespace {

/// Counts, and is idle from a moment that the test says.
struct state {
    struct held {
        state* operator->() const noexcept { return in; }
        std::int64_t idle_from() const noexcept { return in->idle; }

        state* in = nullptr;
    };
    struct closing {
        bool closed;
        std::int64_t idle_from;
    };

    explicit state(std::uint32_t size) : slots(size) {}
    static constexpr std::size_t bytes_behind(std::uint32_t size) noexcept { return size; }
    std::uint32_t capacity() const noexcept { return slots; }
    static held start(state& in, std::int64_t from, std::uint32_t generation) noexcept {
        in.starts = from;
        in.idle = earliest;
        in.counted = 0;
        in.generations.push_back(generation);
        return {&in};
    }
    static held take_over(held fresh, held from) noexcept {
        fresh->idle = from->idle;
        fresh->counted = from->counted;
        return fresh;
    }
    static held enter(state& in) noexcept { return {&in}; }
    static void leave(held) noexcept {}
    closing close(std::int64_t now) const noexcept { return {idle <= now && idle != latest, idle}; }

    void count(std::int64_t until) {
        ++counted;
        idle = until;
    }

    std::uint32_t slots;
    std::int64_t starts = 0;
    std::int64_t idle = earliest;
    int counted = 0;
    std::vector<std::uint32_t> generations{};
};

using table = sallyport::key_table<4, state>;
using key_type = table::key_type;

key_type key(std::uint32_t number) { return {number, 7, 0, 1}; }

std::uint32_t four_slots(std::size_t) { return 4; }

/// Counts something for a key that is idle from a moment on; false if there was no room.
bool count(table& in, key_type const& of, std::int64_t now, std::int64_t idle_from) {
    auto const use = [&](auto const& states, auto const&) { (*states[0])->count(idle_from); };
    return in.with(std::span(&of, 1), now, four_slots, use);
}

/// What was counted for a key so far, and where its stamps start. Nothing is kept for a new one.
state look(table& in, key_type const& of, std::int64_t now = earliest) {
    state seen(0);
    auto const use = [&](auto const& states, auto const&) { seen = *states[0]->in; };
    REQUIRE(in.with(std::span(&of, 1), now, four_slots, use));
    return seen;
}

}  // namespace

TEST_CASE("each key has a state of its own, which lasts") {
    table keys(1000);
    for (std::uint32_t round = 1; round <= 3; ++round) {
        for (std::uint32_t i = 0; i < 500; ++i) {
            REQUIRE(count(keys, key(i), 0, 10));
            REQUIRE(count(keys, key(1000 + i), 0, 10));
            CHECK(look(keys, key(i)).counted == static_cast<int>(round));
        }
    }
    CHECK(keys.size() == 1000);
}

TEST_CASE("keys that differ in any word are different keys") {
    table keys(100);
    std::array<key_type, 7> const different{{{1, 7}, {2, 7}, {1, 8}, {7, 1}, {1, 7, 1}, {1, 7, 0, 1}, {1U << 31, 7}}};
    for (auto const& each : different) REQUIRE(count(keys, each, 0, 10));
    CHECK(keys.size() == different.size());
    for (auto const& each : different) CHECK(look(keys, each).counted == 1);
}

TEST_CASE("the states come in the order of the keys, one for equal keys") {
    table keys(100);
    for (std::uint32_t i = 0; i < 50; ++i) {
        std::array const order{key(i + 1), key(i), key(i + 1), key(i)};
        REQUIRE(keys.with(order, 0, four_slots, [](auto const& states, auto const&) {
            REQUIRE(states.size() == 4);
            CHECK(states[0] == states[2]);
            CHECK(states[1] == states[3]);
            CHECK(states[0] != states[1]);
            (*states[0])->count(10);
            (*states[1])->count(10);
        }));
    }
    CHECK(keys.size() == 51);
    CHECK(look(keys, key(0)).counted == 1);
    CHECK(look(keys, key(7)).counted == 2);
    CHECK(look(keys, key(50)).counted == 1);
}

TEST_CASE("a table holds exactly as many keys as it was made for") {
    for (std::uint32_t const capacity : {0U, 1U, 2U, 3U, 63U, 64U, 65U, 1000U, 5000U}) {
        table keys(capacity);
        for (std::uint32_t i = 0; i < capacity; ++i) REQUIRE(count(keys, key(i), 0, 10));
        bool used = false;
        auto const one_more = key(capacity);
        CHECK_FALSE(keys.with(std::span(&one_more, 1), 9, four_slots, [&](auto const&, auto const&) { used = true; }));
        CHECK_FALSE(used);
        CHECK(keys.size() == capacity);
        for (std::uint32_t i = 0; i < capacity; ++i) REQUIRE(look(keys, key(i), 9).counted == 1);
    }
}

TEST_CASE("a key for which nothing was counted is not kept") {
    table keys(10);
    for (std::uint32_t i = 0; i < 1000; ++i) CHECK(look(keys, key(i)).counted == 0);
    CHECK(keys.size() == 0);
}

TEST_CASE("there is room for all new keys of a call or for none, and equal ones need it once") {
    table keys(3);
    REQUIRE(count(keys, key(1), 0, 10));
    REQUIRE(count(keys, key(2), 0, 10));
    auto const use = [](auto const& states, auto const&) {
        for (auto* const each : states) (*each)->count(10);
    };
    CHECK_FALSE(keys.with(std::array{key(3), key(1), key(4)}, 9, four_slots, use));
    CHECK(keys.size() == 2);
    CHECK(look(keys, key(1), 9).counted == 1);
    CHECK(keys.with(std::array{key(3), key(1), key(3), key(3)}, 9, four_slots, use));
    CHECK(keys.size() == 3);

    table none(1);
    CHECK_FALSE(none.with(std::array{key(1), key(2)}, 0, four_slots, use));
    CHECK(none.size() == 0);
}

TEST_CASE("room is made as soon as a key is idle, wherever it lies, and not a nanosecond earlier") {
    for (std::uint32_t idle = 0; idle < 200; ++idle) {
        table keys(200);
        for (std::uint32_t i = 0; i < 200; ++i) REQUIRE(count(keys, key(i), 0, i == idle ? 100 : 101));
        REQUIRE_FALSE(count(keys, key(1000), 99, 200));
        REQUIRE(count(keys, key(1000), 100, 200));
        REQUIRE_FALSE(count(keys, key(1001), 100, 200));
        REQUIRE(keys.size() == 200);
        REQUIRE(look(keys, key(1000), 100).counted == 1);
    }
}

TEST_CASE("a key that was used again is not forgotten before it is idle again") {
    table keys(1);
    REQUIRE(count(keys, key(1), 0, 10));
    REQUIRE_FALSE(count(keys, key(2), 5, 10));
    REQUIRE(count(keys, key(1), 8, 18));
    CHECK_FALSE(count(keys, key(2), 10, 20));
    CHECK_FALSE(count(keys, key(2), 17, 20));
    CHECK(look(keys, key(1), 17).counted == 2);
    CHECK(count(keys, key(2), 18, 20));
}

TEST_CASE("a key that is never idle is not forgotten at the end of time either") {
    table keys(1);
    REQUIRE(count(keys, key(1), 0, latest));
    CHECK_FALSE(count(keys, key(2), latest, latest));
}

TEST_CASE("a key that comes again starts where it had become idle") {
    table keys(1);
    CHECK(look(keys, key(1)).starts == earliest);
    REQUIRE(count(keys, key(1), -50, -7));
    REQUIRE(count(keys, key(2), 1000, 1001));
    REQUIRE(count(keys, key(1), 2000, 2001));
    CHECK(look(keys, key(1), 2000).counted == 1);
    auto const start = look(keys, key(1), 2000).starts;
    CHECK((start == -7 || start == 1001));  // the other's moment, should both lie in one shard
}

TEST_CASE("a table with room forgets idle keys as new ones come") {
    table keys(100'000);
    for (std::uint32_t i = 0; i < 5000; ++i) REQUIRE(count(keys, key(i), 0, 10));
    std::size_t most = 0;
    for (std::uint32_t i = 5000; i < 50'000; ++i) {
        REQUIRE(count(keys, key(i), i, i + 10));
        most = std::max(most, keys.size());
    }
    CHECK(most <= 5100);
    CHECK(keys.size() <= 1500);
}

TEST_CASE("if the use of a new key throws, neither the key nor its room is kept") {
    table keys(2);
    REQUIRE(count(keys, key(0), 0, 10));
    for (std::uint32_t i = 1; i < 100; ++i) {
        std::array const both{key(0), key(i)};
        CHECK_THROWS_AS(keys.with(both, 0, four_slots, [](auto const&, auto const&) { throw 7; }), int);
        CHECK(keys.size() == 1);
    }
    CHECK(count(keys, key(1), 0, 10));
    CHECK(look(keys, key(0)).counted == 1);
}

TEST_CASE("a table that is moved keeps its keys") {
    table keys(10);
    REQUIRE(count(keys, key(1), 0, 10));
    auto moved = std::move(keys);
    CHECK(look(moved, key(1)).counted == 1);
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
                std::array const chosen{key(numbers[0]), key(numbers[1]), key(numbers[2])};
                auto const now = clock.fetch_add(1);
                keys.with(chosen, now, four_slots, [&](auto const& states, auto const&) {
                    for (std::size_t k = 0; k < 3; ++k) {
                        if (std::find(states.begin(), states.begin() + k, states[k]) != states.begin() + k) continue;
                        shared += users[numbers[k]].fetch_add(1);
                        (*states[k])->count(now + 5);
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

TEST_CASE("a key is found without a lock, and that it went is seen") {
    table keys(1);
    CHECK_FALSE(keys.find(key(1)));
    REQUIRE(count(keys, key(1), 0, 10));
    auto const found = keys.find(key(1));
    REQUIRE(found);
    CHECK(found->counted == 1);
    CHECK_FALSE(keys.find(key(2)));
    REQUIRE(count(keys, key(1), 5, 10));
    CHECK(found.is_still());
    REQUIRE(count(keys, key(2), 10, 20));
    CHECK_FALSE(found.is_still());
    CHECK_FALSE(keys.find(key(1)));
}

TEST_CASE("every key is found where others have gone from before it") {
    table keys(2000);
    for (std::uint32_t i = 0; i < 2000; ++i) REQUIRE(count(keys, key(i), 0, i % 3 == 0 ? 10 : 100));
    for (std::uint32_t i = 2000; i < 2600; ++i) REQUIRE(count(keys, key(i), 10, 100));
    for (std::uint32_t i = 0; i < 2600; ++i) {
        if (i >= 2000 || i % 3 != 0) REQUIRE(keys.find(key(i)));
    }
    CHECK(keys.size() <= 2000);
}

TEST_CASE("a state moves to a larger one, and is found there") {
    table keys(10);
    REQUIRE(count(keys, key(1), 0, 10));
    auto const before = keys.find(key(1));
    std::array const twice{key(1), key(1)};
    REQUIRE(keys.with(twice, 5, four_slots, [](auto const& states, auto const& enlarge) {
        enlarge(1, 9);
        CHECK((*states[0])->capacity() == 9);
        (*states[0])->count(20);
    }));
    auto const after = keys.find(key(1));
    REQUIRE(after);
    CHECK(after->counted == 2);
    CHECK(&*after != &*before);
    CHECK(keys.size() == 1);
}

TEST_CASE("a known key is surely found while it moves from one state to another") {
    table keys(10);
    auto const known = key(1);
    REQUIRE(count(keys, known, 0, latest));
    std::atomic<bool> moving{true};
    std::atomic<int> missed{0};
    {
        std::jthread const reader([&] {
            while (moving) missed += keys.find_surely(known) ? 0 : 1;
        });
        for (std::uint32_t i = 0; i < 200'000; ++i) {
            auto const use = [&](auto const&, auto const& enlarge) { enlarge(0, 4 + 5 * (i % 2)); };
            keys.with(std::span(&known, 1), 0, four_slots, use);
        }
        moving = false;
    }
    CHECK(missed == 0);
}

TEST_CASE("a block serves one key after another, each in a generation of its own") {
    table keys(1);
    for (std::uint32_t i = 0; i < 2000; ++i) REQUIRE(count(keys, key(i), i * 10, i * 10 + 10));
    auto const generations = look(keys, key(1999), 19'995).generations;
    REQUIRE(generations.size() > 1);
    for (std::size_t i = 0; i < generations.size(); ++i) CHECK(generations[i] == 2 * i + 1);
}
