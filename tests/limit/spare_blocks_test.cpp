// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/limit/spare_blocks.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <set>

namespace {

struct block {
    std::uint32_t size = 0;
    std::array<block*, 2> links{};

    std::uint32_t capacity() const { return size; }
    block* next_spare() const { return links[0]; }
    block* next_list() const { return links[1]; }
    void set_next_spare(block* next) { links[0] = next; }
    void set_next_list(block* next) { links[1] = next; }
};

}  // namespace

TEST_CASE("a spare block is taken if it is large enough and not far too large, and each but once") {
    std::mt19937 random(1);
    std::array<block, 300> blocks{};
    for (auto& each : blocks) each.size = std::array{1U, 2U, 3U, 20U, 41U, 100U, 1000U}[random() % 7];
    sallyport::spare_blocks<block> spare;
    std::set<block*> free, taken;
    for (auto& each : blocks) taken.insert(&each);
    std::size_t found = 0, missed = 0;
    for (int i = 0; i < 30'000; ++i) {
        if (random() % 2 == 0 && !taken.empty()) {
            auto const at = std::next(taken.begin(), static_cast<std::ptrdiff_t>(random() % taken.size()));
            spare.give_back(**at);
            free.insert(*at);
            taken.erase(at);
            continue;
        }
        auto const wanted = static_cast<std::uint32_t>(1 + random() % 120);
        auto const fits = [wanted](block const* each) { return each->size >= wanted && each->size / 2 <= wanted; };
        auto* const got = spare.take(wanted);
        if (!got) {
            for (auto const* each : free) REQUIRE_FALSE(fits(each));
            ++missed;
            continue;
        }
        REQUIRE(fits(got));
        REQUIRE(free.erase(got) == 1);
        taken.insert(got);
        ++found;
    }
    CHECK(found > 1000);
    CHECK(missed > 1000);
    while (auto* const rest = spare.take_any()) REQUIRE(free.erase(rest) == 1);
    CHECK(free.empty());
}
