// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"
#include "in_threads.hpp"

#include <sallyport/limit/concurrency_cap.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace limits;
using sallyport::concurrency_cap;

static_assert(sallyport::concurrency_limiter<concurrency_cap>);
static_assert(std::is_nothrow_move_constructible_v<concurrency_cap::permit>);
static_assert(!std::is_copy_constructible_v<concurrency_cap::permit>);

namespace {

/// So small that all clients lie in one bucket, which has this much room.
constexpr std::size_t room = 16;
concurrency_cap one_bucket(std::uint32_t at_once,
                           concurrency_cap::when_full full = concurrency_cap::when_full::refuse) {
    return concurrency_cap({.at_once = at_once, .clients = 1, .unproven = 1, .full = full});
}

std::vector<concurrency_cap::permit> fill(concurrency_cap& cap) {
    std::vector<concurrency_cap::permit> held;
    for (std::uint32_t n = 0; n < room; ++n) {
        held.push_back(cap.enter(client(n)));
        REQUIRE(held.back());
    }
    return held;
}

}  // namespace

TEST_CASE("as many requests of a client run at once as the cap says, and one more once one has ended") {
    concurrency_cap cap{3};
    std::deque<concurrency_cap::permit> held;
    for (std::uint32_t n = 1; n <= 3; ++n) {
        held.push_back(cap.enter(client(1)));
        CHECK(held.back());
        CHECK(cap.running(client(1)) == n);
    }
    CHECK_FALSE(cap.enter(client(1)));
    CHECK(cap.running(client(1)) == 3);
    held.pop_front();
    CHECK(cap.running(client(1)) == 2);
    CHECK(cap.enter(client(1)));
}

TEST_CASE("a client's requests are counted together, whatever APIs they are for, and apart from all others'") {
    concurrency_cap cap{1};
    auto const held = cap.enter(client(1));
    REQUIRE(held);
    auto other_api = client(1);
    other_api.api = 7;
    CHECK_FALSE(cap.enter(other_api));
    CHECK(cap.enter(client(2)));
}

TEST_CASE("who was let in without a secret is counted by client and peer, and takes no place of who was proven") {
    concurrency_cap cap{1};
    auto const held = cap.enter(stranger(1));
    REQUIRE(held);
    CHECK_FALSE(cap.enter(stranger(1)));
    CHECK(cap.enter(stranger(2)));
    auto proven = stranger(1);
    proven.proven = true;
    CHECK(cap.enter(proven));
    auto of_another = stranger(1);
    of_another.client = client(1).client;
    CHECK(cap.enter(of_another));
}

TEST_CASE("a permit gives itself back once, wherever it was moved to") {
    concurrency_cap cap{2};
    auto first = cap.enter(client(1));
    auto moved = std::move(first);
    CHECK(moved);
    CHECK(cap.running(client(1)) == 1);
    auto second = cap.enter(client(1));
    second = std::move(moved);
    CHECK(cap.running(client(1)) == 1);
    std::optional ended(std::move(second));
    ended.reset();
    CHECK(cap.running(client(1)) == 0);
    CHECK_FALSE(concurrency_cap::permit());
}

TEST_CASE("a permit gives itself back on another thread, and when an exception goes by") {
    concurrency_cap cap{1};
    std::jthread([held = cap.enter(client(1))]() mutable { auto const ends_here = std::move(held); }).join();
    CHECK(cap.running(client(1)) == 0);
    auto const fails = [&cap] {
        auto const held = cap.enter(client(1));
        throw std::runtime_error("the work failed");
    };
    CHECK_THROWS_AS(fails(), std::runtime_error);
    CHECK(cap.running(client(1)) == 0);
}

TEST_CASE("a permit outlives its cap, and a cap that moves keeps its permits") {
    std::vector<concurrency_cap::permit> held;
    {
        auto cap = one_bucket(2, concurrency_cap::when_full::admit_uncounted);
        held = fill(cap);
        held.push_back(cap.enter(client(0)));
        held.push_back(cap.enter(client(room)));
        held.push_back(cap.enter(stranger(1)));
        auto moved = std::move(cap);
        CHECK(moved.running(client(0)) == 2);
        held.erase(held.begin());
        CHECK(moved.running(client(0)) == 1);
    }
    for (auto const& each : held) CHECK(each);
    held.clear();
}

