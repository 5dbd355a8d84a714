// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "counting_scheme.hpp"

#include <sallyport/credential/guarded_verifier.hpp>
#include <sallyport/credential/verifier.hpp>
#include <sallyport/limit/throttle.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace sp = sallyport;
using namespace std::chrono_literals;
using verdict = sp::verification::verdict;

namespace {

using schemes = sp::verifier<cheap_scheme, expensive_scheme>;
using guarded = sp::guarded_verifier<schemes, sp::throttle>;

sp::uuid id_of(std::uint32_t number) {
    sp::uuid::bytes_type bytes{};
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return sp::uuid(bytes);
}
sp::peer_address peer_of(std::uint8_t number) { return sp::peer_address::v4({192, 0, 2, number}); }

sp::stored_secret cheap(std::string_view plain) { return {.hash = cheap_scheme::store(plain)}; }
sp::stored_secret expensive(std::string_view plain) { return {.hash = expensive_scheme::store(plain)}; }

constexpr sp::wall_time today{1'700'000'000s};

/// A guarded verifier, whose hashes are counted, at a moment that a test moves.
struct fixture {
    explicit fixture(sp::guard_options const& bounds = roomy()) : verifier(made(), sp::throttle(), bounds) {}

    /// Room for as many at once as a test may start.
    static sp::guard_options roomy() { return {.hashing = {.running = 300, .waiting = 0}, .sharing = 300}; }

    schemes made() { return schemes(cheap_scheme{&counter}, expensive_scheme{&counter}); }

    sp::proof_attempt attempt(std::string_view presented, std::vector<sp::stored_secret> const& secrets,
                              std::uint32_t client = 1, std::uint8_t peer = 1) const {
        return {.client = id_of(client),
                .peer = peer_of(peer),
                .presented = presented,
                .secrets = secrets,
                .now = today,
                .at = now};
    }
    sp::verification verify(std::string_view presented, std::vector<sp::stored_secret> const& secrets,
                            std::uint32_t client = 1, std::uint8_t peer = 1) {
        return verifier.verify(attempt(presented, secrets, client, peer));
    }

    hash_counter counter;
    guarded verifier;
    sp::steady_time now{1000s};
    std::vector<sp::stored_secret> const dear{expensive("right")};
    std::vector<sp::stored_secret> const plain{cheap("right")};
};

/// Runs a call on so many threads at once, once all of them are there.
template <class Call>
void at_once(unsigned count, Call call) {
    std::atomic<unsigned> here{0};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; ++i) {
        threads.emplace_back([&, i] {
            ++here;
            while (here < count) std::this_thread::yield();
            call(i);
        });
    }
    for (auto& each : threads) each.join();
}

struct outcomes {
    std::atomic<unsigned> proven{0};
    std::atomic<unsigned> wrong{0};
    std::atomic<unsigned> throttled{0};
};

/// What 200 equal attempts come to, of which the first is held up in its hash until all have begun.
void try_200_times_at_once(fixture& on, std::string_view presented, outcomes& seen) {
    on.counter.close();
    std::atomic<unsigned> started{0};
    std::thread opener([&] {
        on.counter.await_inside(1);
        while (started < 200) std::this_thread::yield();
        on.counter.open();
    });
    at_once(200, [&](unsigned) {
        ++started;
        auto const answer = on.verify(presented, on.dear);
        seen.proven += answer.outcome == verdict::proven;
        seen.wrong += answer.outcome == verdict::wrong;
        seen.throttled += answer.outcome == verdict::throttled;
    });
    opener.join();
}

static_assert(sp::credential_verifier<guarded> && sp::settling_verifier<guarded>);

}  // namespace

TEST_CASE("a secret proven by an expensive hash costs none the next time") {
    fixture on;
    auto const first = on.verify("right", on.dear);
    CHECK(first.outcome == verdict::proven);
    CHECK(first.derivations == 1);
    CHECK_FALSE(first.remembered);
    for (int i = 0; i < 3; ++i) {
        auto const again = on.verify("right", on.dear);
        CHECK(again.outcome == verdict::proven);
        CHECK(again.secret == on.dear[0].id);
        CHECK(again.derivations == 0);
        CHECK(again.remembered);
    }
    CHECK(on.counter.expensive == 1);
}

