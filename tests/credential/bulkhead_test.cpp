// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/credential/bulkhead.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace sp = sallyport;
using namespace std::chrono_literals;

namespace {

sp::peer_address peer(std::size_t number) {
    return sp::peer_address::v4({192, 0, 2, static_cast<std::uint8_t>(number)});
}

}  // namespace

TEST_CASE("as much runs at once as there is room for, and room comes back at the end of each") {
    sp::bulkhead bulkhead({.running = 2, .waiting = 0});
    std::optional first{bulkhead.enter(peer(1))};
    auto second = bulkhead.enter(peer(1));
    CHECK(*first);
    CHECK(second);
    CHECK_FALSE(bulkhead.enter(peer(2)));
    first.reset();
    auto third = bulkhead.enter(peer(2));
    CHECK(third);
    CHECK_FALSE(bulkhead.enter(peer(3)));
    auto moved = std::move(third);
    CHECK_FALSE(third);
    CHECK_FALSE(bulkhead.enter(peer(3)));
}

TEST_CASE("there is room for one at least, and as many wait as may run unless it is said otherwise") {
    sp::bulkhead none({.running = 0, .waiting = 0});
    CHECK(none.enter(peer(1)));
    CHECK(sp::bulkhead::options().running >= 1);
    CHECK(sp::bulkhead::options().waiting == sp::bulkhead::options().running);
}

TEST_CASE("who waits is let in, in the order of coming, one a peer") {
    sp::bulkhead bulkhead({.running = 1, .waiting = 3, .patience = 1h});
    std::optional held{bulkhead.enter(peer(0))};
    std::vector<std::size_t> order;  // written by whoever has the room
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i <= 3; ++i) {
        threads.emplace_back([&, i] {
            auto const room = bulkhead.enter(peer(i));
            if (room) order.push_back(i);
        });
        while (bulkhead.waiting() < i) std::this_thread::yield();
    }
    CHECK_FALSE(bulkhead.enter(peer(4)));  // full
    held.reset();
    for (auto& each : threads) each.join();
    CHECK(order == std::vector<std::size_t>{1, 2, 3});
    CHECK(bulkhead.waiting() == 0);
    CHECK(bulkhead.enter(peer(4)));
}

TEST_CASE("a peer that waits already is not let wait again, though there is room for others") {
    sp::bulkhead bulkhead({.running = 1, .waiting = 3, .patience = 1h});
    std::optional held{bulkhead.enter(peer(0))};
    std::thread waiting([&] { static_cast<void>(static_cast<bool>(bulkhead.enter(peer(1)))); });
    while (bulkhead.waiting() < 1) std::this_thread::yield();
    CHECK_FALSE(bulkhead.enter(peer(1)));
    held.reset();
    waiting.join();
}

TEST_CASE("nobody waits longer than the patience, and who gave up takes no room") {
    sp::bulkhead bulkhead({.running = 1, .waiting = 1, .patience = 0ms});
    std::optional held{bulkhead.enter(peer(0))};
    for (int i = 0; i < 100; ++i) CHECK_FALSE(bulkhead.enter(peer(1)));
    CHECK(bulkhead.waiting() == 0);
    held.reset();
    CHECK(bulkhead.enter(peer(1)));
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
                auto const room = bulkhead.enter(peer(i));
                if (!room) continue;
                ++entered;
                int const now = ++inside;
                for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
                }
                std::this_thread::yield();
                --inside;
            }
        });
    }
    for (auto& each : threads) each.join();
    CHECK(most <= 2);
    CHECK(entered > 0);
    auto const one = bulkhead.enter(peer(1));
    auto const two = bulkhead.enter(peer(1));
    CHECK(one);
    CHECK(two);
}