TEST_CASE("a client of whom nothing runs is forgotten when another needs its room") {
    auto cap = one_bucket(1);
    for (std::uint32_t n = 0; n < 100'000; ++n) {
        if (!cap.enter(client(n))) FAIL(n << " found no room");
    }
}

TEST_CASE(
    "where all that there is room for run, another client is refused, or admitted uncounted if the host says so") {
    SECTION("refused") {
        auto cap = one_bucket(2);
        auto held = fill(cap);
        CHECK_FALSE(cap.enter(client(room)));
        CHECK(cap.enter(client(0)));
        CHECK(cap.enter(stranger(0)));
        held.pop_back();
        CHECK(cap.enter(client(room)));
    }
    SECTION("admitted uncounted") {
        auto cap = one_bucket(2, concurrency_cap::when_full::admit_uncounted);
        auto held = fill(cap);
        std::array const others{cap.enter(client(room)), cap.enter(client(room)), cap.enter(client(room))};
        for (auto const& each : others) CHECK(each);
        CHECK(cap.running(client(room)) == 0);
        CHECK(cap.uncounted() == 3);
        auto const second = cap.enter(client(0));
        CHECK(second);
        CHECK_FALSE(cap.enter(client(0)));
    }
}

TEST_CASE("as many clients run at once as the host made room for") {
    constexpr std::size_t clients = 1 << 14;
    concurrency_cap cap({.at_once = 1, .clients = clients});
    std::vector<concurrency_cap::permit> held;
    for (std::uint32_t n = 0; n < clients; ++n) held.push_back(cap.enter(client(n)));
    // Where a client lies is drawn anew each time: all of them find room but in one run of 200.
    CHECK(std::count_if(held.begin(), held.end(), [](auto const& each) { return !each; }) <= 1);
}

TEST_CASE("a cap of none or of too many, or without a time to come again after, is a mistake at set-up") {
    CHECK_THROWS_WITH(concurrency_cap(0), "a concurrency cap is from 1 to 65535 requests of a client at once");
    CHECK_THROWS_AS(concurrency_cap(concurrency_cap::max_at_once + 1), sallyport::setup_error);
    CHECK_THROWS_AS(concurrency_cap({.clients = ~std::size_t{0}}), sallyport::setup_error);
    CHECK_THROWS_AS(concurrency_cap({.unproven = std::size_t{1} << 32}), sallyport::setup_error);
    for (auto const wait : {std::chrono::nanoseconds(0), std::chrono::nanoseconds(-1), sallyport::never}) {
        CHECK_THROWS_AS(concurrency_cap({.at_once = 1, .retry_after = wait}), sallyport::setup_error);
    }
    concurrency_cap cap(concurrency_cap::max_at_once);
    std::vector<concurrency_cap::permit> held;
    for (std::uint32_t n = 0; n < concurrency_cap::max_at_once; ++n) held.push_back(cap.enter(client(1)));
    CHECK(held.back());
    CHECK_FALSE(cap.enter(client(1)));
    CHECK(cap.retry_after() == std::chrono::seconds(1));
}

