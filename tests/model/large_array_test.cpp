// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/model/large_array.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <new>
#include <string>
#include <utility>

using sallyport::large_array;

namespace {

struct alignas(64) line {
    std::atomic<std::uint64_t> word;
};

/// What the system has given this program, in bytes; 0 if it doesn't say.
std::size_t resident() {
    std::ifstream file("/proc/self/statm");
    std::size_t pages = 0, given = 0;
    file >> pages >> given;
    return given * 4096;
}

}  // namespace

TEST_CASE("an array of any size begins as zeros, each element at its place") {
    for (std::size_t const size : {std::size_t{0}, std::size_t{1}, std::size_t{1000}, std::size_t{32768},
                                   std::size_t{32769}, std::size_t{100'000}}) {
        large_array<line> const lines(size);
        REQUIRE(lines.size() == size);
        CHECK(reinterpret_cast<std::uintptr_t>(lines.data()) % alignof(line) == 0);
        std::uint64_t set = 0;
        for (std::size_t i = 0; i < size; ++i) set |= lines[i].word.exchange(i + 1);
        CHECK(set == 0);
        std::size_t kept = 0;
        for (std::size_t i = 0; i < size; ++i) kept += lines[i].word == i + 1 ? 1 : 0;
        CHECK(kept == size);
    }
}

#if defined(__linux__)
TEST_CASE("what is large lies where huge pages can") {
    large_array<char> const large((std::size_t{2} << 20) + 1);
    CHECK(reinterpret_cast<std::uintptr_t>(large.data()) % (std::size_t{1} << 21) == 0);
}
#endif

TEST_CASE("memory is given as it is used, and back at the end") {
    auto const before = resident();
    if (before == 0) return;
    constexpr std::size_t gibibyte = std::size_t{1} << 30;
    {
        large_array<char> const large(gibibyte);
        for (std::size_t i = 0; i < gibibyte; i += gibibyte / 4) large[i] = 1;
        CHECK(resident() < before + (std::size_t{16} << 20));
    }
    for (int i = 0; i < 100; ++i) {
        large_array<char> const large(std::size_t{4} << 20);
        for (std::size_t at = 0; at < large.size(); at += 4096) large[at] = 1;
    }
    CHECK(resident() < before + (std::size_t{16} << 20));
}

TEST_CASE("an array that was moved is the same; one that it is assigned to gives back what it had") {
    large_array<int> small(10);
    large_array<int> large(std::size_t{1} << 20);
    small[9] = 9;
    large[1000] = 7;
    auto const* const at = large.data();
    small = std::move(large);
    CHECK(small.data() == at);
    CHECK(small[1000] == 7);
    CHECK(large.size() == 0);
    large_array<int> const last(std::move(small));
    CHECK(last[1000] == 7);
    CHECK(small.data() == nullptr);
}

TEST_CASE("more than there can be is refused") {
    CHECK_THROWS_AS(large_array<line>(static_cast<std::size_t>(-1) / 64), std::bad_alloc);
    CHECK_THROWS_AS(large_array<char>(static_cast<std::size_t>(-1) / 2), std::bad_alloc);
}
