// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"
#include "in_threads.hpp"

#include <sallyport/limit/sliding_log.hpp>
#include <sallyport/model/clock.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

using namespace limits;

TEST_CASE("eight threads on one key admit exactly the limit, run after run") {
    for (std::uint32_t run = 0; run < 100; ++run) {
        sallyport::sliding_log limiter({.max_clients = 10});
        sallyport::claim const asked{.key = client(run), .quota = quota(300, s)};
        std::atomic<int> count{0};
        in_threads([&](unsigned) { count += admitted(limiter, asked, 0, 100); });
        REQUIRE(count == 300);
        count = 0;
        in_threads([&](unsigned) { count += admitted(limiter, asked, s, 100); });
        REQUIRE(count == 300);
    }
}

namespace {

/// Many decisions by threads on a key that is always full, replayed in the order of their receipts: no window holds more
/// than the limit, and whoever was refused would have been one too many at the place that it was denied.
void replays(unsigned threads, std::size_t decisions, unsigned seed) {
    constexpr std::size_t limit = 100;
    constexpr auto window = std::chrono::nanoseconds(ms);
    struct decision {
        sallyport::receipt place;
        bool admitted;
    };
    sallyport::sliding_log limiter;
    sallyport::manual_clock clock;
    std::vector<std::vector<decision>> made(threads);
    in_threads(threads, [&](unsigned number) {
        std::minstd_rand random(seed * thread_count + number + 1);
        auto& own = made[number];
        own.reserve(decisions / threads);
        sallyport::claim const asked{.key = client(1), .quota = quota(limit, ms)};
        for (std::size_t i = 0; i < decisions / threads; ++i) {
            auto const step = static_cast<std::int64_t>(random() % 4000);
            clock.advance(std::chrono::nanoseconds(step % 8 == 0 ? -step : step));
            auto const answer = limiter.take(std::span(&asked, 1), clock.now());
            own.push_back({answer.receipt, answer.outcome == verdict::admitted});
        }
    });

    std::vector<sallyport::receipt> log;
    for (auto const& own : made) {
        std::size_t last = 0;
        for (auto const& [place, admitted] : own) {
            if (place.position < last) FAIL("a thread's decisions are out of order");
            last = place.position + (admitted ? 1 : 0);
            if (admitted) log.push_back(place);
        }
    }
    std::sort(log.begin(), log.end(), [](auto const& a, auto const& b) { return a.position < b.position; });
    REQUIRE(log.size() > limit);
    for (std::size_t i = 0; i < log.size(); ++i) {
        if (log[i].position != i) FAIL("place " << i << " was given twice, or never");
        if (i > 0 && log[i].stamp < log[i - 1].stamp) FAIL("stamp " << i << " is before the one before it");
        if (i >= limit && log[i].stamp - log[i - limit].stamp < window) FAIL("admission " << i << " is one too many");
    }
    for (auto const& own : made) {
        for (auto const& [place, admitted] : own) {
            if (admitted) continue;
            if (place.position < limit || place.position > log.size()) FAIL("refused though there was room");
            if (place.stamp < log[place.position - 1].stamp) FAIL("refused at a stamp before the last one");
            if (place.stamp - log[place.position - limit].stamp >= window) FAIL("refused too early");
        }
    }
    SUCCEED();
}

}  // namespace