TEST_CASE("whoever comes and goes, a cap answers as a list of who runs does") {
    for (unsigned seed = 0; seed < 200; ++seed) {
        std::minstd_rand random(seed + 1);
        auto const at_once = static_cast<std::uint32_t>(random() % 4 + 1);
        auto const callers = static_cast<std::uint32_t>(random() % 2 == 0 ? 6 : 24);
        auto cap = one_bucket(at_once);
        std::vector<std::pair<sallyport::rate_key, concurrency_cap::permit>> held;
        std::map<sallyport::rate_key, std::uint32_t> running;
        for (int step = 0; step < 1000; ++step) {
            if (random() % 5 < 3) {
                auto const n = static_cast<std::uint32_t>(random() % callers);
                auto const of = random() % 4 == 0 ? stranger(n) : client(n);
                auto const of_its_kind = std::count_if(
                    running.begin(), running.end(), [&of](auto const& each) { return each.first.proven == of.proven; });
                auto const known = running.find(of);
                bool const fits = known == running.end() ? of_its_kind < std::ptrdiff_t{room} : known->second < at_once;
                auto permit = cap.enter(of);
                REQUIRE(static_cast<bool>(permit) == fits);
                if (!fits) continue;
                ++running[of];
                held.emplace_back(of, std::move(permit));
            } else if (!held.empty()) {
                std::swap(held[random() % held.size()], held.back());
                if (--running[held.back().first] == 0) running.erase(held.back().first);
                held.pop_back();
            }
        }
        for (std::uint32_t n = 0; n < callers; ++n) {
            auto const known = running.find(client(n));
            REQUIRE(cap.running(client(n)) == (known == running.end() ? 0 : known->second));
        }
    }
}

namespace {

/// Threads enter for clients drawn at random, and hold what they got for a while: never more of a client run than may,
/// and all is given back at the end.
void never_too_many(concurrency_cap& cap, std::uint32_t at_once, std::uint32_t clients) {
    std::vector<std::atomic<std::uint32_t>> running(clients);
    std::atomic<bool> too_many{false};
    std::atomic<std::size_t> entered{0};
    in_threads([&](unsigned number) {
        std::minstd_rand random(number + 1);
        std::deque<std::pair<std::uint32_t, concurrency_cap::permit>> held;
        auto const leave = [&] {
            --running[held.front().first];
            held.pop_front();
        };
        for (unsigned i = 0; i < 30'000 / slowness; ++i) {
            auto const n = static_cast<std::uint32_t>(random() % clients);
            if (auto permit = cap.enter(client(n))) {
                if (++running[n] > at_once) too_many = true;
                held.emplace_back(n, std::move(permit));
                ++entered;
            }
            while (held.size() > random() % 3) leave();
        }
        while (!held.empty()) leave();
    });
    CHECK_FALSE(too_many);
    CHECK(entered > 0);
    for (std::uint32_t n = 0; n < clients; ++n) REQUIRE(cap.running(client(n)) == 0);
}

}  // namespace

TEST_CASE("eight threads never see more of a client at once than may, and all is given back") {
    SECTION("of one client") {
        concurrency_cap cap{5};
        never_too_many(cap, 5, 1);
    }
    SECTION("of clients that push each other out of one bucket") {
        auto cap = one_bucket(2);
        never_too_many(cap, 2, 40);
    }
    SECTION("of many") {
        concurrency_cap cap{1};
        never_too_many(cap, 1, 200);
    }
}

TEST_CASE("permits moved between threads are given back, each once") {
    concurrency_cap cap{8};
    std::array<std::atomic<concurrency_cap::permit*>, 4> handed_on{};
    in_threads([&](unsigned number) {
        std::minstd_rand random(number + 1);
        for (unsigned i = 0; i < 50'000 / slowness; ++i) {
            auto permit = cap.enter(client(1));
            if (!permit) continue;
            auto* const given = new concurrency_cap::permit(std::move(permit));
            delete handed_on[random() % handed_on.size()].exchange(given);
        }
    });
    for (auto& each : handed_on) delete each.exchange(nullptr);
    CHECK(cap.running(client(1)) == 0);
}

TEST_CASE("threads that still run when the cap goes give back to what is left of it") {
    for (int round = 0; round < 200; ++round) {
        std::optional<concurrency_cap> cap(one_bucket(thread_count));
        std::vector<concurrency_cap::permit> held;
        for (unsigned n = 0; n < thread_count; ++n) held.push_back(cap->enter(client(n % 3)));
        in_threads(thread_count + 1, [&](unsigned number) {
            if (number == thread_count) {
                cap.reset();
            } else {
                auto const ends_here = std::move(held[number]);
                static_cast<void>(ends_here);
            }
        });
    }
}
