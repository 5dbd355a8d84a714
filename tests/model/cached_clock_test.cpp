// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "../limit/claims.hpp"
#include "../limit/in_threads.hpp"

#include <sallyport/limit/sliding_log.hpp>
#include <sallyport/model/cached_clock.hpp>
#include <sallyport/model/clock.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <type_traits>
#include <vector>

using sallyport::cached_clock;
using sallyport::cached_wall_clock;
using sallyport::steady_time;
using sallyport::wall_time;
using namespace std::chrono_literals;

static_assert(sallyport::steady_clock_source<cached_clock> && !sallyport::wall_clock_source<cached_clock>);
static_assert(sallyport::wall_clock_source<cached_wall_clock> && !sallyport::steady_clock_source<cached_wall_clock>);
static_assert(!std::is_copy_constructible_v<cached_clock> && !std::is_move_constructible_v<cached_clock>,
              "a copy would be one whose hands nobody moves");

namespace {

/// A source that counts how often it is read, a second later each time.
struct counting_source {
    static inline std::int64_t reads = 0;
    steady_time now() const noexcept { return steady_time(++reads * 1s); }
};

}  // namespace

TEST_CASE("a cached clock shows the time from the start, and then the moment at which it was updated last") {
    counting_source::reads = 0;
    sallyport::basic_cached_clock<counting_source> clock;
    CHECK(clock.now() == steady_time(1s));
    CHECK(clock.now() == steady_time(1s));
    clock.update();
    CHECK(clock.now() == steady_time(2s));
    CHECK(counting_source::reads == 2);
    clock.set(steady_time(5s));
    CHECK(clock.now() == steady_time(5s));
    CHECK(counting_source::reads == 2);
}

TEST_CASE("a cached clock shows the machine's time") {
    auto const before = sallyport::steady_clock().now();
    cached_clock clock;
    CHECK(clock.now() >= before);
    CHECK(clock.now() <= sallyport::steady_clock().now());
    auto const wall_before = sallyport::wall_clock().now();
    cached_wall_clock const wall;
    CHECK(wall.now() >= wall_before - 1h);
    CHECK(wall.now() <= wall_before + 1h);
}

TEST_CASE("for limits a cached clock never goes back, and as a calendar it does where its source does") {
    cached_clock clock;
    auto const later = clock.now() + 1h;
    clock.set(later);
    clock.set(later - 1ns);
    clock.update();
    CHECK(clock.now() == later);
    cached_wall_clock wall;
    wall.set(wall_time(2h));
    wall.set(wall_time(1h));
    CHECK(wall.now() == wall_time(1h));
}

TEST_CASE("threads that set a cached clock together leave it at the latest moment, and none sees it go back") {
    cached_clock clock;
    auto const start = clock.now();
    std::atomic<bool> went_back{false};
    limits::in_threads([&](unsigned number) {
        std::minstd_rand random(number + 1);
        auto last = clock.now();
        for (int i = 1; i <= 20'000; ++i) {
            clock.set(start + i * 1us - std::chrono::nanoseconds(random() % 5000));
            auto const now = clock.now();
            if (now < last) went_back = true;
            last = now;
        }
        clock.set(start + 20ms + number * 1ns);
    });
    CHECK_FALSE(went_back);
    CHECK(clock.now() == start + 20ms + 7ns);
}

namespace {

constexpr std::uint32_t limit = 10;
constexpr auto window = 100ms;

sallyport::allowance take(sallyport::sliding_log& limiter, steady_time now) {
    sallyport::claim const asked{.key = limits::client(1), .quota = sallyport::at_most(limit).per(window)};
    return limiter.take(std::span(&asked, 1), now);
}

/// The most of these that lie within a window of a length, wherever it begins.
std::size_t most_within(std::vector<std::chrono::nanoseconds> const& moments, std::chrono::nanoseconds length) {
    std::size_t most = 0;
    for (auto first = moments.begin(), last = first; last != moments.end(); ++last) {
        while (*last - *first >= length) ++first;
        most = std::max(most, static_cast<std::size_t>(last - first) + 1);
    }
    return most;
}

}  // namespace

TEST_CASE("under a cached clock a limit is exact by what the clock shows, and by a real one within a tick") {
    for (unsigned seed = 0; seed < 50; ++seed) {
        std::minstd_rand random(seed + 1);
        auto const tick = std::chrono::nanoseconds((random() % 20 + 1) * 1ms);
        sallyport::sliding_log limiter;
        cached_clock clock;
        auto const start = clock.now();
        std::chrono::nanoseconds real{0}, updated{0};
        std::vector<std::chrono::nanoseconds> passed, passed_as_shown;
        for (int i = 0; i < 4000; ++i) {
            real += std::chrono::nanoseconds(random() % 4'000'000);
            if (real - updated >= tick) clock.set(start + (updated = real));
            if (take(limiter, clock.now()).outcome != sallyport::allowance::verdict::admitted) continue;
            passed.push_back(real);
            passed_as_shown.push_back(clock.now() - start);
        }
        CHECK(most_within(passed_as_shown, window) == limit);
        CHECK(most_within(passed, window - tick) <= limit);
    }
}

TEST_CASE("what a cached clock costs: windows a tick shorter than the limit's, and a wait a tick longer") {
    sallyport::sliding_log limiter;
    cached_clock clock;
    auto const start = clock.now();
    auto const real = [start](auto after) { return start + after; };
    // It shows 0 until it moves on to 10 ms: ten that come at 9 ms are counted as if at 0.
    for (std::uint32_t i = 0; i < limit; ++i) CHECK(take(limiter, clock.now()).states[0].remaining == limit - 1 - i);
    clock.set(real(10ms));
    auto const refused = take(limiter, clock.now());
    REQUIRE(refused.outcome == sallyport::allowance::verdict::refused);
    CHECK(refused.states[0].retry_after == 90ms);
    // Whoever was told so at 15 ms comes at 105, when it may still show 99.
    clock.set(real(99ms));
    CHECK(take(limiter, clock.now()).outcome == sallyport::allowance::verdict::refused);
    // 91 ms after the ten.
    clock.set(real(100ms));
    CHECK(take(limiter, clock.now()).outcome == sallyport::allowance::verdict::admitted);
}
