// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/crypto/random.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

using namespace sallyport::crypto;

TEST_CASE("two random fills differ") {
    std::array<std::uint8_t, 32> first{};
    std::array<std::uint8_t, 32> second{};
    REQUIRE(fill_random(first));
    REQUIRE(fill_random(second));
    CHECK(first != second);
}

TEST_CASE("a random fill reaches every byte that it is given, and no other") {
    for (std::size_t size : {0u, 1u, 2u, 15u, 16u, 17u, 255u, 256u, 257u, 5000u}) {
        CAPTURE(size);
        std::vector<std::uint8_t> memory(size + 2, 0);
        auto const inside = std::span{memory}.subspan(1, size);
        std::vector<bool> touched(size, false);
        for (int draw = 0; draw < 20; ++draw) {  // that a byte is zero 20 times is less likely than 2^-159
            REQUIRE(fill_random(inside));
            std::transform(inside.begin(), inside.end(), touched.begin(), touched.begin(),
                           [](std::uint8_t byte, bool before) { return before || byte != 0; });
        }
        CHECK(std::count(touched.begin(), touched.end(), false) == 0);
        CHECK(memory.front() == 0);
        CHECK(memory.back() == 0);
    }
}

TEST_CASE("a random byte takes all its values") {
    std::vector<std::uint8_t> bytes(1 << 16);
    REQUIRE(fill_random(bytes));
    CHECK(std::set<std::uint8_t>(bytes.begin(), bytes.end()).size() == 256);  // one missing: less likely than 2^-361
}

TEST_CASE("no hash key is drawn twice") {
    std::set<std::pair<std::uint64_t, std::uint64_t>> keys;
    for (int i = 0; i < 1000; ++i) {
        siphash_key const key = random_siphash_key();
        keys.emplace(key.k0, key.k1);
    }
    CHECK(keys.size() == 1000);
}