TEST_CASE("a million decisions of threads on a full key, replayed: none over, none early, none out of order") {
    for (unsigned run = 0; run < 10; ++run) replays(2 + run % 7, 100'000, run);
}

TEST_CASE("a hundred million decisions of threads on a full key, replayed", "[.long]") {
    for (unsigned run = 0; run < 100; ++run) replays(2 + run % 7, 1'000'000, run);
}

TEST_CASE("threads over many keys admit each its limit") {
    constexpr std::uint32_t keys = 300;
    sallyport::sliding_log limiter({.max_clients = keys, .max_unproven = keys});
    std::array<std::atomic<int>, 2 * keys> counts{};
    in_threads([&](unsigned number) {
        for (std::uint32_t i = 0; i < 4 * keys; ++i) {
            auto const at = (i * 7 + number * 50) % (2 * keys);
            sallyport::claim const asked{.key = at < keys ? client(at) : stranger(at), .quota = quota(9, s)};
            counts[at] += passes(limiter, asked, 0);
        }
    });
    CHECK(std::all_of(counts.begin(), counts.end(), [](auto const& count) { return count == 9; }));
    CHECK(limiter.size() == 2 * keys);
}

TEST_CASE("calls on the same keys in opposite orders neither block each other nor miscount") {
    sallyport::sliding_log limiter;
    constexpr std::uint32_t limit = 5000;
    auto const claim_on = [](std::uint32_t number) {
        return sallyport::claim{.key = client(number), .quota = quota(limit, s)};
    };
    std::array<std::atomic<std::uint32_t>, sallyport::max_claims> counts{};
    in_threads([&](unsigned number) {
        std::minstd_rand random(number + 1);
        for (int i = 0; i < 4000; ++i) {
            std::array<std::uint32_t, sallyport::max_claims> keys{};
            std::iota(keys.begin(), keys.end(), 0U);
            std::shuffle(keys.begin(), keys.end(), random);
            auto const several = 1 + random() % sallyport::max_claims;
            sallyport::claim_list claims;
            for (std::size_t k = 0; k < several; ++k) static_cast<void>(claims.push_back(claim_on(keys[k])));
            if (limiter.take({claims.data(), claims.size()}, at(0)).outcome != verdict::admitted) continue;
            for (std::size_t k = 0; k < several; ++k) ++counts[keys[k]];
        }
    });
    for (std::uint32_t i = 0; i < counts.size(); ++i) {
        CHECK(counts[i] == used(limiter, claim_on(i), 0));
        CHECK(counts[i] <= limit);
    }
    CHECK(std::any_of(counts.begin(), counts.end(), [](auto const& count) { return count == limit; }));
}

TEST_CASE("threads that race for the last rooms of the table fill them, and no more") {
    constexpr std::uint32_t capacity = 2000;
    constexpr std::uint32_t each = 500;
    for (int run = 0; run < 20; ++run) {
        sallyport::sliding_log limiter({.max_clients = capacity});
        std::atomic<std::uint32_t> count{0};
        in_threads([&](unsigned number) {
            for (std::uint32_t i = 0; i < each; ++i) count += passes(limiter, {.key = client(number * each + i)}, 0);
        });
        REQUIRE(count == capacity);
        REQUIRE(limiter.size() == capacity);
    }
}

TEST_CASE("while threads bring ever new keys, a limited client stays limited and the bounds hold") {
    constexpr std::size_t capacity = 200;
    sallyport::sliding_log limiter({.max_clients = capacity});
    sallyport::manual_clock clock;
    sallyport::claim const limited{.key = client(0), .quota = quota(10, 1000 * s)};
    REQUIRE(admitted(limiter, limited, 0, 20) == 10);
    std::atomic<int> extra{0};
    std::atomic<int> failed{0};
    std::atomic<bool> too_many{false};
    in_threads([&](unsigned number) {
        for (std::uint32_t i = 0; i < 3000; ++i) {
            clock.advance(std::chrono::microseconds(500));
            sallyport::claim const other{.key = client(1 + number * 3000 + i), .quota = quota(1, 100 * ms)};
            failed += limiter.take(std::span(&other, 1), clock.now()).outcome == verdict::failed;
            extra += limiter.take(std::span(&limited, 1), clock.now()).outcome == verdict::admitted;
            if (limiter.size() > capacity) too_many = true;
        }
    });
    CHECK(extra == 0);
    CHECK_FALSE(too_many);
    CHECK(failed < 24'000);
}
