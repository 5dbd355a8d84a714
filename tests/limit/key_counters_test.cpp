// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"

#include <sallyport/limit/bit_string.hpp>
#include <sallyport/limit/key_counters.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <random>
#include <utility>
#include <vector>

using limits::earliest;
using limits::s;
using sallyport::key_counters;
using sallyport::window_counters;
using std::chrono::seconds;

namespace {

/// What a live key of a proven client takes: its words, a generation, its state, in units of 16 bytes; and its share of the
/// index, of 11 bytes.
constexpr std::size_t bytes_a_key(std::size_t windows, std::uint32_t limit) {
    auto const behind = key_counters::bytes_behind(key_counters::capacity_for(windows, limit));
    return 5 * 4 + 4 + sizeof(key_counters) + behind + 11;
}
static_assert(bytes_a_key(1, 1'000'000) == 59);
static_assert(bytes_a_key(2, 1'023) == 75 && bytes_a_key(3, 1'023) == 91 && bytes_a_key(4, 1'023) == 107);
static_assert(bytes_a_key(2, 32'767) == 91 && bytes_a_key(3, 32'767) == 107 && bytes_a_key(4, 32'767) == 123);
static_assert(bytes_a_key(2, 1'000'000) == 107 && bytes_a_key(3, 1'000'000) == 123 && bytes_a_key(4, 1'000'000) == 155);

constexpr std::uint32_t largest = key_counters::capacity_for(4, ~0U);

/// The state of a key, with its memory.
struct owned_counters {
    explicit owned_counters(std::uint32_t capacity) : state(*new (memory) key_counters(capacity)) {}

    key_counters::held enter() const { return key_counters::enter(state); }

    alignas(16) std::byte memory[sizeof(key_counters) + key_counters::bytes_behind(largest)];
    key_counters& state;
};

window_counters counted(std::initializer_list<seconds> windows, std::uint32_t cost, std::int64_t now) {
    window_counters made(earliest);
    for (auto const window : windows) made.look_for(window, now);
    made.admit(cost, now);
    return made;
}

void begin(owned_counters& made, window_counters const& with) {
    auto held = key_counters::start(made.state, earliest, 1);
    held.set(with);
    key_counters::leave(held);
}

bool is_same(window_counters const& a, window_counters const& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i].packed().newest != b[i].packed().newest || a[i].packed().older != b[i].packed().older) return false;
    }
    return true;
}

}  // namespace

TEST_CASE("numbers of any width are read as they were written") {
    std::mt19937_64 random(7);
    for (int round = 0; round < 200; ++round) {
        std::array<std::uint64_t, 64> words{};
        std::vector<std::pair<std::uint64_t, unsigned>> written;
        sallyport::bit_string to(words.data());
        for (int i = 0; i < 60; ++i) {
            auto const width = 1 + static_cast<unsigned>(random() % 64);
            written.emplace_back(random() >> (64 - width), width);
            to.put(written.back().first, width);
        }
        sallyport::bit_string from(words.data());
        for (auto const& [number, width] : written) REQUIRE(from.get(width) == number);
    }
}

TEST_CASE("while somebody has entered, nobody sees a key's counters, and nobody is admitted") {
    owned_counters key(1);
    begin(key, counted({seconds(60)}, 3, 0));
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
    begin(key, counted({seconds(60)}, 3, 0));
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

TEST_CASE(
    "whatever was given back since somebody looked, where his admission counts he has judged by no less than is "
    "there") {
    std::mt19937_64 random(3);
    auto const units = [&] { return static_cast<std::uint32_t>(random()); };
    auto const window = seconds(6);
    auto const quarter = sallyport::window_counter::sub_window(window).count() / 4;  // so that moments come again
    int replaced = 0;
    for (int run = 0; run < 20'000; ++run) {
        owned_counters key(1);
        begin(key, counted({window}, 1, 0));
        std::int64_t now = 0;
        auto const step = [&] {
            auto held = key.enter();
            auto counters = held.counters();
            now += (static_cast<std::int64_t>(random() % 10) - 4) * quarter;
            if (random() % 2 == 0) {
                counters.admit(1 + units() % 2, now);
            } else {
                counters.give_back(1 + units() % 3, now - static_cast<std::int64_t>(random() % 8) * quarter);
            }
            held.set(counters);
            key_counters::leave(held);
        };
        for (auto i = random() % 8; i > 0; --i) step();
        auto const seen = key.state.look().value();
        for (auto i = random() % 8; i > 0; --i) step();
        auto const there = key.state.look().value();
        auto after = seen;
        after.admit(1, seen.newest_start());
        if (!key.state.replace(seen, after)) continue;
        ++replaced;
        for (auto later = -10 * s; later < 30 * s; later += s / 3) {
            REQUIRE(there.used(window, later) <= seen.used(window, later));
        }
    }
    CHECK(replaced > 3000);
}

TEST_CASE("nobody is admitted by a look at a sub-window that began anew since, before which others were admitted") {
    auto const window = seconds(6);
    owned_counters key(1);
    begin(key, counted({window}, 2, 0));
    auto const seen = key.state.look().value();
    auto after = seen;
    after.admit(1, 0);
    auto const start = seen.newest_start();
    auto const change = [&](auto const& what) {
        auto held = key.enter();
        auto counters = held.counters();
        what(counters);
        held.set(counters);
        key_counters::leave(held);
    };
    change([&](auto& counters) { counters.give_back(2, start); });
    change([&](auto& counters) { counters.admit(1, start); });
    change([&](auto& counters) { counters.give_back(1, start); });
    change([&](auto& counters) { counters.admit(5, start - 1); });
    change([&](auto& counters) { counters.admit(2, start); });
    CHECK(key.state.look()->used(window, 0) == 7);
    CHECK_FALSE(key.state.replace(seen, after));
}

TEST_CASE("a key is closed when nothing counts any more, and not before") {
    for (bool const several : {false, true}) {
        auto const with = several ? counted({seconds(10), seconds(60)}, 3, 0) : counted({seconds(60)}, 3, 0);
        owned_counters key(key_counters::capacity_for(with.size(), 3));
        begin(key, with);
        auto const open = key.state.close(60 * s);
        CHECK_FALSE(open.closed);
        CHECK(open.idle_from >= 60 * s);
        CHECK_FALSE(key.state.close(open.idle_from - 1).closed);
        CHECK(key.state.close(open.idle_from).closed);
        CHECK_FALSE(key.state.look());
    }
}

TEST_CASE("counters of several windows are kept to the unit, in the least memory that has room for them") {
    for (std::size_t windows = 2; windows <= 4; ++windows) {
        for (std::uint32_t highest = 1; highest <= 1'048'574; highest = highest * 2 + 1) {
            window_counters counters(earliest);
            for (std::size_t i = 0; i < windows; ++i) counters.look_for(seconds(1 + 9 * i * i * i), 77 * s);
            for (std::int64_t i = 0; i < 8; ++i) counters.admit(highest / 8, i * s);
            counters.admit(highest - highest / 8 * 8, 8 * s);
            REQUIRE(counters.highest_count() <= highest);
            auto const capacity = key_counters::capacity_for(windows, counters.highest_count());
            owned_counters key(capacity);
            begin(key, counters);
            CHECK(key.state.capacity() == capacity);
            CHECK_FALSE(key.state.look());
            auto const held = key.enter();
            CHECK(key.state.capacity() == capacity);
            CHECK(is_same(held.counters(), counters));
            CHECK(held.counters().last_asked() >= 77 * s);
            CHECK(held.counters().last_asked() < 77 * s + 2 * limits::ms);
            CHECK(held.has_room_for(counters));
        }
    }
}

TEST_CASE("a state for one window has no room for two, nor one for two for a single one or for larger counts") {
    auto const single = counted({seconds(60)}, 3, 0);
    auto const two = counted({seconds(60), seconds(10)}, 3, 0);
    auto const large = counted({seconds(60), seconds(10)}, 5000, 0);
    owned_counters small(1);
    begin(small, single);
    auto const in_small = small.enter();
    CHECK(in_small.has_room_for(counted({seconds(60)}, 1'000'000, 0)));
    CHECK_FALSE(in_small.has_room_for(two));
    owned_counters larger(key_counters::capacity_for(2, 1000));
    begin(larger, two);
    auto const in_larger = larger.enter();
    CHECK(in_larger.has_room_for(two));
    CHECK_FALSE(in_larger.has_room_for(single));
    CHECK_FALSE(in_larger.has_room_for(large));
}

TEST_CASE("a window that was not asked for as long as it reaches back is dropped") {
    auto counters = counted({seconds(60), seconds(10)}, 3, 0);
    CHECK(counters.size() == 2);
    for (std::int64_t now = 0; now < 69 * s; now += s) {
        counters.look_for(seconds(10), now);
        counters.drop_unasked(now);
        REQUIRE(counters.size() == 2);
    }
    counters.drop_unasked(200 * s);
    REQUIRE(counters.size() == 1);
    CHECK(counters[0].is_for(seconds(10)));

    owned_counters single(1);
    owned_counters several(key_counters::capacity_for(2, 3));
    begin(several, counted({seconds(60), seconds(10)}, 3, 0));
    auto moved = key_counters::take_over(key_counters::start(single.state, earliest, 2), several.enter());
    moved.set(counters);
    key_counters::leave(moved);
    CHECK(single.state.look()->is_for(seconds(10)));
    CHECK_FALSE(several.state.look());
}

TEST_CASE("the place of an admission lies in the newest sub-window of each of its key's windows") {
    std::mt19937_64 random(11);
    window_counters counters(earliest);
    std::int64_t now = 0;
    for (auto const window : {seconds(1), seconds(7), seconds(60), seconds(600)}) counters.look_for(window, now);
    for (int i = 0; i < 3000; ++i) {
        now += static_cast<std::int64_t>(random() % 1000) * s / 300 - s / 2;
        counters.admit(2, now);
        auto const place = counters.last(2).stamp;
        for (std::size_t each = 0; each < counters.size(); ++each) {
            REQUIRE(place >= limits::at(counters[each].newest_start()));
            REQUIRE(place < limits::at(counters[each].newest_end()));
        }
        auto before = counters;
        REQUIRE(counters.give_back(2, place.time_since_epoch().count()));
        for (std::size_t each = 0; each < counters.size(); ++each) {
            REQUIRE(counters[each].newest_count() + 2 == before[each].newest_count());
        }
        counters = before;
    }
}
