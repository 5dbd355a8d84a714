// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/crypto/multilinear_hash.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

using hash_type = sallyport::crypto::multilinear_hash<3>;

TEST_CASE("a multilinear hash depends on every bit of the key, and on a key of its own") {
    hash_type const hash;
    std::array<std::uint32_t, 3> const key{1, 2, 3};
    CHECK(hash(key) == hash(key));
    CHECK(hash(key) == hash_type(hash)(key));
    int same = 0;
    for (std::size_t bit = 0; bit < 96; ++bit) {
        auto other = key;
        other[bit / 32] ^= std::uint32_t{1} << (bit % 32);
        same += hash(other) == hash(key);
    }
    CHECK(same == 0);
    std::unordered_set<std::uint32_t> seen;
    for (int i = 0; i < 100; ++i) seen.insert(hash_type()(key));
    CHECK(seen.size() > 90);
}

TEST_CASE("keys in a row are spread as if at random, by any part of their hashes") {
    constexpr std::size_t keys = 64'000;
    for (int run = 0; run < 50; ++run) {
        hash_type const hash;
        for (unsigned const shift : {26U, 13U, 0U}) {
            std::vector<int> in_place(64);
            for (std::uint32_t i = 0; i < keys; ++i) ++in_place[hash({i, 7, 0}) >> shift & 63];
            // 1,000 in each, and 10 standard deviations.
            auto const [least, most] = std::minmax_element(in_place.begin(), in_place.end());
            REQUIRE(*least > 680);
            REQUIRE(*most < 1320);
        }
    }
}
