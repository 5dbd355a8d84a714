// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/credential/bulkhead.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace sp = sallyport;
using namespace std::chrono_literals;

namespace {

sp::peer_address peer(std::size_t number) {
    return sp::peer_address::v4({192, 0, 2, static_cast<std::uint8_t>(number)});
}

constexpr sp::steady_time now{1000s};

}  // namespace

TEST_CASE("as much runs at once as there is room for, and room comes back at the end of each") {
    sp::bulkhead bulkhead({.running = 2, .waiting = 0, .remembered = 0});
    auto first = std::make_unique<sp::bulkhead::room>(bulkhead.enter(peer(1), now));
    auto second = bulkhead.enter(peer(1), now);
    CHECK(*first);
    CHECK(second);
    CHECK_FALSE(bulkhead.enter(peer(2), now));
    first.reset();
    auto third = bulkhead.enter(peer(2), now);
    CHECK(third);
    CHECK_FALSE(bulkhead.enter(peer(3), now));
    auto moved = std::move(third);
    CHECK_FALSE(third);
    CHECK_FALSE(bulkhead.enter(peer(3), now));
}

TEST_CASE("there is room for one at least, and as many wait as may run unless it is said otherwise") {
    sp::bulkhead none({.running = 0, .waiting = 0, .remembered = 0});
    CHECK(none.enter(peer(1), now));
    CHECK(sp::bulkhead::options().running >= 1);
    CHECK(sp::bulkhead::options().waiting == sp::bulkhead::options().running);
}

TEST_CASE("who waits is let in, in the order of coming, one a peer") {
    sp::bulkhead bulkhead({.running = 1, .waiting = 3, .patience = 1h, .remembered = 0});
    auto held = std::make_unique<sp::bulkhead::room>(bulkhead.enter(peer(0), now));
    std::vector<std::size_t> order;  // written by whoever has the room
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i <= 3; ++i) {
        threads.emplace_back([&, i] {
            auto const room = bulkhead.enter(peer(i), now);
            if (room) order.push_back(i);
        });
        while (bulkhead.waiting() < i) std::this_thread::yield();
    }
    CHECK_FALSE(bulkhead.enter(peer(4), now));  // full
    held.reset();
    for (auto& each : threads) each.join();
    CHECK(order == std::vector<std::size_t>{1, 2, 3});
    CHECK(bulkhead.waiting() == 0);
    CHECK(bulkhead.enter(peer(4), now));
}

TEST_CASE("a peer that waits already is not let wait again, though there is room for others") {
    sp::bulkhead bulkhead({.running = 1, .waiting = 3, .patience = 1h, .remembered = 0});
    auto held = std::make_unique<sp::bulkhead::room>(bulkhead.enter(peer(0), now));
    std::thread waiting([&] { static_cast<void>(static_cast<bool>(bulkhead.enter(peer(1), now))); });
    while (bulkhead.waiting() < 1) std::this_thread::yield();
    CHECK_FALSE(bulkhead.enter(peer(1), now));
    held.reset();
    waiting.join();
}

TEST_CASE("nobody waits longer than the patience, and who gave up takes no room") {
    sp::bulkhead bulkhead({.running = 1, .waiting = 1, .patience = 0ms, .remembered = 0});
    auto held = std::make_unique<sp::bulkhead::room>(bulkhead.enter(peer(0), now));
    for (int i = 0; i < 100; ++i) CHECK_FALSE(bulkhead.enter(peer(1), now));
    CHECK(bulkhead.waiting() == 0);
    held.reset();
    CHECK(bulkhead.enter(peer(1), now));
}

TEST_CASE("with threads that come and go, and some that give up, never more run than may and no room is lost") {
    sp::bulkhead bulkhead({.running = 2, .waiting = 2, .patience = 1ms});
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    std::atomic<int> entered{0};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < 6; ++i) {
        threads.emplace_back([&, i] {
            for (int step = 0; step < 300; ++step) {
                auto const room = bulkhead.enter(peer(i), now);
                if (!room) continue;
                ++entered;
                int const running = ++inside;
                for (int seen = most; seen < running && !most.compare_exchange_weak(seen, running);) {
                }
                std::this_thread::yield();
                --inside;
            }
        });
    }
    for (auto& each : threads) each.join();
    CHECK(most <= 2);
    CHECK(entered > 0);
    auto const one = bulkhead.enter(peer(1), now);
    auto const two = bulkhead.enter(peer(1), now);
    CHECK(one);
    CHECK(two);
}