TEST_CASE("what was proven for one client, by one secret and one stored form, proves nothing else") {
    fixture on;
    REQUIRE(on.verify("right", on.dear).outcome == verdict::proven);
    on.counter.reset();

    std::vector<sp::stored_secret> const rotated{expensive("another")};
    CHECK(on.verify("right", rotated).outcome == verdict::wrong);
    CHECK(on.verify("right", {}).outcome == verdict::wrong);
    CHECK(on.verify("righ", on.dear).outcome == verdict::wrong);
    CHECK(on.verify("wrong", on.dear).outcome == verdict::wrong);
    CHECK(on.verify("right", on.dear, 2).outcome == verdict::proven);
    CHECK(on.counter.expensive == 5);
    CHECK_FALSE(on.verify("right", on.dear, 2, 2).derivations == 1);
}

TEST_CASE("expiry is judged on each request's record, remembered or not") {
    fixture on;
    std::vector<sp::stored_secret> expiring{expensive("right")};
    expiring[0].expires = today + 1ns;
    REQUIRE(on.verify("right", expiring).outcome == verdict::proven);
    REQUIRE(on.verify("right", expiring).remembered);
    auto late = on.attempt("right", expiring);
    late.now = today + 1ns;
    auto const refused = on.verifier.verify(late);
    CHECK(refused.outcome == verdict::expired);
    CHECK(refused.derivations == 1);
}

TEST_CASE("what lets a disabled client in no more costs what a wrong secret costs, remembered or not") {
    fixture on;
    std::vector<sp::stored_secret> const both{cheap("quick"), expensive("right")};
    REQUIRE(on.verify("right", both).outcome == verdict::proven);
    for (std::string_view const presented : {"right", "quick", "wrong"}) {
        on.counter.reset();
        auto barred = on.attempt(presented, both);
        barred.barred = true;
        CHECK(on.verifier.verify(barred).outcome == (presented == "wrong" ? verdict::wrong : verdict::proven));
        CHECK(on.counter.cheap == 1);
        CHECK(on.counter.expensive == 1);
    }
    for (int i = 0; i < 7; ++i) {
        auto barred = on.attempt("right", both);
        barred.barred = true;
        REQUIRE(on.verifier.verify(barred).outcome == verdict::proven);
    }
    CHECK(on.verify("wrong", both).outcome == verdict::throttled);
}

TEST_CASE("a proof is remembered for its time, and not a nanosecond longer") {
    fixture on;
    static_cast<void>(on.verify("right", on.dear));
    on.now += 24h - 1ns;
    CHECK(on.verify("right", on.dear).remembered);
    on.now += 1ns;
    auto const after = on.verify("right", on.dear);
    CHECK_FALSE(after.remembered);
    CHECK(after.derivations == 1);
    CHECK(on.verify("right", on.dear).remembered);
}

TEST_CASE("a cheap scheme goes past the cache, and its right secret past all that guards") {
    fixture on;
    for (int i = 0; i < 20; ++i) static_cast<void>(on.verify("wrong", on.plain));
    CHECK(on.verify("wrong", on.plain).outcome == verdict::throttled);
    for (int i = 0; i < 3; ++i) {
        auto const right = on.verify("right", on.plain);
        CHECK(right.outcome == verdict::proven);
        CHECK(right.derivations == 1);
        CHECK_FALSE(right.remembered);
    }
    CHECK(on.counter.expensive == 0);
}

TEST_CASE("a cached client passes from a tripped address, one that takes a hash waits for the throttle's window") {
    fixture on;
    std::vector<sp::stored_secret> const unproven{expensive("its own")};
    REQUIRE(on.verify("right", on.dear, 1, 2).outcome == verdict::proven);
    for (std::uint32_t i = 0; i < 100; ++i) REQUIRE(on.verify("wrong", on.dear, 100 + i).outcome == verdict::wrong);
    on.counter.reset();
    auto const refused = on.verify("its own", unproven, 7);
    CHECK(refused.outcome == verdict::throttled);
    CHECK(refused.retry_after == 60s);
    CHECK(on.counter.expensive == 0);
    CHECK(on.verify("right", on.dear).outcome == verdict::proven);
    CHECK(on.verify("its own", unproven, 7, 3).outcome == verdict::proven);
    on.now += 60s;
    CHECK(on.verify("its own", unproven, 7).outcome == verdict::proven);
}

