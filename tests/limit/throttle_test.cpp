// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"

#include <sallyport/limit/throttle.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace sp = sallyport;
using namespace std::chrono_literals;

namespace {

sp::uuid id_of(std::uint32_t number) { return limits::client(number).client; }
sp::peer_address v4(std::uint32_t number) {
    return sp::peer_address::v4({static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
                                 static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)});
}
constexpr sp::steady_time start{1000s};

/// The rules in their plainest words: all failures are remembered, and looked through.
struct throttle_model {
    struct failure {
        sp::peer_address peer;
        std::uint32_t client;
        sp::steady_time stamp;
    };
    std::size_t limit;
    std::chrono::nanoseconds window;
    std::vector<failure> failures{};

    /// When the call may be made: the earliest moment from `now` on at which too few count.
    std::chrono::nanoseconds wait(sp::peer_address const& peer, std::uint32_t client, sp::steady_time now) const {
        auto const blocked = [&](sp::steady_time at) {
            std::size_t for_one = 0;
            std::size_t for_all = 0;
            for (auto const& each : failures) {
                if (each.peer != peer || each.stamp + window <= at) continue;
                ++for_all;
                for_one += each.client == client;
            }
            return for_one >= limit || for_all >= 10 * limit;
        };
        auto earliest = now;
        if (!blocked(now)) return {};
        earliest = sp::steady_time::max();
        for (auto const& each : failures) {
            auto const end = each.stamp + window;
            if (end > now && !blocked(end)) earliest = std::min(earliest, end);
        }
        return earliest - now;
    }
};

}  // namespace

TEST_CASE("ten attempts of a peer at one client count, the eleventh waits for the first to grow old") {
    sp::throttle throttle;
    for (int i = 0; i < 10; ++i) CHECK(throttle.count(v4(1), id_of(1), start + i * 1s).admitted);
    auto const refused = throttle.count(v4(1), id_of(1), start + 10s);
    CHECK_FALSE(refused.admitted);
    CHECK(refused.retry_after == 50s);
    CHECK_FALSE(throttle.count(v4(1), id_of(1), start + 60s - 1ns).admitted);
    CHECK(throttle.count(v4(1), id_of(1), start + 60s).admitted);
}

TEST_CASE("a refused attempt counts nothing, however often it is made") {
    sp::throttle throttle;
    for (int i = 0; i < 10; ++i) static_cast<void>(throttle.count(v4(1), id_of(1), start));
    for (int i = 0; i < 1000; ++i) REQUIRE_FALSE(throttle.count(v4(1), id_of(1), start + 59s).admitted);
    CHECK(throttle.count(v4(1), id_of(1), start + 60s).admitted);
    for (std::uint32_t i = 0; i < 90; ++i) CHECK(throttle.count(v4(1), id_of(2 + i), start + 59s).admitted);
}

TEST_CASE("a peer that rotates ids is stopped at ten times as many") {
    sp::throttle throttle;
    for (std::uint32_t i = 0; i < 100; ++i) REQUIRE(throttle.count(v4(1), id_of(i), start).admitted);
    CHECK(throttle.count(v4(1), id_of(100), start).retry_after == 60s);
    CHECK(throttle.count(v4(2), id_of(100), start).admitted);
    CHECK(throttle.size() == 2);
}

TEST_CASE("what is given back is not counted") {
    sp::throttle throttle;
    for (int i = 0; i < 1000; ++i) {
        auto const counted = throttle.count(v4(1), id_of(1), start);
        REQUIRE(counted.admitted);
        throttle.give_back(counted);
    }
    CHECK(throttle.wait(v4(1), id_of(1), start) == 0ns);
}

TEST_CASE("an IPv6 peer is its /64, or what the host says; an IPv4 peer is its address") {
    auto const of = [](char const* text) { return sp::peer_address::parse(text); };
    sp::throttle throttle(sp::throttle::options{.failures = sp::at_most(1).per(60s)});
    REQUIRE(throttle.count(of("2001:db8::1"), id_of(1), start).admitted);
    CHECK_FALSE(throttle.count(of("2001:db8::ffff:0:0:2"), id_of(1), start).admitted);
    CHECK(throttle.count(of("2001:db8:0:1::1"), id_of(1), start).admitted);
    REQUIRE(throttle.count(of("192.0.2.1"), id_of(1), start).admitted);
    CHECK(throttle.count(of("192.0.2.2"), id_of(1), start).admitted);

    sp::throttle wider(sp::throttle::options{.failures = sp::at_most(1).per(60s), .v6_prefix = 56});
    REQUIRE(wider.count(of("2001:db8::1"), id_of(1), start).admitted);
    CHECK_FALSE(wider.count(of("2001:db8:0:ff::1"), id_of(1), start).admitted);
    CHECK(wider.count(of("2001:db8:0:100::1"), id_of(1), start).admitted);
}

