// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/crypto/constant_time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

using namespace sallyport::crypto;

namespace {

constexpr std::array<std::uint8_t, 3> abc{'a', 'b', 'c'};
constexpr std::array<std::uint8_t, 3> abd{'a', 'b', 'd'};
static_assert(constant_time_equal(abc, abc));
static_assert(!constant_time_equal(abc, abd));
static_assert(!constant_time_equal(abc, std::span{abc}.first(2)));
static_assert(constant_time_equal({}, {}));
static_assert(value_barrier(7u) == 7u);

constexpr std::array<std::uint8_t, 33> zeros{};
constexpr std::array<std::uint8_t, 33> late_one = [] {
    auto bytes = zeros;
    bytes.back() = 1;
    return bytes;
}();
static_assert(constant_time_equal(zeros, zeros) && !constant_time_equal(zeros, late_one));

}  // namespace

TEST_CASE("constant_time_equal sees every single differing bit") {
    for (std::size_t size = 1; size <= 65; ++size) {
        std::vector<std::uint8_t> const a(size, 0xa5);
        std::vector<std::uint8_t> b = a;
        REQUIRE(constant_time_equal(a, b));
        for (std::size_t bit = 0; bit < 8 * size; ++bit) {
            auto const mask = static_cast<std::uint8_t>(1u << (bit % 8));
            b[bit / 8] ^= mask;
            REQUIRE_FALSE(constant_time_equal(a, b));
            REQUIRE_FALSE(constant_time_equal(b, a));
            b[bit / 8] ^= mask;
        }
    }
}

TEST_CASE("two differences never cancel each other out") {
    for (std::size_t const size : {8u, 32u, 50u}) {  // bytes, blocks, and blocks of which the last two overlap
        std::vector<std::uint8_t> const a(size, 0);
        for (std::size_t first = 0; first < size; ++first) {
            for (std::size_t second = first + 1; second < size; ++second) {
                std::vector<std::uint8_t> b = a;
                b[first] = b[second] = 0xff;
                REQUIRE_FALSE(constant_time_equal(a, b));
            }
        }
    }
}

TEST_CASE("strings of unequal length are never equal, whichever is the longer") {
    std::vector<std::uint8_t> const same(40, 0);
    std::span<std::uint8_t const> const all{same};
    for (std::size_t a = 0; a <= all.size(); ++a) {
        for (std::size_t b = 0; b <= all.size(); ++b) {
            REQUIRE(constant_time_equal(all.first(a), all.first(b)) == (a == b));
        }
    }
}

TEMPLATE_TEST_CASE("a value is the same behind the barrier", "", bool, std::uint8_t, std::uint16_t, std::uint32_t,
                   std::uint64_t) {
    CHECK(value_barrier(TestType{0}) == TestType{0});
    CHECK(value_barrier(TestType{1}) == TestType{1});
    CHECK(value_barrier(std::numeric_limits<TestType>::max()) == std::numeric_limits<TestType>::max());
}