TEST_CASE("wrong secrets are hashed ten times a minute for one client and peer, and refused at no cost after that") {
    fixture on;
    for (int i = 0; i < 10; ++i) {
        CHECK(on.verify("wrong", on.dear).outcome == verdict::wrong);
        on.now += 1s;
    }
    for (int i = 0; i < 50; ++i) CHECK(on.verify("wrong", on.dear).outcome == verdict::throttled);
    CHECK(on.verify("wrong", on.dear).retry_after == 50s);
    CHECK(on.counter.expensive == 10);
    on.now += 50s - 1ns;
    CHECK(on.verify("wrong", on.dear).retry_after == 1ns);
    on.now += 1ns;
    CHECK(on.verify("wrong", on.dear).outcome == verdict::wrong);
    CHECK(on.verify("wrong", on.dear).outcome == verdict::throttled);
}

TEST_CASE("what succeeds is given back, however often it has to be hashed") {
    auto bounds = fixture::roomy();
    bounds.remembered.max_age = 0ns;
    fixture on(bounds);
    for (int i = 0; i < 300; ++i) REQUIRE(on.verify("right", on.dear).outcome == verdict::proven);
    CHECK(on.counter.expensive == 300);
    CHECK(on.verifier.settle(on.attempt("wrong", on.dear)) == std::nullopt);
}

TEST_CASE("200 wrong secrets at the same moment run no more hashes than the throttle lets") {
    fixture on;
    on.counter.close();
    std::atomic<unsigned> wrong{0};
    std::atomic<unsigned> throttled{0};
    std::thread opener([&] {
        while (on.counter.inside() + throttled < 200) std::this_thread::yield();
        on.counter.open();
    });
    at_once(200, [&](unsigned i) {
        auto const answer = on.verify("wrong " + std::to_string(i), on.dear);
        wrong += answer.outcome == verdict::wrong;
        throttled += answer.outcome == verdict::throttled;
    });
    opener.join();
    CHECK(on.counter.expensive == 10);
    CHECK(wrong == 10);
    CHECK(throttled == 190);
}

TEST_CASE("200 equal right secrets at the same moment run one hash, and all pass") {
    fixture on;
    outcomes seen;
    try_200_times_at_once(on, "right", seen);
    CHECK(on.counter.expensive == 1);
    CHECK(seen.proven == 200);
    CHECK(on.verifier.settle(on.attempt("wrong", on.dear)) == std::nullopt);
}

TEST_CASE("one that can't match shares no hash with the text that is hashed in its place") {
    fixture on({.hashing = {.running = 1, .waiting = 0}});
    std::string_view const text = "a secret of an ordinary length";
    std::vector<sp::stored_secret> const secrets{expensive(text)};
    on.counter.close();
    std::thread running([&] { CHECK(on.verify(text, secrets, 1, 1).outcome == verdict::proven); });
    on.counter.await_inside(1);
    CHECK(on.verifier.settle(on.attempt(text, secrets, 1, 2)) == std::nullopt);  // it may join
    std::string const endless(2000, 'z');
    auto const other = on.verifier.settle(on.attempt(endless, secrets, 1, 3));
    on.counter.open();
    running.join();
    REQUIRE(other);
    CHECK(other->outcome == verdict::overloaded);
}

TEST_CASE("200 equal wrong secrets at the same moment run one hash at a time, and each of them counts") {
    fixture on;
    outcomes seen;
    try_200_times_at_once(on, "wrong", seen);
    CHECK(on.counter.most_inside() == 1);
    CHECK(on.counter.expensive <= 10);
    CHECK(seen.wrong == 10);
    CHECK(seen.throttled == 190);
}

TEST_CASE("those for whose hash there is no room are told when to come again, known or not, and pass once they are") {
    fixture on({.hashing = {.running = 1, .waiting = 0, .remembered = 0}, .retry_after = 1500ms});
    REQUIRE(on.verify("right", on.dear, 9, 9).outcome == verdict::proven);
    on.counter.close();
    sp::verification first;
    std::thread running([&] { first = on.verify("right", on.dear, 1, 1); });
    on.counter.await_inside(1);
    on.counter.reset();
    for (int i = 0; i < 20; ++i) {
        for (std::string_view const presented : {"right", "wrong"}) {
            for (auto const& secrets : {on.dear, std::vector<sp::stored_secret>{}}) {
                auto const answer = on.verify(presented, secrets, 3, 3);
                CHECK(answer.outcome == verdict::overloaded);
                CHECK(answer.retry_after == 1500ms);
                CHECK(answer.derivations == 0);
            }
        }
    }
    CHECK(on.counter.expensive == 0);
    CHECK(on.verify("right", on.dear, 9, 3).outcome == verdict::proven);
    on.counter.open();
    running.join();
    CHECK(first.outcome == verdict::proven);
    CHECK(on.verify("right", on.dear, 3, 3).outcome == verdict::proven);
}

