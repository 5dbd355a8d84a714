// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"
#include "in_threads.hpp"

#include <sallyport/limit/sliding_counter.hpp>
#include <sallyport/model/clock.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <random>
#include <span>
#include <thread>
#include <tuple>
#include <vector>

using namespace limits;

namespace {

struct decision {
    sallyport::receipt receipt;
    std::int64_t now;
    std::int64_t stamp;
    std::uint32_t cost;
    std::uint64_t began, ended;  ///< in the order of all calls' beginnings and ends
};

/// What was admitted, in the order of receipts, and what was refused.
struct decisions {
    std::vector<decision> admitted;
    std::vector<decision> refused;
};

/// Eight threads call for one key, by a clock that steps back, and report all decisions.
decisions race(unsigned run, std::uint32_t limit, std::int64_t window, std::uint32_t max_cost,
               unsigned calls = 20'000 / slowness) {
    sallyport::sliding_counter limiter({.max_clients = 1});
    sallyport::manual_clock clock;
    std::atomic<std::uint64_t> events{0};
    std::array<decisions, thread_count> made;
    in_threads([&](unsigned number) {
        std::minstd_rand random(run * thread_count + number + 1);
        for (unsigned i = 0; i < calls; ++i) {
            auto const step = static_cast<std::int64_t>(random() % 40'000);
            clock.advance(std::chrono::nanoseconds(step % 8 == 0 ? -step : step));
            auto const cost = static_cast<std::uint32_t>(1 + random() / 64 % max_cost);
            sallyport::claim const asked{.key = client(1), .quota = quota(limit, window), .cost = cost};
            auto const now = clock.now().time_since_epoch().count();
            auto const began = ++events;
            auto const answer = take(limiter, asked, now);
            auto& own = answer.outcome == verdict::admitted ? made[number].admitted : made[number].refused;
            own.push_back({answer.receipt, now, now, asked.cost, began, ++events});
        }
    });
    decisions all;
    for (auto const& own : made) {
        all.admitted.insert(all.admitted.end(), own.admitted.begin(), own.admitted.end());
        all.refused.insert(all.refused.end(), own.refused.begin(), own.refused.end());
    }
    auto& in_order = all.admitted;
    std::sort(in_order.begin(), in_order.end(), [](auto const& a, auto const& b) {
        return std::tie(a.receipt.stamp, a.receipt.position) < std::tie(b.receipt.stamp, b.receipt.position);
    });
    for (std::size_t i = 1; i < in_order.size(); ++i) {
        in_order[i].stamp = std::max(in_order[i].now, in_order[i - 1].stamp);
    }
    return all;
}

/// Each has its own place, and no window of any position holds more than the limit.
void check_none_over(std::vector<decision> const& all, std::uint32_t limit, std::int64_t window) {
    REQUIRE(all.size() > limit / 8);
    std::size_t oldest = 0;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        bool const same = i > 0 && all[i].receipt.stamp == all[i - 1].receipt.stamp;
        REQUIRE(all[i].receipt.position == (same ? all[i - 1].receipt.position + all[i - 1].cost : 0));
        sum += all[i].cost;
        while (all[oldest].stamp <= all[i].stamp - window) sum -= all[oldest++].cost;
        REQUIRE(sum <= limit);
    }
}

/// A refusal has no place among the admissions. But whatever it saw had begun before it ended: where that alone leaves room
/// for its cost, in its window and a sub-window before it, it came too early.
void check_none_early(decisions all, std::uint32_t limit, std::int64_t window) {
    REQUIRE(all.refused.size() > limit);
    auto const reach = window + sallyport::sliding_counter::sub_window(std::chrono::milliseconds(window / ms)).count();
    auto& begun = all.admitted;
    std::sort(begun.begin(), begun.end(), [](auto const& a, auto const& b) { return a.began < b.began; });
    for (auto const& refused : all.refused) {
        auto last = std::partition_point(begun.begin(), begun.end(),
                                         [&](auto const& each) { return each.began < refused.ended; });
        std::uint64_t sum = refused.cost;
        while (sum <= limit && last != begun.begin()) {
            --last;
            sum += last->stamp > refused.now - reach ? last->cost : 0;
        }
        REQUIRE(sum > limit);
    }
}

void check(decisions const& all, std::uint32_t limit, std::int64_t window) {
    check_none_over(all.admitted, limit, window);
    check_none_early(all, limit, window);
}

}  // namespace

