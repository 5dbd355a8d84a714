// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/credential/sha256_scheme.hpp>
#include <sallyport/store/decoy_mix.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sp = sallyport;

namespace {

using secrets = std::vector<sp::stored_secret>;

constexpr sp::crypto::siphash_key key{1, 2};

sp::stored_secret secret_of(std::string_view scheme, std::uint32_t cost = 1, std::size_t salt = 0) {
    auto form = sp::sha256_scheme::store("anything");
    form.scheme = scheme;
    form.cost[0] = cost;
    for (std::size_t i = 0; i < salt; ++i) REQUIRE(form.salt.push_back(7));
    return {.hash = form};
}

sp::uuid id_of(std::uint32_t number) {
    sp::uuid::bytes_type bytes{};
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return sp::uuid(bytes);
}

void add(sp::decoy_mix& to, secrets const& of, int times = 1) {
    for (int i = 0; i < times; ++i) to.add(to.find(of));
}
void remove(sp::decoy_mix& from, secrets const& of) { from.remove(from.find(of)); }

/// Of how many ids the decoys begin with this scheme.
std::size_t drawn(sp::decoy_mix const& from, std::string_view scheme, std::uint32_t ids) {
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < ids; ++i) count += from.draw(id_of(i))->front().hash.scheme == scheme;
    return count;
}

}  // namespace

TEST_CASE("there are no decoys where no record has a secret") {
    sp::decoy_mix mix(key);
    CHECK(mix.draw(id_of(1)) == nullptr);
    add(mix, {});
    CHECK(mix.draw(id_of(1)) == nullptr);
    add(mix, {secret_of("a")});
    CHECK(mix.draw(id_of(1)) != nullptr);
    remove(mix, {secret_of("a")});
    CHECK(mix.draw(id_of(1)) == nullptr);
}

TEST_CASE("a decoy has the scheme, the costs and the sizes of a secret, and nobody's digest") {
    sp::decoy_mix mix(key);
    secrets const of{secret_of("a", 5, 16), secret_of("b", 3)};
    add(mix, of);
    auto const decoys = mix.draw(id_of(1));
    REQUIRE(decoys->size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        auto const& decoy = (*decoys)[i].hash;
        CHECK(decoy.scheme == of[i].hash.scheme);
        CHECK(decoy.cost == of[i].hash.cost);
        CHECK(decoy.salt.size() == of[i].hash.salt.size());
        CHECK(decoy.digest.size() == of[i].hash.digest.size());
        CHECK(std::all_of(decoy.digest.begin(), decoy.digest.end(), [](auto byte) { return byte == 0; }));
    }
}

TEST_CASE("ids have the profiles of the records, in their proportion, however rare one is") {
    sp::decoy_mix mix(key);
    add(mix, {secret_of("often")}, 700);
    add(mix, {secret_of("seldom"), secret_of("seldom")}, 299);
    add(mix, {secret_of("rare")}, 1);
    constexpr std::uint32_t ids = 100'000;
    auto const is_near = [&](std::string_view scheme, double share) {
        auto const expected = share * ids;
        auto const sigma = std::sqrt(expected * (1 - share));
        CHECK(std::abs(static_cast<double>(drawn(mix, scheme, ids)) - expected) < 5 * sigma);
    };
    is_near("often", 0.7);
    is_near("seldom", 0.299);
    is_near("rare", 0.001);
}

TEST_CASE("a profile is how many secrets, of which schemes, at which costs; their order is none of it") {
    sp::decoy_mix one(key);
    sp::decoy_mix other(key);
    add(one, {secret_of("a"), secret_of("b")}, 3);
    add(one, {secret_of("b"), secret_of("a")}, 4);
    add(one, {secret_of("a")});
    add(other, {secret_of("a"), secret_of("b")}, 7);
    add(other, {secret_of("a")});
    for (std::uint32_t i = 0; i < 1000; ++i) CHECK(one.draw(id_of(i))->size() == other.draw(id_of(i))->size());

    sp::decoy_mix costs(key);
    add(costs, {secret_of("a", 1)});
    add(costs, {secret_of("a", 2)});
    std::array<std::size_t, 3> seen{};
    for (std::uint32_t i = 0; i < 1000; ++i) ++seen[costs.draw(id_of(i))->front().hash.cost[0]];
    CHECK(seen[1] > 400);
    CHECK(seen[2] > 400);
}

TEST_CASE("a decoy names a key that some record names, and no other once that is gone") {
    auto const under = [](std::uint8_t key_name) {
        auto stored = secret_of("keyed");
        stored.hash.salt_names_key = true;
        REQUIRE(stored.hash.salt.push_back(key_name));
        return secrets{stored};
    };
    sp::decoy_mix mix(key);
    add(mix, under('1'));
    add(mix, under('2'));
    remove(mix, under('1'));
    for (std::uint32_t i = 0; i < 100; ++i) CHECK(mix.draw(id_of(i))->front().hash.salt[0] == '2');
}

TEST_CASE("the draw is the same for every store of one key and one mix, whatever came and went before") {
    sp::decoy_mix one(key);
    sp::decoy_mix other(key);
    sp::decoy_mix keyed_otherwise(sp::crypto::siphash_key{3, 4});
    for (auto* mix : {&one, &other, &keyed_otherwise}) {
        add(*mix, {secret_of("a")}, 5);
        if (mix == &other) add(*mix, {secret_of("gone")}, 2);
        add(*mix, {secret_of("b")}, 5);
    }
    remove(other, {secret_of("gone")});
    remove(other, {secret_of("gone")});
    std::size_t different = 0;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        auto const& scheme = one.draw(id_of(i))->front().hash.scheme;
        REQUIRE(other.draw(id_of(i))->front().hash.scheme == scheme);
        different += keyed_otherwise.draw(id_of(i))->front().hash.scheme != scheme;
    }
    CHECK(different > 300);
}

TEST_CASE("when the mix changes, ids move to what has grown alone, and no more of them than must") {
    constexpr std::uint32_t ids = 20'000;
    sp::decoy_mix mix(key);
    add(mix, {secret_of("a")}, 50);
    add(mix, {secret_of("b")}, 40);
    std::vector<std::string_view> before;
    for (std::uint32_t i = 0; i < ids; ++i) before.push_back(mix.draw(id_of(i))->front().hash.scheme);
    add(mix, {secret_of("c")}, 10);
    std::size_t moved = 0;
    for (std::uint32_t i = 0; i < ids; ++i) {
        auto const now = mix.draw(id_of(i))->front().hash.scheme;
        if (now == before[i]) continue;
        ++moved;
        REQUIRE(now == "c");
    }
    CHECK(std::abs(static_cast<double>(moved) - 0.1 * ids) < 5 * std::sqrt(0.1 * 0.9 * ids));
}
