// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"

#include <sallyport/limit/key_counters.hpp>
#include <sallyport/limit/window_counter.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>

using limits::earliest;
using limits::latest;
using limits::ms;
using limits::quota;
using limits::s;
using sallyport::key_counters;
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

/// What a live key of a proven client takes: its words, a generation, its state; and its share of the index.
static_assert(5 * 4 + 4 + sizeof(key_counters) + key_counters::bytes_behind(1) + 11 <= 64);

/// The state of a key, with its memory.
struct owned_counters {
    explicit owned_counters(std::uint32_t capacity) : state(*new (memory) key_counters(capacity)) {}

    key_counters::held enter() const { return key_counters::enter(state); }

    alignas(16) std::byte memory[sizeof(key_counters) + key_counters::bytes_behind(key_counters::for_several)];
    key_counters& state;
};

/// One that has counted so many units over a minute.
void begin(owned_counters& made, std::uint32_t cost, std::int64_t now) {
    auto held = key_counters::start(made.state, earliest, 1);
    held.look_for(seconds(60), now);
    held.admit(cost, now);
    key_counters::leave(held);
}

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

TEST_CASE("while somebody has entered, nobody sees a key's counters, and nobody is admitted") {
    owned_counters key(1);
    begin(key, 3, 0);
    auto const seen = key.state.look();
    REQUIRE(seen);
    auto after = *seen;
    after.admit(1, 0);
    auto held = key.enter();
    CHECK_FALSE(key.state.look());
    CHECK_FALSE(key.state.replace(*seen, after));
    CHECK_FALSE(key.state.close(3600 * s).closed);
    key_counters::leave(held);
    CHECK(key.state.replace(*seen, after));
    CHECK(key.state.look()->used(seconds(60), 0) == 4);
}

TEST_CASE("who has seen a key's counters before another admission, or another sub-window, changes nothing") {
    owned_counters key(1);
    begin(key, 3, 0);
    auto const seen = key.state.look().value();
    auto after = seen;
    after.admit(1, 0);
    REQUIRE(key.state.replace(seen, after));
    CHECK_FALSE(key.state.replace(seen, after));
    for (int i = 1; i < 20; ++i) {
        auto const before = key.state.look().value();
        auto held = key.enter();
        held.admit(before.newest_count(), i * 70 * s / 4);
        key_counters::leave(held);
        CHECK_FALSE(key.state.replace(before, after));
    }
}

TEST_CASE("a key is closed when nothing counts any more, and not before") {
    for (auto const capacity : {1U, key_counters::for_several}) {
        owned_counters key(capacity);
        begin(key, 3, 0);
        auto const open = key.state.close(60 * s);
        CHECK_FALSE(open.closed);
        CHECK(open.idle_from >= 60 * s);
        CHECK_FALSE(key.state.close(open.idle_from - 1).closed);
        CHECK(key.state.close(open.idle_from).closed);
        CHECK_FALSE(key.state.look());
    }
}

TEST_CASE("a window that was not asked for as long as it reaches back is dropped, and a single one takes less room") {
    owned_counters key(key_counters::for_several);
    begin(key, 3, 0);
    CHECK_FALSE(key.state.look());
    auto held = key.enter();
    held.look_for(seconds(10), 0);
    CHECK(held.size() == 2);
    for (std::int64_t now = 0; now < 69 * s; now += s) {
        held.look_for(seconds(10), now);
        held.drop_unasked(now);
        REQUIRE(held.size() == 2);
    }
    held.drop_unasked(200 * s);
    REQUIRE(held.size() == 1);

    owned_counters single(1);
    auto moved = key_counters::take_over(key_counters::start(single.state, earliest, 2), held);
    CHECK_FALSE(moved.lacks_room_for(seconds(10)));
    CHECK(moved.lacks_room_for(seconds(60)));
    key_counters::leave(moved);
    CHECK(single.state.look()->is_for(seconds(10)));
}
