// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/credential/sha256_scheme.hpp>
#include <sallyport/credential/verified_cache.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace sp = sallyport;
using namespace std::chrono_literals;

namespace {

constexpr sp::steady_time start{1000s};

sp::uuid id_of(std::uint32_t number) {
    sp::uuid::bytes_type bytes{};
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return sp::uuid(bytes);
}

sp::verified_cache::tag tag_of(sp::verified_cache const& cache, std::uint32_t number) {
    return cache.tag_of(id_of(number), "secret", sp::sha256_scheme::store("secret"));
}

}  // namespace

TEST_CASE("what was inserted is found until its time is over") {
    sp::verified_cache cache;
    auto const tag = tag_of(cache, 1);
    CHECK_FALSE(cache.contains(tag, start));
    cache.insert(tag, start);
    CHECK(cache.contains(tag, start));
    CHECK_FALSE(cache.contains(tag_of(cache, 2), start));
    CHECK(cache.contains(tag, start + 24h - 1ns));
    CHECK_FALSE(cache.contains(tag, start + 24h));
    CHECK(cache.contains(tag, start - 1h));
    cache.insert(tag, start + 12h);
    CHECK(cache.contains(tag, start + 24h));
    cache.clear();
    CHECK_FALSE(cache.contains(tag, start));
}

TEST_CASE("a tag depends on the client, on the secret and on every part of the stored form") {
    sp::verified_cache const cache;
    auto const form = [](std::string_view scheme, std::uint32_t cost, std::vector<std::uint8_t> const& salt,
                         std::vector<std::uint8_t> const& digest) {
        sp::hash_form made{.scheme = scheme, .cost = {cost, 1, 1}};
        for (auto const byte : salt) REQUIRE(made.salt.push_back(byte));
        for (auto const byte : digest) REQUIRE(made.digest.push_back(byte));
        return made;
    };
    auto const plain = form("s", 1, {1}, {2});
    auto second = plain;
    second.cost[1] = 2;
    auto third = plain;
    third.cost[2] = 2;
    std::set<sp::verified_cache::tag> const seen{
        cache.tag_of(id_of(1), "secret", plain),
        cache.tag_of(id_of(2), "secret", plain),
        cache.tag_of(id_of(1), "secre", plain),
        cache.tag_of(id_of(1), "sekret", plain),
        cache.tag_of(id_of(1), "secret", second),
        cache.tag_of(id_of(1), "secret", third),
        cache.tag_of(id_of(1), "secrets", plain),
        cache.tag_of(id_of(1), std::string_view("secret\0", 7), plain),
        cache.tag_of(id_of(1), "", plain),
        cache.tag_of(id_of(1), "secret", form("t", 1, {1}, {2})),
        cache.tag_of(id_of(1), "secret", form("ss", 1, {1}, {2})),
        cache.tag_of(id_of(1), "secret", form("s", 2, {1}, {2})),
        cache.tag_of(id_of(1), "secret", form("s", 1, {2}, {2})),
        cache.tag_of(id_of(1), "secret", form("s", 1, {1}, {3})),
        cache.tag_of(id_of(1), "secret", form("s", 1, {}, {1, 2})),
        cache.tag_of(id_of(1), "secret", form("s", 1, {1, 2}, {})),
        // What moves from one part to the next is another thing.
        cache.tag_of(id_of(1), "2secret", form("", 1, {'s'}, {1})),
        cache.tag_of(id_of(1), "ecret", form("s", 1, {1}, {2, 's'})),
    };
    CHECK(seen.size() == 18);
    CHECK(cache.tag_of(id_of(1), "secret", plain) == cache.tag_of(id_of(1), "secret", plain));
}

TEST_CASE("each cache has a key of its own, so a tag says nothing outside of it") {
    sp::verified_cache const one;
    sp::verified_cache const other;
    CHECK(tag_of(one, 1) != tag_of(other, 1));
}

TEST_CASE("texts as long as anything may be are tagged") {
    sp::verified_cache const cache;
    sp::hash_form longest{.scheme = "a scheme of a name that is just as long as sixty-four characters"};
    while (longest.salt.push_back(1)) {
    }
    while (longest.digest.push_back(2)) {
    }
    std::string const secret(std::size_t{4096}, 'x');
    CHECK(cache.tag_of(id_of(1), secret, longest) != cache.tag_of(id_of(1), secret.substr(1), longest));
}

TEST_CASE("a full cache holds the newest, and never more than its capacity") {
    sp::verified_cache cache(sp::verified_cache::options{.capacity = 700});
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        cache.insert(tag_of(cache, i), start + i * 1ms);
        REQUIRE(cache.contains(tag_of(cache, i), start + i * 1ms));
    }
    std::size_t held = 0;
    for (std::uint32_t i = 0; i < 10'000; ++i) held += cache.contains(tag_of(cache, i), start + 10s);
    CHECK(held == 700);
}

TEST_CASE("a proof that is there already takes no second place") {
    sp::verified_cache cache(sp::verified_cache::options{.capacity = 7});
    for (std::uint32_t i = 0; i < 7; ++i) cache.insert(tag_of(cache, i), start + i * 1s);
    for (int i = 0; i < 100; ++i) cache.insert(tag_of(cache, 6), start + 10s);
    for (std::uint32_t i = 0; i < 7; ++i) CHECK(cache.contains(tag_of(cache, i), start + 10s));
}

TEST_CASE("readers see what is there, and nothing else, while others write beside it") {
    sp::verified_cache cache(sp::verified_cache::options{.capacity = 7, .max_age = 1h});
    auto const kept = tag_of(cache, 0);
    auto const never = tag_of(cache, 1);
    cache.insert(kept, start + 1h);
    std::atomic<bool> stop{false};
    std::atomic<int> wrong{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; ++i) {
        readers.emplace_back([&] {
            while (!stop) {
                wrong += !cache.contains(kept, start + 1h);
                wrong += cache.contains(never, start);
            }
        });
    }
    // The others grow old sooner, so it is among them that places change hands.
    for (std::uint32_t i = 2; i < 20'000; ++i) cache.insert(tag_of(cache, i), start + (i % 1000) * 1s);
    stop = true;
    for (auto& each : readers) each.join();
    CHECK(wrong == 0);
}