TEST_CASE("an unknown id, no secrets, a disabled client, an expired and a wrong secret take equally many hashes") {
    std::vector<std::vector<sp::stored_secret>> const profiles{
        {cheap("right")},
        {expensive("right")},
        {cheap("right"), cheap("other")},
        {expensive("other"), cheap("right")},
        {cheap("other"), expensive("right"), expensive("third"), cheap("fourth")},
    };
    for (auto const& profile : profiles) {
        auto expired = profile;
        for (auto& each : expired) each.expires = today;
        auto const hashes_of = [&](std::string_view presented, std::vector<sp::stored_secret> const& secrets,
                                   bool barred) {
            fixture on;
            auto attempt = on.attempt(presented, secrets);
            attempt.decoys = profile;
            attempt.barred = barred;
            auto const answer = on.verifier.verify(attempt);
            CHECK(answer.derivations == on.counter.cheap + on.counter.expensive);
            return std::pair(on.counter.cheap.load(), on.counter.expensive.load());
        };
        auto const wrong = hashes_of("wrong", profile, false);
        CHECK(wrong.first + wrong.second == profile.size());
        CHECK(hashes_of("wrong", {}, false) == wrong);
        CHECK(hashes_of("right", {}, false) == wrong);
        CHECK(hashes_of("right", profile, true) == wrong);
        CHECK(hashes_of("right", expired, false) == wrong);
        CHECK(hashes_of(std::string(2000, 'x'), profile, false) == wrong);
        CHECK(hashes_of("", profile, false) == wrong);
    }
}

TEST_CASE("an attempt that came to no verdict is not counted as a failure") {
    SECTION("a hash that can't be computed") {
        hash_counter counter;
        guarded verifier(schemes({}, expensive_scheme{&counter, true}), sp::throttle());
        std::vector<sp::stored_secret> const secrets{expensive("right")};
        for (int i = 0; i < 50; ++i) {
            CHECK(verifier.verify({.presented = "right", .secrets = secrets}).outcome == verdict::failed);
        }
    }
    SECTION("no room") {
        fixture on({.hashing = {.running = 1, .waiting = 0, .remembered = 0}});
        on.counter.close();
        std::thread running([&] { static_cast<void>(on.verify("right", on.dear, 1, 1)); });
        on.counter.await_inside(1);
        for (int i = 0; i < 50; ++i) CHECK(on.verify("right", on.dear, 3, 3).outcome == verdict::overloaded);
        on.counter.open();
        running.join();
        CHECK(on.verify("right", on.dear, 3, 3).outcome == verdict::proven);
    }
}

TEST_CASE("what can be settled without a hash is; the rest is left, and counts nothing") {
    fixture on;
    CHECK(on.verifier.settle(on.attempt("right", on.plain))->outcome == verdict::proven);
    CHECK(on.verifier.settle(on.attempt("wrong", on.plain))->outcome == verdict::wrong);
    for (int i = 0; i < 50; ++i) CHECK(on.verifier.settle(on.attempt("wrong", on.dear, 2)) == std::nullopt);
    CHECK(on.counter.expensive == 0);
    REQUIRE(on.verify("right", on.dear, 2).outcome == verdict::proven);
    CHECK(on.verifier.settle(on.attempt("right", on.dear, 2))->remembered);
    for (int i = 0; i < 10; ++i) REQUIRE(on.verify("wrong", on.dear, 2).outcome == verdict::wrong);
    auto const throttled = on.verifier.settle(on.attempt("wrong", on.dear, 2));
    REQUIRE(throttled);
    CHECK(throttled->outcome == verdict::throttled);
    CHECK(throttled->retry_after == 60s);
}

TEST_CASE("that there is no room is settled, too, unless an equal attempt is under way") {
    fixture on({.hashing = {.running = 1, .waiting = 0, .remembered = 0}});
    on.counter.close();
    std::thread running([&] { static_cast<void>(on.verify("right", on.dear, 1, 1)); });
    on.counter.await_inside(1);
    auto const refused = on.verifier.settle(on.attempt("wrong", on.dear, 2, 2));
    REQUIRE(refused);
    CHECK(refused->outcome == verdict::overloaded);
    CHECK(refused->retry_after == 1s);
    CHECK(on.verifier.settle(on.attempt("right", on.dear, 1, 2)) == std::nullopt);
    on.counter.open();
    running.join();
    CHECK(on.verifier.settle(on.attempt("wrong", on.dear, 2, 2)) == std::nullopt);
}