TEST_CASE("who was turned away and comes again has a place to wait, and goes before those who come first") {
    sp::bulkhead bulkhead({.running = 1, .waiting = 1, .patience = 1h});
    auto held = std::make_unique<sp::bulkhead::room>(bulkhead.enter(peer(0), now));
    std::vector<std::size_t> order;
    std::vector<std::thread> threads;
    auto const come = [&](std::size_t who, sp::steady_time at) {
        auto const before = bulkhead.waiting();
        threads.emplace_back([&, who, at] {
            auto const room = bulkhead.enter(peer(who), at);
            if (room) order.push_back(who);
        });
        while (bulkhead.waiting() == before) std::this_thread::yield();
    };
    come(1, now);
    CHECK_FALSE(bulkhead.enter(peer(2), now - 1s));  // no place: turned away
    CHECK_FALSE(bulkhead.enter(peer(3), now));       // for the first time: no place either
    come(2, now + 1s);
    CHECK(bulkhead.waiting() == 2);
    held.reset();
    for (auto& each : threads) each.join();
    CHECK(order == std::vector<std::size_t>{2, 1});
}

TEST_CASE("who was turned away first takes the place of one who came later, and that one of the next") {
    sp::bulkhead bulkhead({.running = 1, .waiting = 0, .patience = 1h});
    auto held = std::make_unique<sp::bulkhead::room>(bulkhead.enter(peer(0), now));
    for (std::size_t i = 1; i <= 3; ++i) CHECK_FALSE(bulkhead.enter(peer(i), now + i * 1s));
    std::array<std::atomic<int>, 4> outcome{};
    std::vector<std::thread> threads;
    auto const come = [&](std::size_t who) {
        threads.emplace_back([&, who] { outcome[who] = bulkhead.enter(peer(who), now + 10s) ? 1 : 2; });
    };
    come(3);
    while (bulkhead.waiting() == 0) std::this_thread::yield();
    come(1);
    while (outcome[3] == 0) std::this_thread::yield();
    CHECK(outcome[3] == 2);
    come(2);
    while (outcome[2] == 0) std::this_thread::yield();
    CHECK(outcome[2] == 2);
    held.reset();
    for (auto& each : threads) each.join();
    CHECK(outcome[1] == 1);
    CHECK(bulkhead.waiting() == 0);
}

TEST_CASE("a peer is remembered until it is let in, or for its time") {
    sp::bulkhead bulkhead({.running = 1, .waiting = 0, .patience = 0ms});
    auto held = std::make_unique<sp::bulkhead::room>(bulkhead.enter(peer(0), now));
    CHECK(bulkhead.turns_away(peer(1), now));
    CHECK_FALSE(bulkhead.turns_away(peer(1), now + 1min));
    CHECK(bulkhead.turns_away(peer(1), now + 1min + 1ns));
    CHECK_FALSE(bulkhead.turns_away(peer(1), now + 1min + 1ns));
    held.reset();
    auto const next = bulkhead.enter(peer(1), now + 2min);
    CHECK(next);
    CHECK(bulkhead.turns_away(peer(1), now + 2min));
}

TEST_CASE("those who come once keep nobody out who comes again: it is let in at the next end of work") {
    sp::bulkhead bulkhead({.running = 1, .waiting = 1, .patience = 1h});
    auto held = std::make_unique<sp::bulkhead::room>(bulkhead.enter(peer(0), now));
    std::vector<std::size_t> order;  // written by whoever has the room
    std::thread first([&] {
        auto const room = bulkhead.enter(peer(1), now + 2s);  // by the clock, after all others
        if (room) order.push_back(1);
    });
    while (bulkhead.waiting() == 0) std::this_thread::yield();
    CHECK(bulkhead.turns_away(peer(2), now));
    std::atomic<bool> gave_up{false};
    std::atomic<unsigned> turned_away{0};
    std::thread again([&] {
        // Again after other strangers, if the hash of one of a thousand fell where its own was.
        for (std::uint8_t round = 0; round < 4; ++round) {
            turned_away = 0;
            for (unsigned i = 0; i < 1000; ++i) {
                auto const stranger =
                    sp::peer_address::v4({10, round, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)});
                turned_away += bulkhead.turns_away(stranger, now + 1ms) ? 1U : 0U;
            }
            auto const room = bulkhead.enter(peer(2), now + 1s);
            if (room) return order.push_back(2);
        }
        gave_up = true;
    });
    while (bulkhead.waiting() < 2 && !gave_up) std::this_thread::yield();
    held.reset();
    first.join();
    again.join();
    CHECK(order == std::vector<std::size_t>{2, 1});
    CHECK(turned_away == 1000);
}
