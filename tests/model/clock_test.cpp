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

namespace {

/// Shows the time only after a while, by the steady clock: its reader was interrupted.
struct late_wall_clock {
    sallyport::manual_clock& steady;
    sallyport::manual_wall_clock& calendar;
    std::chrono::nanoseconds taken{};

    sallyport::wall_time now() const noexcept {
        steady.advance(taken);
        calendar.advance(taken);
        return calendar.now();
    }
};

struct two_clocks {
    sallyport::manual_clock steady{sallyport::steady_time(-5s)};
    sallyport::manual_wall_clock calendar{sallyport::wall_time(24h)};
    late_wall_clock wall{steady, calendar};
    sallyport::wall_offset offset{};

    void advance(std::chrono::nanoseconds by) {
        steady.advance(by);
        calendar.advance(by);
    }
    sallyport::wall_time told() { return offset.at(steady.now(), steady, wall); }
};

}  // namespace

TEST_CASE("the steady clock tells the calendar's time to the nanosecond while neither steps") {
    two_clocks clocks;
    for (int i = 0; i < 40; ++i) {
        CHECK(clocks.told() == clocks.calendar.now());
        clocks.advance(i * 77'777ns);
    }
}

TEST_CASE("a step of the calendar is seen as soon as what was measured is too old, and no sooner") {
    two_clocks clocks;
    for (auto const step : {1h, -2h}) {
        static_cast<void>(clocks.told());
        clocks.calendar.advance(step);
        clocks.advance(sallyport::wall_offset::max_age - 1ns);
        CHECK(clocks.told() == clocks.calendar.now() - step);
        clocks.advance(1ns);
        CHECK(clocks.told() == clocks.calendar.now());
    }
}

TEST_CASE("what an interrupted thread has read of the calendar is told once, and not kept") {
    two_clocks clocks;
    clocks.wall.taken = sallyport::wall_offset::max_error + 1ns;
    auto told = clocks.told();
    CHECK(told == clocks.calendar.now());
    clocks.wall.taken = {};
    CHECK(clocks.told() == clocks.calendar.now());

    two_clocks quick;
    quick.wall.taken = sallyport::wall_offset::max_error;
    told = quick.told();
    CHECK(told == quick.calendar.now());
    CHECK(quick.told() == told + sallyport::wall_offset::max_error);
}

TEST_CASE("the machine's steady clock tells its calendar's time") {
    sallyport::wall_clock const calendar;
    for (int i = 0; i < 1000; ++i) {
        auto const before = calendar.now();
        auto const told = calendar.at(sallyport::steady_clock().now());
        CHECK(before - sallyport::wall_offset::max_error <= told);
        CHECK(told <= calendar.now() + sallyport::wall_offset::max_error);
    }
}