TEST_CASE("an exempt peer's failures are not counted, and who it is it proves as everybody does") {
    fixture on;
    for (int i = 0; i < 50; ++i) {
        auto exempt = on.attempt("wrong", on.dear);
        exempt.exempt = true;
        CHECK(on.verifier.verify(exempt).outcome == verdict::wrong);
    }
    CHECK(on.verifier.settle(on.attempt("wrong", on.dear)) == std::nullopt);
}

TEST_CASE("a proof says whether its stored form is below what is wanted now") {
    hash_counter counter;
    std::vector<sp::stored_secret> const old{expensive("old")};
    std::vector<sp::stored_secret> const wanted{cheap("new")};
    guarded verifier(schemes({}, expensive_scheme{&counter}), sp::throttle());
    CHECK(verifier.verify({.presented = "old", .secrets = old}).needs_rehash);
    CHECK(verifier.verify({.presented = "old", .secrets = old}).needs_rehash);
    CHECK_FALSE(verifier.verify({.presented = "new", .secrets = wanted}).needs_rehash);
    CHECK_FALSE(verifier.verify({.presented = "wrong", .secrets = old}).needs_rehash);
    guarded stricter(schemes(cheap_scheme{&counter, false, true}, {}), sp::throttle());
    CHECK(stricter.verify({.presented = "new", .secrets = wanted}).needs_rehash);
}

namespace {

struct throwing_throttle {
    static sp::counted_attempt count(sp::peer_address const&, sp::uuid const&, sp::steady_time) {
        throw std::bad_alloc();
    }
    static std::chrono::nanoseconds wait(sp::peer_address const&, sp::uuid const&, sp::steady_time) { return {}; }
    static void give_back(sp::counted_attempt const&) {}
};

}  // namespace

TEST_CASE("a throttle that fails is a failed verification, and no exception") {
    sp::guarded_verifier verifier{schemes{}, throwing_throttle{}};
    std::vector<sp::stored_secret> const secrets{expensive("right")};
    CHECK(verifier.verify({.presented = "right", .secrets = secrets}).outcome == verdict::failed);
    CHECK(verifier.verify({.presented = "wrong"}).outcome == verdict::failed);
}

TEST_CASE("wrong secrets, however many, push no proof out of a full cache") {
    auto bounds = fixture::roomy();
    bounds.remembered.capacity = 7;
    fixture on(bounds);
    for (std::uint32_t client = 1; client <= 7; ++client) {
        REQUIRE(on.verify("right", on.dear, client).outcome == verdict::proven);
    }
    for (std::uint32_t i = 0; i < 2000; ++i) {
        auto const answer = on.verify("wrong", on.dear, 100 + i, static_cast<std::uint8_t>(1 + i % 50));
        REQUIRE(answer.outcome == verdict::wrong);
    }
    on.counter.reset();
    for (std::uint32_t client = 1; client <= 7; ++client) CHECK(on.verify("right", on.dear, client).remembered);
    CHECK(on.counter.expensive == 0);
}

TEST_CASE("more equal attempts than may wait are told when to come again") {
    auto bounds = fixture::roomy();
    bounds.sharing = 1;
    fixture on(bounds);
    on.counter.close();
    std::atomic<unsigned> overloaded{0};
    std::atomic<unsigned> proven{0};
    std::thread opener([&] {
        while (overloaded < 2) std::this_thread::yield();
        on.counter.open();
    });
    at_once(4, [&](unsigned) {
        auto const answer = on.verify("right", on.dear);
        proven += answer.outcome == verdict::proven;
        overloaded += answer.outcome == verdict::overloaded && answer.retry_after == 1s;
    });
    opener.join();
    CHECK(proven == 2);
    CHECK(overloaded == 2);
    CHECK(on.counter.expensive == 1);
}

TEST_CASE("an attempt that comes just as an equal one ends is not hashed again") {
    for (int round = 0; round < 200; ++round) {
        fixture on;
        std::atomic<unsigned> proven{0};
        at_once(4, [&](unsigned) { proven += on.verify("right", on.dear).outcome == verdict::proven; });
        REQUIRE(proven == 4);
        REQUIRE(on.counter.expensive == 1);
    }
}
