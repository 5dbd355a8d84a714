// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/model/client.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

using sallyport::secret_list;
using sallyport::stored_secret;

namespace {

stored_secret secret_of(std::uint32_t cost) { return {.hash = {.scheme = "a scheme", .cost = {cost, 0, 0}}}; }

bool are_same(secret_list const& tested, std::vector<stored_secret> const& model) {
    auto const same = [](stored_secret const& a, stored_secret const& b) { return a.hash.cost == b.hash.cost; };
    return tested.size() == model.size() && tested.empty() == model.empty() &&
           std::equal(tested.begin(), tested.end(), model.begin(), model.end(), same);
}

constexpr std::size_t size_after_two() {
    secret_list made{stored_secret{}};
    made.push_back(stored_secret{});
    auto const copy = made;
    return copy.size();
}
static_assert(size_after_two() == 2);
static_assert(secret_list().empty());

}  // namespace

TEST_CASE("one secret lies within its record, and several lie side by side") {
    sallyport::client_record<sallyport::reach, sallyport::reach> record;
    record.secrets.push_back(secret_of(1));
    auto const at = reinterpret_cast<std::uintptr_t>(record.secrets.data());
    auto const of_record = reinterpret_cast<std::uintptr_t>(&record);
    CHECK((at > of_record && at + sizeof(stored_secret) <= of_record + sizeof(record)));

    record.secrets.push_back(record.secrets.front());
    std::span<stored_secret const> const seen = std::as_const(record).secrets;
    CHECK(seen.size() == 2);
    CHECK(seen[1].hash.cost[0] == 1);
}

TEST_CASE("a list of secrets is what a vector of them would be") {
    std::mt19937 random(1);
    secret_list tested;
    std::vector<stored_secret> model;
    for (std::uint32_t step = 0; step < 20'000; ++step) {
        switch (random() % 8) {
            case 0:
            case 1:
            case 2:
                tested.push_back(secret_of(step));
                model.push_back(secret_of(step));
                break;
            case 3: {
                auto const odd = [](stored_secret const& each) { return each.hash.cost[0] % 2 == 1; };
                REQUIRE(erase_if(tested, odd) == std::erase_if(model, odd));
                break;
            }
            case 4:
                if (model.empty()) break;
                tested[model.size() - 1].hash.cost[0] = step;
                model.back().hash.cost[0] = step;
                break;
            case 5: {
                auto copy = tested;
                tested = secret_list();
                REQUIRE(are_same(copy, model));
                tested = std::move(copy);
                break;
            }
            case 6:
                if (model.size() < 4) break;
                tested = {secret_of(step)};
                model = {secret_of(step)};
                break;
            case 7:
                tested = model;
                if (random() % 8 > 0) break;
                tested.clear();
                model.clear();
                break;
        }
        REQUIRE(are_same(tested, model));
    }
}

TEST_CASE("a list that was moved from is empty") {
    for (std::uint32_t held = 1; held <= 2; ++held) {
        secret_list from;
        for (std::uint32_t i = 0; i < held; ++i) from.push_back(secret_of(i));
        auto const taken = std::move(from);
        CHECK(taken.size() == held);
        CHECK(from.empty());
        from.push_back(secret_of(7));
        secret_list assigned{secret_of(1), secret_of(2)};
        assigned = std::move(from);
        CHECK(assigned.size() == 1);
        CHECK(from.empty());
    }
}