TEST_CASE("a million peers take no more memory than was given, and a row that counts is never dropped") {
    constexpr std::uint32_t peers = 1'000'000 / slowness;
    sp::throttle throttle(sp::throttle::options{.capacity = 1000});
    for (int i = 0; i < 10; ++i) REQUIRE(throttle.count(v4(7), id_of(1), start).admitted);
    for (std::uint32_t i = 0; i < peers; ++i) {
        static_cast<void>(throttle.count(v4(0x0a00'0000 + i), id_of(i), start));
        if (i % 1000 == 0) REQUIRE(throttle.size() <= 1000);
    }
    CHECK_FALSE(throttle.count(v4(7), id_of(1), start).admitted);
    SECTION("and those that no longer count make room") {
        CHECK(throttle.count(v4(8), id_of(1), start + 60s).admitted);
        CHECK(throttle.count(v4(8), id_of(1), start + 60s).shared == false);
    }
}

TEST_CASE("a peer whose attempts were all given back makes room for another") {
    sp::throttle throttle(sp::throttle::options{.capacity = 1});
    throttle.give_back(throttle.count(v4(1), id_of(1), start));
    CHECK_FALSE(throttle.count(v4(0xcb00'7101), id_of(1), start + 1s).shared);
    CHECK(throttle.count(v4(1), id_of(1), start + 1s).shared);
}

TEST_CASE("one peer has one row, whatever ids it tries and whatever is given back") {
    sp::throttle throttle(sp::throttle::options{.capacity = 2});
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        auto const counted = throttle.count(v4(1), id_of(i), start);
        REQUIRE(counted.admitted);
        REQUIRE_FALSE(counted.shared);
        throttle.give_back(counted);
    }
    CHECK(throttle.size() == 1);
    CHECK_FALSE(throttle.count(v4(0xcb00'7101), id_of(1), start).shared);
}

TEST_CASE("without room new peers count together with their block, by the same limits") {
    sp::throttle throttle(sp::throttle::options{.failures = sp::at_most(2).per(60s), .capacity = 1});
    auto const of = [](char const* text) { return sp::peer_address::parse(text); };
    REQUIRE_FALSE(throttle.count(of("203.0.113.1"), id_of(1), start).shared);
    CHECK(throttle.count(of("203.0.113.1"), id_of(1), start).admitted);
    for (std::uint32_t i = 0; i < 20; ++i) {
        auto const counted = throttle.count(v4(0xc000'0200 + i), id_of(i / 2), start);
        REQUIRE(counted.shared);
        REQUIRE(counted.admitted);
        REQUIRE_FALSE((i % 2 == 1 && throttle.count(v4(0xc000'02ff), id_of(i / 2), start).admitted));
    }
    CHECK_FALSE(throttle.count(of("192.0.2.99"), id_of(50), start).admitted);
    auto const known = throttle.count(of("203.0.113.1"), id_of(1), start);  // held to the row of its own
    CHECK_FALSE(known.admitted);
    CHECK_FALSE(known.shared);
    auto const other = throttle.count(of("198.51.100.1"), id_of(50), start);
    CHECK(other.shared);
    if (other.admitted) throttle.give_back(other);  // one in 4096 blocks falls into the same bucket
    CHECK(throttle.count(of("192.0.2.99"), id_of(50), start + 60s).admitted);
}

TEST_CASE(
    "however full the table is, no peer fails more than twice as often as it may: in a bucket, and in a row after") {
    std::mt19937 random(5);
    for (int history = 0; history < 30; ++history) {
        sp::throttle throttle(
            sp::throttle::options{.failures = sp::at_most(2).per(10ms), .capacity = 3, .shared_buckets = 2});
        throttle_model model{2 * 2, 10ms};
        auto now = start;
        for (int step = 0; step < 2000; ++step) {
            now += std::chrono::microseconds(std::uniform_int_distribution(0, 300)(random));
            auto const peer = v4(std::uniform_int_distribution(1U, 8U)(random) << 8);
            auto const client = std::uniform_int_distribution(1U, 5U)(random);
            auto const counted = throttle.count(peer, id_of(client), now);
            if (!counted.admitted) continue;
            REQUIRE(model.wait(peer, client, now) == 0ns);
            if (step % 4 == 0) {
                throttle.give_back(counted);
            } else {
                model.failures.push_back({peer, client, now});
            }
        }
    }
}

TEST_CASE("without a limit everybody may try for ever") {
    sp::throttle throttle(sp::throttle::options{.failures = std::nullopt});
    for (int i = 0; i < 1000; ++i) {
        auto const counted = throttle.count(v4(1), id_of(1), start);
        REQUIRE(counted.admitted);
        throttle.give_back(counted);
    }
    CHECK(throttle.size() == 0);
}

TEST_CASE("every answer is that of a model which looks through all failures") {
    std::mt19937 random(20'26);
    for (int history = 0; history < 40; ++history) {
        auto const limit = std::uniform_int_distribution(1, 3)(random);
        auto const window = std::chrono::milliseconds(std::uniform_int_distribution(1, 50)(random));
        sp::throttle throttle(sp::throttle::options{.failures = *sp::quota::make(limit, window)});
        throttle_model model{static_cast<std::size_t>(limit), window};
        std::vector<std::pair<sp::counted_attempt, std::uint32_t>> open;
        auto now = start;
        for (int step = 0; step < 400; ++step) {
            now += std::chrono::microseconds(std::uniform_int_distribution(0, 4000)(random));
            auto const peer = v4(std::uniform_int_distribution(1U, 3U)(random));
            auto const client = std::uniform_int_distribution(1U, 30U)(random);
            if (!open.empty() && step % 3 == 0) {
                auto const last = open.back();
                auto const& given = last.first;
                open.pop_back();
                throttle.give_back(given);
                auto const is_it = [&](auto const& each) {
                    return each.peer == given.peer && each.client == last.second && each.stamp == given.stamp;
                };
                model.failures.erase(std::find_if(model.failures.begin(), model.failures.end(), is_it));
                continue;
            }
            auto const wait = model.wait(peer, client, now);
            REQUIRE(throttle.wait(peer, id_of(client), now) == wait);
            auto const counted = throttle.count(peer, id_of(client), now);
            REQUIRE(counted.admitted == (wait == 0ns));
            REQUIRE(counted.retry_after == wait);
            if (!counted.admitted) continue;
            model.failures.push_back({peer, client, now});
            open.emplace_back(counted, client);
            if (open.size() > 5) open.erase(open.begin());
        }
    }
}

TEST_CASE("a clock that steps back, or stands at an end of time, lets nobody try more often") {
    sp::throttle throttle;
    for (int i = 0; i < 10; ++i) REQUIRE(throttle.count(v4(1), id_of(1), start - i * 1s).admitted);
    CHECK_FALSE(throttle.count(v4(1), id_of(1), start - 600s).admitted);
    CHECK(throttle.wait(v4(1), id_of(1), start - 600s) == 660s);
    for (auto const end : {sp::steady_time::min(), sp::steady_time::max()}) {
        sp::throttle at_end;
        for (int i = 0; i < 10; ++i) REQUIRE(at_end.count(v4(1), id_of(1), end).admitted);
        CHECK_FALSE(at_end.count(v4(1), id_of(1), end).admitted);
    }
}

TEST_CASE("many threads at once are let through no more often than one") {
    sp::throttle throttle;
    std::atomic<int> admitted{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int step = 0; step < 500; ++step) {
                auto const counted = throttle.count(v4(1), id_of(1), start);
                if (counted.admitted && step % 2 == 0) {
                    throttle.give_back(counted);
                } else {
                    admitted += counted.admitted;
                }
            }
        });
    }
    for (auto& each : threads) each.join();
    CHECK(admitted == 10);
}

TEST_CASE("who goes on failing keeps an address tripped, and for at most the window after") {
    sp::throttle throttle;
    auto now = start;
    std::uint32_t invented = 100;
    for (; now < start + 600s; now += 100ms) {
        // As often as the throttle lets, at ever new ids: more than a hundred times at once is more than it may.
        for (int tries = 0; throttle.count(v4(1), id_of(invented), now).admitted; ++tries, ++invented) {
            REQUIRE(tries < 100);
        }
        REQUIRE(throttle.wait(v4(1), id_of(1), now) > 0ns);
        REQUIRE(throttle.wait(v4(1), id_of(1), now) <= 60s);
    }
    CHECK(throttle.count(v4(1), id_of(1), now + 60s).admitted);
}

TEST_CASE("room for more peers than can be told apart is a mistake, and so is none where peers share") {
    CHECK_THROWS_WITH(sp::throttle(sp::throttle::options{.for_all = 0}),
                      "a throttle lets a peer fail at least once as often over all clients (for_all)");
    CHECK_THROWS_WITH(sp::throttle(sp::throttle::options{.shared_buckets = 0}),
                      "a throttle has a bucket at least for peers without room (shared_buckets)");
    CHECK_THROWS_WITH(sp::throttle(sp::throttle::options{.capacity = std::size_t{1} << 32}),
                      "a throttle has room for at most 4294967295 peers (capacity)");
}

TEST_CASE("callers whose peer is not known are one peer") {
    sp::throttle throttle;
    for (int i = 0; i < 10; ++i) REQUIRE(throttle.count({}, id_of(1), start).admitted);
    CHECK_FALSE(throttle.count({}, id_of(1), start).admitted);
    CHECK(throttle.count(v4(1), id_of(1), start).admitted);
    for (std::uint32_t i = 0; i < 90; ++i) REQUIRE(throttle.count({}, id_of(2 + i), start).admitted);
    CHECK_FALSE(throttle.count({}, id_of(100), start).admitted);
}
