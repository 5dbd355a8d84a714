// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"
#include "counted_memory.hpp"
#include "limiter_model.hpp"

#include <sallyport/limit/compact_sliding_log.hpp>
#include <sallyport/limit/sliding_counter.hpp>
#include <sallyport/limit/sliding_log.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

using namespace limits;
using namespace counted;

namespace {

/// While it lives, this thread's allocations fail after so many.
struct scarce_memory {
    explicit scarce_memory(std::ptrdiff_t after) { until_failure = after; }
    scarce_memory(scarce_memory const&) = delete;
    scarce_memory& operator=(scarce_memory const&) = delete;
    ~scarce_memory() { until_failure = -1; }
};

}  // namespace

// Take the library's place in this program.
void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
    if (until_failure == 0) return nullptr;
    if (until_failure > 0) --until_failure;
    auto* const block = std::malloc(size);
    if (block) ++blocks;
    bytes += size;
    if (block && given_memory::listens()) given_memory::listens()->add({static_cast<std::byte*>(block), size});
    return block;
}
void* operator new(std::size_t size) {
    auto* const block = operator new(size, std::nothrow);
    if (!block) throw std::bad_alloc();
    return block;
}
void operator delete(void* block) noexcept {
    if (block) --blocks;
    if (given_memory::listens()) given_memory::listens()->remove(block);
    std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

namespace {

/// Takes, with allocations failing after so many; false if one failed.
template <class Limiter>
bool take_in_scarce_memory(Limiter& limiter, std::span<sallyport::claim const> claims, std::int64_t now,
                           std::ptrdiff_t after, sallyport::allowance& answer) {
    scarce_memory const scarce(after);
    try {
        answer = limiter.take(claims, at(now));
        return true;
    } catch (std::bad_alloc const&) {
        return false;
    }
}

}  // namespace

TEST_CASE("a call that fails for want of memory counts nothing and keeps no key") {
    sallyport::sliding_log limiter({.max_clients = 40, .max_unproven = 40});
    limiter_model model;
    int failures = 0;
    for (std::uint32_t round = 0; round < 30; ++round) {
        std::array const claims{sallyport::claim{.key = client(0), .quota = quota(900'000, s), .cost = 1000},
                                sallyport::claim{.key = client(1 + round), .quota = quota(5000, s), .cost = 1000},
                                sallyport::claim{.key = client(1), .quota = quota(40'000, s), .cost = 1000}};
        auto const held = limiter.size();
        sallyport::allowance answer;
        for (std::ptrdiff_t after = 0; !take_in_scarce_memory(limiter, claims, round, after, answer); ++after) {
            ++failures;
            REQUIRE(limiter.size() == held);
        }
        REQUIRE(difference(model.take(claims, at(round)), answer) == "");
    }
    CHECK(failures > 30);
    CHECK(limiter.size() == 31);
    for (std::uint32_t i = 101; i < 110; ++i) CHECK(passes(limiter, {.key = client(i)}, 30));
    CHECK(take(limiter, {.key = client(110)}, 30).outcome == verdict::failed);
}

TEST_CASE("a call to a sliding counter that fails for want of memory leaves each key what it has counted") {
    auto const of = [](unsigned key, std::uint32_t limit, std::int64_t window, bool shadow = false) {
        return sallyport::claim{.key = client(key), .quota = quota(limit, window), .shadow = shadow};
    };
    int failures = 0;
    for (bool failed = true; failed; ++failures) {
        sallyport::sliding_counter limiter;
        auto much = of(1, 6000, 60 * s);
        much.cost = 5000;
        REQUIRE(passes(limiter, much, 0));
        REQUIRE(passes(limiter, of(2, 1000, 60 * s), 0));
        std::array const claims{of(1, 1000, 60 * s, true), of(1, 500, s, true), of(2, 1000, 60 * s), of(2, 500, s)};
        sallyport::allowance answer;
        failed = !take_in_scarce_memory(limiter, claims, 80 * s, failures, answer);
        if (!failed) break;
        CHECK(used(limiter, of(1, 6000, 60 * s), 30 * s) == 5000);
        CHECK(used(limiter, of(1, 6000, s), 0) == 5000);
        CHECK(used(limiter, of(2, 1000, 60 * s), 30 * s) == 1);
    }
    CHECK(failures > 1);
}

TEST_CASE("a known client's call allocates nothing, while its limit is at most a thousand") {
    sallyport::sliding_log limiter;
    std::array const claims{sallyport::claim{.key = client(1), .quota = quota(1000, s)},
                            sallyport::claim{.key = client(1), .quota = quota(500, ms)}};
    REQUIRE(limiter.take(claims, at(0)).outcome == verdict::admitted);
    auto const before = bytes;
    for (int i = 1; i < 5000; ++i) static_cast<void>(limiter.take(claims, at(i * ms / 4)));
    CHECK(bytes == before);
}

TEST_CASE(
    "a known client's call of a sliding counter allocates nothing, over one window or four, and what it gives back") {
    sallyport::sliding_counter limiter;
    std::array const claims{sallyport::claim{.key = client(1), .quota = quota(1000, s)},
                            sallyport::claim{.key = client(1), .quota = quota(300, 100 * ms)},
                            sallyport::claim{.key = client(1), .quota = quota(50'000, 100 * s)},
                            sallyport::claim{.key = client(1), .quota = quota(900'000, 9000 * s)}};
    for (std::size_t const windows : {1U, 4U}) {
        auto const asked = std::span<sallyport::claim const>(claims).first(windows);
        auto const start = static_cast<std::int64_t>(windows) * 3600 * s;
        REQUIRE(limiter.take(asked, at(start)).outcome == verdict::admitted);
        auto const before = bytes;
        for (int i = 1; i < 5000; ++i) {
            auto const taken = limiter.take(asked, at(start + i * ms / 4));
            if (i % 3 == 0) limiter.give_back(client(1), 1, taken.receipt);
        }
        CHECK(bytes == before);
    }
}

namespace {

/// Bytes that a key asks for, in the mean of so many.
template <class Limiter>
std::size_t bytes_a_key(int limit, sallyport::rate_key (*key)(std::uint32_t) = client) {
    constexpr std::uint32_t keys = 2000 / haste;
    Limiter limiter;
    std::size_t used = 0;
    for (std::uint32_t i = 0; i < keys; ++i) {
        sallyport::claim const asked{.key = key(i), .quota = quota(limit, s)};
        auto const before = bytes;
        REQUIRE(admitted(limiter, asked, 0, 1) == 1);
        used += bytes - before;
        auto const held = bytes;
        REQUIRE(admitted(limiter, asked, 0, limit) == limit - 1);
        REQUIRE(bytes == held);
    }
    return used / keys;
}

}  // namespace

TEST_CASE("a live key takes eight bytes for each unit of its limit and few more; in a compact log, four") {
    for (int const limit : {1, 20, 100, 1000}) {
        for (auto* const key : {client, stranger}) {
            auto const units = static_cast<std::size_t>(limit);
            CHECK(bytes_a_key<sallyport::sliding_log>(limit, key) <= 8 * units + 50);
            CHECK(bytes_a_key<sallyport::compact_sliding_log>(limit, key) <= 4 * units + 50);
        }
    }
}

TEST_CASE("a limit that is not used takes little memory, however high") {
    sallyport::sliding_log limiter;
    auto const before = bytes;
    sallyport::claim const asked{.key = client(1), .quota = quota(1'000'000, s)};
    REQUIRE(admitted(limiter, asked, 0, 500) == 500);
    for (int i = 0; i < 20'000; ++i) REQUIRE(passes(limiter, asked, i * 2 * ms));
    CHECK(bytes - before < 10'000);
}

TEST_CASE("what a forgotten key held is given back") {
    sallyport::sliding_log limiter({.max_clients = 2000});
    auto const one = [](std::uint32_t number) {
        return sallyport::claim{.key = client(number), .quota = quota(50, s)};
    };
    std::ptrdiff_t most = 0;
    std::size_t asked = 0;
    for (std::uint32_t i = 0; i < 100'000 / haste; ++i) {
        REQUIRE(passes(limiter, one(i), i * 10 * ms));
        if (i != 10'000) continue;
        most = blocks;
        asked = bytes;
    }
    CHECK(blocks <= most + 200);
    CHECK(bytes <= asked + 200 * (8 * 50 + 50));
    CHECK(limiter.size() < 1200);
}

namespace {

/// A table has room for its capacity, and for some more in each part of it, since keys fall unevenly.
void asks_for_its_keys_alone(std::uint32_t invented) {
    constexpr std::uint32_t capacity = 10'000;
    sallyport::sliding_log limiter({.max_clients = capacity, .max_unproven = capacity});
    auto const before = bytes;
    for (std::uint32_t i = 0; i < invented; ++i) {
        for (auto const& key : {client(i), stranger(i)}) {
            static_cast<void>(take(limiter, {.key = key, .quota = quota(1, s)}, i * ms / 20));
        }
    }
    CHECK(limiter.size() > capacity);
    CHECK(bytes - before > limiter.size() * 8);
    CHECK(bytes - before <= 2 * (capacity + capacity / 2) * (8 + 50));
}

}  // namespace

TEST_CASE("100,000 invented keys of each kind take the memory of those that there is room for") {
    asks_for_its_keys_alone(100'000 / haste);
}

TEST_CASE("10,000,000 invented keys of each kind take the memory of those that there is room for", "[.long]") {
    asks_for_its_keys_alone(10'000'000 / haste);
}

TEST_CASE("a used-up limit above 1,024 takes eight bytes a unit and few more, what it outgrew less than twice that") {
    for (std::uint32_t const limit : {1025U, 1500U, 2049U, 6000U, 16'385U}) {
        sallyport::sliding_log limiter;
        std::size_t newest = 0;
        std::size_t outgrown = 0;
        for (std::uint32_t i = 0; i < limit; ++i) {
            auto const before = bytes;
            static_cast<void>(take(limiter, {.key = client(1), .quota = quota(limit, s)}, 0));
            if (bytes == before) continue;
            outgrown += newest;
            newest = bytes - before;
        }
        CHECK(newest >= 8 * limit);
        CHECK(newest <= 8 * limit + 50);
        CHECK(outgrown < 2 * newest);
        CHECK(used(limiter, {.key = client(1), .quota = quota(limit, s)}, 0) == limit);
    }
}

TEMPLATE_TEST_CASE("to give back to a key that is not known takes no memory", "", sallyport::sliding_log,
                   sallyport::compact_sliding_log, sallyport::sliding_counter) {
    TestType limiter({.max_clients = 10});
    auto const before = bytes;
    CHECK_FALSE(limiter.give_back(client(1), 1, {.stamp = at(0)}));
    CHECK(bytes == before);
}

TEST_CASE("what a key has outgrown is for others: many used-up limits take eight bytes a unit and 64 more each") {
    constexpr std::size_t limit = 2049;
    constexpr std::size_t keys = 640;
    constexpr std::size_t parts = 64;  // of the table, each with spare blocks of its own
    sallyport::sliding_log limiter;
    auto const before = bytes;
    for (std::uint32_t i = 0; i < keys; ++i) {
        auto const asked = sallyport::claim{.key = client(i), .quota = quota(limit, s), .cost = 3};
        static_cast<void>(admitted(limiter, asked, 0, limit / 3));
    }
    CHECK(bytes - before >= keys * 8 * limit);
    CHECK(bytes - before <= keys * (8 * limit + 64) + parts * 2 * (8 * limit + 64));
}