TEST_CASE("eight threads on one key of a sliding counter admit exactly the limit, run after run") {
    for (std::uint32_t run = 0; run < 100 / slowness; ++run) {
        sallyport::sliding_counter limiter({.max_clients = 10});
        sallyport::claim const asked{.key = client(run), .quota = quota(300, s)};
        for (int round = 0; round < 3; ++round) {
            std::atomic<int> count{0};
            in_threads([&](unsigned) { count += admitted(limiter, asked, round * 2 * s, 100); });
            REQUIRE(count == 300);
        }
    }
}

TEST_CASE("under threads, no window of a sliding counter is ever over, and no call is refused a sub-window early") {
    for (unsigned run = 0; run < 10; ++run) {
        check(race(run, 100, 12 * ms, 1), 100, 12 * ms);
        check(race(run, 1000, 60 * ms, 8), 1000, 60 * ms);
    }
}

TEST_CASE("under threads, what a sliding counter admits is counted once while its key gets more windows") {
    constexpr std::uint32_t keys = 200'000 / slowness;
    sallyport::sliding_counter limiter({.max_clients = keys});
    auto const window = [](std::uint32_t key, int number) {
        return sallyport::claim{.key = client(key), .quota = quota(1000 * number, 10 * s * number)};
    };
    std::vector<std::atomic<std::uint32_t>> admitted(keys);
    std::atomic<std::uint32_t> current{0};
    in_threads(2, [&](unsigned number) {
        if (number == 0) {
            for (std::uint32_t key = 0; key < keys; key = current) admitted[key] += passes(limiter, window(key, 1), 0);
            return;
        }
        for (std::uint32_t key = 0; key < keys; current = ++key) {
            sallyport::claim_list windows;
            for (int i = 1; i <= 4; ++i) {
                static_cast<void>(windows.push_back(window(key, i)));
                auto const answer = limiter.take({windows.data(), windows.size()}, at(0));
                admitted[key] += answer.outcome == verdict::admitted;
            }
        }
    });
    for (std::uint32_t key = 0; key < keys; ++key) REQUIRE(used(limiter, window(key, 1), 0) == admitted[key]);
}

TEST_CASE("a hundred million decisions of threads on a sliding counter: none over, none a sub-window early",
          "[.long]") {
    for (unsigned run = 0; run < 100; ++run) {
        check(race(run, 100, 12 * ms, 1, 62'500 / slowness), 100, 12 * ms);
        check(race(run, 1000, 60 * ms, 8, 62'500 / slowness), 1000, 60 * ms);
    }
}

TEST_CASE("threads that ask for one window, for two, and for others besides, are together admitted no more") {
    constexpr std::uint32_t limit = 500;
    for (std::uint32_t run = 0; run < 20; ++run) {
        sallyport::sliding_counter limiter({.max_clients = 10});
        std::atomic<std::uint32_t> count{0};
        in_threads([&](unsigned number) {
            sallyport::claim const one{.key = client(run), .quota = quota(limit, 10 * s)};
            auto two = std::array{one, one};
            for (std::uint32_t i = 0; i < 200; ++i) {
                two[1].quota = quota(limit, (1 + i % 7) * (number % 2 == 0 ? s : 40 * s));
                auto const several = (i + number) % 4 == 0;
                auto const claims = several ? std::span<sallyport::claim const>(two) : std::span(&one, 1);
                count += limiter.take(claims, at(0)).outcome == verdict::admitted;
            }
        });
        REQUIRE(count == limit);
    }
}

TEST_CASE("threads over many keys of a sliding counter admit each its limit, while others are forgotten") {
    constexpr std::uint32_t keys = 300;
    sallyport::sliding_counter limiter({.max_clients = 2 * keys, .max_unproven = keys});
    std::array<std::atomic<int>, 2 * keys> counts{};
    std::atomic<int> failed{0};
    in_threads([&](unsigned number) {
        for (std::uint32_t i = 0; i < 8 * keys; ++i) {
            auto const place = (i * 7 + number * 50) % (2 * keys);
            sallyport::claim const asked{.key = place < keys ? client(place) : stranger(place),
                                         .quota = quota(9, 1000 * s)};
            counts[place] += passes(limiter, asked, i * ms);
            sallyport::claim const other{.key = client(1000 + number * 8 * keys + i), .quota = quota(1, ms)};
            failed += take(limiter, other, i * ms).outcome == verdict::failed;
        }
    });
    CHECK(std::all_of(counts.begin(), counts.end(), [](auto const& count) { return count == 9; }));
    CHECK(failed < 8 * 8 * static_cast<int>(keys));
}
