// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/model/clock.hpp>

#include <atomic>
#include <chrono>
#include <latch>
#include <thread>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;

static_assert(sallyport::steady_clock_source<sallyport::steady_clock>);
static_assert(sallyport::steady_clock_source<sallyport::manual_clock>);
static_assert(sallyport::wall_clock_source<sallyport::wall_clock>);
static_assert(sallyport::wall_clock_source<sallyport::manual_wall_clock>);

static_assert(!sallyport::steady_clock_source<sallyport::wall_clock> &&
                  !sallyport::steady_clock_source<sallyport::manual_wall_clock>,
              "the calendar can't be taken for the clock that limits look at");
static_assert(!sallyport::wall_clock_source<sallyport::steady_clock> &&
              !sallyport::wall_clock_source<sallyport::manual_clock>);
static_assert(!std::is_convertible_v<sallyport::steady_time, sallyport::wall_time>);

TEST_CASE("a manual clock stands still until it is moved, forward or back") {
    sallyport::manual_clock clock;
    CHECK(clock.now() == sallyport::steady_time{});
    CHECK(clock.now() == sallyport::steady_time{});
    clock.advance(10s);
    CHECK(clock.now() == sallyport::steady_time(10s));
    clock.advance(-11s);
    CHECK(clock.now() == sallyport::steady_time(-1s));
    clock.set(sallyport::steady_time::max());
    CHECK(clock.now() == sallyport::steady_time::max());
    clock.set(sallyport::steady_time::min());
    CHECK(clock.now() == sallyport::steady_time::min());
}

TEST_CASE("a manual clock starts where it is told to") {
    auto const start = sallyport::wall_time(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1));
    sallyport::manual_wall_clock const clock{start};
    CHECK(clock.now() == start);
}

TEST_CASE("a copy of a manual clock goes its own way") {
    sallyport::manual_clock clock{sallyport::steady_time(5s)};
    auto copy = clock;
    clock.advance(1s);
    CHECK(copy.now() == sallyport::steady_time(5s));
    copy = clock;
    CHECK(copy.now() == sallyport::steady_time(6s));
}

TEST_CASE("threads that move a manual clock together lose none of its moves, and see it only go forward") {
    for (int round = 0; round < 10; ++round) {
        sallyport::manual_clock clock;
        std::atomic<bool> went_back{false};
        std::latch start(8);
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&] {
                start.arrive_and_wait();
                auto last = clock.now();
                for (int move = 0; move < 50'000; ++move) {
                    clock.advance(3ns);
                    auto const now = clock.now();
                    if (now < last + 3ns) went_back = true;
                    last = now;
                }
            });
        }
        threads.clear();
        CHECK_FALSE(went_back);
        CHECK(clock.now() == sallyport::steady_time(1'200'000ns));
    }
}

TEST_CASE("the machine's steady clock does not go back") {
    sallyport::steady_clock const clock;
    auto last = clock.now();
    for (int i = 0; i < 1000; ++i) {
        auto const now = clock.now();
        CHECK(now >= last);
        last = now;
    }
}
