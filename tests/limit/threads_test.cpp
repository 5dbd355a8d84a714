// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"
#include "in_threads.hpp"

#include <sallyport/limit/blocked_keys.hpp>
#include <sallyport/limit/compact_sliding_log.hpp>
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
#include <span>
#include <thread>
#include <vector>

using namespace limits;

TEST_CASE("eight threads on one key admit exactly the limit, run after run") {
    for (std::uint32_t run = 0; run < 100 / haste; ++run) {
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
/// than the limit, and whoever was refused would have been one too many at the place that it was denied, or all but a tick
/// before. Time steps back, and leaps now and then, so that stamps are told from other bases too.
template <class Limiter>
void replays(unsigned threads, std::size_t decisions, unsigned seed) {
    constexpr std::size_t limit = 100;
    constexpr std::int64_t window = ms;
    struct decision {
        sallyport::receipt place;
        std::int64_t now;
        bool admitted;
    };
    Limiter limiter;
    sallyport::manual_clock clock;
    std::vector<std::vector<decision>> made(threads);
    in_threads(threads, [&](unsigned number) {
        std::minstd_rand random(seed * thread_count + number + 1);
        auto& own = made[number];
        own.reserve(decisions / threads);
        sallyport::claim const asked{.key = client(1), .quota = quota(limit, window)};
        for (std::size_t i = 0; i < decisions / threads; ++i) {
            auto const step = static_cast<std::int64_t>(random() % 4000);
            clock.advance(std::chrono::nanoseconds(step == 0 ? 300 * s : step % 8 == 0 ? -step : step));
            auto const now = clock.now();
            auto const answer = limiter.take(std::span(&asked, 1), now);
            own.push_back({answer.receipt, now.time_since_epoch().count(), answer.outcome == verdict::admitted});
        }
    });

    std::vector<decision> log;
    for (auto const& own : made) {
        std::size_t last = 0;
        for (auto const& each : own) {
            if (each.place.position < last) FAIL("a thread's decisions are out of order");
            last = each.place.position + (each.admitted ? 1 : 0);
            if (each.admitted) log.push_back(each);
        }
    }
    std::sort(log.begin(), log.end(), [](auto const& a, auto const& b) { return a.place.position < b.place.position; });
    REQUIRE(log.size() > limit);
    auto const inexact = Limiter::tick(std::chrono::milliseconds(window / ms)).count() - 1;
    std::vector<std::int64_t> stamps;
    for (std::size_t i = 0; i < log.size(); ++i) {
        auto const& [place, now, admitted] = log[i];
        stamps.push_back(i == 0 ? now : std::max(now, stamps.back()));
        auto const told = place.stamp.time_since_epoch().count();
        if (place.position != i) FAIL("place " << i << " was given twice, or never");
        if (told > stamps[i] || told < stamps[i] - inexact) FAIL("stamp " << i << " is told as another one");
        if (i > 0 && place.stamp < log[i - 1].place.stamp) FAIL("stamp " << i << " is told to be before the last one");
        if (i >= limit && stamps[i] - stamps[i - limit] < window) FAIL("admission " << i << " is one too many");
    }
    for (auto const& own : made) {
        for (auto const& [place, now, admitted] : own) {
            if (admitted) continue;
            if (place.position < limit || place.position > log.size()) FAIL("refused though there was room");
            auto const end = std::max(now, stamps[place.position - 1] - inexact);
            if (end - stamps[place.position - limit] >= window + inexact) FAIL("refused too early");
        }
    }
    SUCCEED();
}

}  // namespace

TEST_CASE("a million decisions of threads on a full key, replayed: none over, none early, none out of order") {
    for (unsigned run = 0; run < 10; ++run) replays<sallyport::sliding_log>(2 + run % 7, 100'000 / haste, run);
}

TEST_CASE("a million decisions of threads on a full key of a compact log, replayed: none over, at most a tick early") {
    for (unsigned run = 0; run < 10; ++run) replays<sallyport::compact_sliding_log>(2 + run % 7, 100'000 / haste, run);
}

TEMPLATE_TEST_CASE("while its limit changes under threads, each call fits its own, and all that was used counts", "",
                   sallyport::sliding_log, sallyport::compact_sliding_log) {
    constexpr std::array<std::uint32_t, 4> limits{50, 100, 200, 400};
    for (std::uint32_t run = 0; run < 20; ++run) {
        TestType limiter({.max_clients = 10});
        std::array<std::atomic<int>, limits.back()> taken{};
        std::atomic<int> misplaced{0};
        in_threads(4, [&](unsigned t) {
            std::mt19937 random(run * 4 + t);
            for (int i = 0; i < 1000; ++i) {
                auto const limit = i < 600 ? limits[random() % limits.size()] : limits.back();
                auto const answer = take(limiter, {.key = client(1), .quota = quota(limit, s)}, 0);
                if (answer.outcome != verdict::admitted) continue;
                if (answer.receipt.position >= limit) {
                    ++misplaced;
                } else {
                    ++taken[answer.receipt.position];
                }
            }
        });
        CHECK(misplaced == 0);
        CHECK(std::all_of(taken.begin(), taken.end(), [](auto const& each) { return each == 1; }));
    }
}

TEST_CASE("a hundred million decisions of threads on a full key of each log, replayed", "[.long]") {
    for (unsigned run = 0; run < 100; ++run) {
        replays<sallyport::sliding_log>(2 + run % 7, 1'000'000, run);
        replays<sallyport::compact_sliding_log>(2 + run % 7, 1'000'000, run);
    }
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

TEST_CASE("while others are admitted, what is given back is given back once") {
    sallyport::sliding_log limiter;
    sallyport::claim const wide{.key = client(1), .quota = quota(2000, s)};
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 2000; ++i) {
                auto const answer = take(limiter, wide, i);
                if (answer.outcome == verdict::admitted && t % 2 == 0) {
                    limiter.give_back(client(1), 1, answer.receipt);
                }
            }
        });
    }
    threads.clear();
    auto question = wide;
    question.cost = 0;
    auto const left = take(limiter, question, 2000).states[0].remaining;
    CHECK(left < 2000);
    CHECK(admitted(limiter, wide, 2000, 3000) == static_cast<int>(left));
}

TEST_CASE("a blocked key is refused while others' blocks end, wherever it lies in the table") {
    constexpr std::uint32_t others = 500, blocked = 500;
    std::atomic<int> let_through{0};
    for (int run = 0; run < 60 / slowness + 10; ++run) {
        sallyport::blocked_keys keys(others + blocked);
        for (std::uint32_t i = 0; i < others + blocked; ++i) REQUIRE(keys.block(client(i), at(100 * s), at(0)));
        std::atomic<bool> over{false};
        in_threads(2, [&](unsigned number) {
            if (number == 0) {
                for (std::uint32_t i = 0; i < others; ++i) static_cast<void>(keys.block(client(i), at(0), at(0)));
                over = true;
                return;
            }
            while (!over) {
                for (std::uint32_t i = others; i < others + blocked; ++i) {
                    sallyport::claim const asked{.key = client(i)};
                    let_through += !keys.among(std::span(&asked, 1), at(1)).refuse();
                }
            }
        });
    }
    CHECK(let_through == 0);
}
