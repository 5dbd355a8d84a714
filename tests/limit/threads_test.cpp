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

TEST_CASE(
    "the admissions in the order of their receipts have stamps in order, and no window holds more than the limit") {
    constexpr std::size_t limit = 100;
    constexpr std::int64_t window = ms;
    for (unsigned run = 0; run < 10; ++run) {
        sallyport::sliding_log limiter;
        sallyport::manual_clock clock;
        std::array<std::vector<sallyport::receipt>, thread_count> receipts;
        std::atomic<bool> out_of_order{false};
        in_threads([&](unsigned number) {
            std::minstd_rand random(run * thread_count + number + 1);
            for (int i = 0; i < 1500; ++i) {
                auto const step = static_cast<std::int64_t>(random() % 4000);
                clock.advance(std::chrono::nanoseconds(step % 8 == 0 ? -step : step));
                sallyport::claim const asked{.key = client(1), .quota = quota(limit, window)};
                auto const answer = limiter.take(std::span(&asked, 1), clock.now());
                if (answer.outcome != verdict::admitted) continue;
                auto& own = receipts[number];
                if (!own.empty() && own.back().position >= answer.receipt.position) out_of_order = true;
                own.push_back(answer.receipt);
            }
        });
        CHECK_FALSE(out_of_order);

        std::vector<sallyport::receipt> all;
        for (auto const& own : receipts) all.insert(all.end(), own.begin(), own.end());
        std::sort(all.begin(), all.end(), [](auto const& a, auto const& b) { return a.position < b.position; });
        REQUIRE(all.size() > limit);
        for (std::size_t i = 0; i < all.size(); ++i) {
            REQUIRE(all[i].position == i);
            if (i > 0) REQUIRE(all[i].stamp >= all[i - 1].stamp);
            if (i >= limit) REQUIRE(all[i].stamp - all[i - limit].stamp >= std::chrono::nanoseconds(window));
        }
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
    std::array<std::atomic<std::uint32_t>, 6> counts{};
    in_threads([&](unsigned number) {
        std::minstd_rand random(number + 1);
        for (int i = 0; i < 4000; ++i) {
            std::array<std::uint32_t, 6> keys{0, 1, 2, 3, 4, 5};
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
