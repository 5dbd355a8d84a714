// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"

#include <sallyport/limit/window_counter.hpp>

#include <chrono>
#include <cstdint>

using limits::earliest;
using limits::latest;
using limits::ms;
using limits::quota;
using limits::s;
using sallyport::window_counter;
using std::chrono::seconds;

namespace {

constexpr std::int64_t unit = 1 << 20;  // to which moments are rounded

constexpr window_counter with(std::uint32_t cost, std::int64_t now) {
    window_counter made(seconds(60), earliest);
    made.admit(cost, now);
    return made;
}

// A unit counts while it is in the window, and for less than a sub-window longer: at compile time too.
constexpr auto sub = window_counter::sub_window(seconds(60)).count();
static_assert(sub >= 10 * s && sub < 11 * s + 250 * ms);
static_assert(with(5, 0).used(seconds(60), 0) == 5);
static_assert(with(5, 0).used(seconds(60), 60 * s - 1) == 5);
static_assert(with(5, 0).used(seconds(60), 60 * s + unit) == 0);
static_assert(with(5, 0).used(seconds(60), -3600 * s) == 5);
static_assert(with(5, 0).until_at_most(5, seconds(60), 7) == 0);
static_assert(with(5, 0).until_at_most(4, seconds(60), 0) >= 60 * s);
static_assert(with(5, 0).until_at_most(4, seconds(60), 0) <= 60 * s + unit);
static_assert(with(5, latest).until_at_most(4, seconds(60), earliest) == latest);
static_assert(with(5, latest).idle_from() == latest);
static_assert(with(0, 0).idle_from() == earliest);

}  // namespace

TEST_CASE("no counter of a window of any length ever says that its oldest sub-window is gone too soon") {
    for (std::int64_t window = 1; window <= sallyport::quota::max_window.count(); window += 1 + window / 9) {
        auto const length = std::chrono::milliseconds(window);
        auto const step = window_counter::sub_window(length).count() / 3 + 1;
        window_counter counter(length, earliest);
        for (std::uint32_t i = 0; i < 40; ++i) {
            counter.admit(1, i * step);
            std::uint32_t within = 0;
            for (std::uint32_t j = 0; j <= i; ++j) within += j * step > i * step - window * ms;
            REQUIRE(counter.used(length, i * step) >= within);
            REQUIRE(counter.used(length, i * step) <= within + 4);
        }
    }
}

TEST_CASE("what is given back leaves the sub-window in which it was counted, and the others as they are") {
    for (std::int64_t back = 0; back < 7; ++back) {
        window_counter counter(seconds(60), earliest);
        for (std::int64_t i = 0; i < 7; ++i) counter.admit(10, i * sub);
        auto const moment = (6 - back) * sub;
        CHECK(counter.give_back(4, moment) == 4);
        CHECK(counter.used(seconds(60), 0) == 66);
        CHECK(counter.give_back(9, moment) == 6);
        CHECK(counter.give_back(1, moment) == 0);
        for (std::int64_t i = 0; i < 7; ++i) {  // what remains leaves the window as it would have
            auto const left = 6 - i - (i < 6 - back ? 1 : 0);
            CHECK(counter.used(seconds(60), 60 * s + i * sub + sub / 2) == static_cast<std::uint32_t>(10 * left));
        }
    }
}

TEST_CASE("nothing is given back that was counted before all sub-windows, or after") {
    auto counter = with(5, 0);
    CHECK(counter.give_back(1, unit) == 0);
    CHECK(counter.give_back(1, -sub) == 0);
    CHECK(counter.give_back(1, latest) == 0);
    CHECK(counter.give_back(1, earliest) == 0);
    CHECK(counter.give_back(1, 0) == 1);
    counter.admit(1, 20 * sub);
    CHECK(counter.give_back(1, 0) == 0);
    CHECK(counter.used(seconds(60), 20 * sub) == 1);
}

TEST_CASE("a sub-window that holds more than can be counted gives nothing back") {
    window_counter counter(seconds(60), earliest);
    counter.admit(4'000'000'000, 0);
    counter.admit(7, 0);
    CHECK(counter.give_back(4'000'000'000, 0) == 0);
    CHECK(counter.used(seconds(60), 0) > sallyport::quota::max_limit);
}

TEST_CASE("a counter from which all was given back counts on, and its sub-windows never start earlier than before") {
    std::int64_t newest = earliest;
    window_counter counter(seconds(60), earliest);
    for (std::int64_t i = 0; i < 200; ++i) {
        auto const now = (i * 37 % 50) * sub / 3 + i * 10 * ms;
        counter.admit(2, now);
        REQUIRE(counter.newest_start() >= newest);
        newest = counter.newest_start();
        REQUIRE(counter.used(seconds(60), now) == 2);
        REQUIRE(counter.give_back(2, newest) == 2);
        REQUIRE(counter.idle_from() == earliest);
    }
}

TEST_CASE("where only older units are left, they count, and a key is not idle") {
    window_counter counter(seconds(60), earliest);
    counter.admit(3, 0);
    counter.admit(1, 30 * s);
    REQUIRE(counter.give_back(1, 30 * s) == 1);
    CHECK(counter.used(seconds(60), 30 * s) == 3);
    CHECK(counter.idle_from() > 60 * s);
    counter.admit(1, 31 * s);
    CHECK(counter.used(seconds(60), 31 * s) == 4);
    window_counter longer(seconds(600), earliest);
    counter.give_back(1, 31 * s);
    longer.take_in(counter);
    CHECK(longer.used(seconds(600), 31 * s) == 3);
}
