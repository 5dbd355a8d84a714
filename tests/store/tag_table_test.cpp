// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "../sanitizer.hpp"

#include <sallyport/store/tag_table.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace sp = sallyport;

namespace {

struct entry {
    std::uint64_t key;
    int version = 0;
};

using table = sp::tag_table<entry>;
using hash_function = std::function<std::uint64_t(std::uint64_t)>;

std::uint64_t spread(std::uint64_t key) {
    std::mt19937_64 random(key);
    return random();
}

/// Hashes under which keys collide: in all bits, in their group, in their tag, or in all but a bit of the tag.
std::vector<hash_function> hash_functions() {
    return {spread,
            [](auto) { return std::uint64_t{0}; },
            [](auto) { return ~std::uint64_t{0}; },
            [](auto key) { return key & 0xff; },
            [](auto key) { return spread(key) << 32; },
            [](auto key) { return std::uint64_t{0xffffffff} << 32 | (key & 1); },
            [](auto key) { return key << 48 | 1; }};
}

entry const* find(table const& in, hash_function const& hash, std::uint64_t key) {
    return in.find(hash(key), [key](entry const& each) { return each.key == key; });
}

/// The table that takes a full one's place.
std::unique_ptr<table> larger(table const& than, hash_function const& hash) {
    auto made = std::make_unique<table>(than.size() + than.size() / 2 + 1);
    than.for_each([&](entry const& each) { made->insert(hash(each.key), each); });
    return made;
}

}  // namespace

TEST_CASE("a table says what a map says, whatever collides and whatever came and went: a model agrees") {
    for (auto const& hash : hash_functions()) {
        std::mt19937_64 random(1);
        std::deque<entry> entries;
        std::map<std::uint64_t, entry const*> model;
        auto tested = std::make_unique<table>(0);
        for (int step = 0; step < 20'000 / haste; ++step) {
            auto const key = random() % 150;
            auto const known = model.find(key);
            auto const choice = random() % (step / 1000 % 2 ? 5 : 3);  // it grows, and shrinks again
            if (known == model.end() && choice < 2) {
                if (tested->is_full()) tested = larger(*tested, hash);
                auto const& made = entries.emplace_back(entry{key, step});
                tested->insert(hash(key), made);
                model[key] = &made;
            } else if (known != model.end() && choice < 2) {
                auto const& made = entries.emplace_back(entry{key, step});
                tested->exchange(hash(key), *known->second, made);
                known->second = &made;
            } else if (known != model.end()) {
                tested->erase(hash(key), *known->second);
                model.erase(known);
            }
            auto const asked = random() % 200;
            auto const expected = model.find(asked);
            if (find(*tested, hash, asked) != (expected == model.end() ? nullptr : expected->second)) {
                FAIL("key " << asked << " after " << step << " steps");
            }
        }
        REQUIRE(tested->size() == model.size());
        std::map<std::uint64_t, entry const*> listed;
        tested->for_each([&](entry const& each) { listed[each.key] = &each; });
        CHECK(listed == model);
    }
}

TEST_CASE("who is not there is looked for like who is: at one entry, or those few of the same tag in the same group") {
    std::vector<entry> entries;
    for (std::uint64_t key = 0; key < 10'000; ++key) entries.push_back({key});
    table tested(entries.size());
    for (auto const& each : entries) tested.insert(spread(each.key), each);
    std::size_t looked_at = 0;
    for (std::uint64_t key = 10'000; key < 30'000; ++key) {
        tested.find(spread(key), [&](entry const&) {
            ++looked_at;
            return false;
        });
    }
    CHECK(looked_at > 20'000 - 20'000 / 20);
    CHECK(looked_at < 20'000 + 20'000 / 10);
}

TEST_CASE("so is who is not there once many have gone, from full groups and from others") {
    std::deque<entry> entries;
    table tested(3000);
    auto const insert = [&](std::uint64_t key) { tested.insert(spread(key), entries.emplace_back(entry{key})); };
    for (std::uint64_t key = 0; key < 3000; ++key) insert(key);
    for (std::uint64_t key = 3000; key < 9000 && !tested.is_full(); ++key) {
        tested.erase(spread(key - 3000), entries[key - 3000]);
        insert(key);
    }
    auto const there = entries.size();
    for (std::size_t i = there - 3000; i < there - 1000; ++i) tested.erase(spread(entries[i].key), entries[i]);
    REQUIRE(tested.size() == 1000);
    int never_asked = 0;
    for (std::uint64_t key = 100'000; key < 120'000; ++key) {
        bool asked = false;
        tested.find(spread(key), [&](entry const&) {
            asked = true;
            return false;
        });
        never_asked += !asked;
    }
    CHECK(never_asked == 0);
}

TEST_CASE("what was erased leaves no trace for long: a table that is used and used again is made anew, no larger") {
    hash_function const hash = spread;
    std::deque<entry> entries;
    auto tested = std::make_unique<table>(100);
    std::size_t made_anew = 0;
    for (std::uint64_t key = 0; key < 100'000; ++key) {
        if (tested->is_full()) {
            REQUIRE(tested->size() <= 100);
            tested = larger(*tested, hash);
            ++made_anew;
        }
        tested->insert(hash(key), entries.emplace_back(entry{key}));
        if (key >= 100) tested->erase(hash(key - 100), entries[key - 100]);
    }
    CHECK(made_anew > 0);
    CHECK(made_anew < 100'000 / 20);
    std::size_t found = 0;
    for (std::uint64_t key = 0; key < 100'000; ++key) found += find(*tested, hash, key) != nullptr;
    CHECK(found == 100);
}

TEST_CASE("a reader finds what is there throughout, and nothing else, while others come, go and change") {
    constexpr std::uint64_t staying = 40;
    for (auto const& hash : hash_functions()) {
        std::deque<entry> entries;
        table tested(400);
        std::vector<entry const*> newest;
        for (std::uint64_t key = 0; key < staying; ++key) {
            newest.push_back(&entries.emplace_back(entry{key}));
            tested.insert(hash(key), *newest.back());
        }
        std::atomic<bool> done{false};
        std::atomic<bool> wrong{false};
        std::atomic<int> rounds{0};
        auto const read = [&] {
            std::array<int, staying> seen{};
            while (!done) {
                for (std::uint64_t key = 0; key < staying; ++key) {
                    auto const* const found = find(tested, hash, key);
                    if (!found || found->key != key || found->version < seen[key]) wrong = true;
                    if (found) seen[key] = found->version;
                }
                for (std::uint64_t key = 1000; key < 1010; ++key) {
                    if (find(tested, hash, key)) wrong = true;
                }
                ++rounds;
            }
        };
        std::vector<std::thread> readers;
        for (int i = 0; i < 2; ++i) readers.emplace_back(read);
        for (int step = 1; step < 500 || rounds < 20; ++step) {
            std::vector<entry const*> passing;
            for (std::uint64_t key = 100; key < 120; ++key) {
                passing.push_back(&entries.emplace_back(entry{key, step}));
                tested.insert(hash(key), *passing.back());
            }
            auto const changed = static_cast<std::uint64_t>(step) % staying;
            auto const& fresh = entries.emplace_back(entry{changed, step});
            tested.exchange(hash(changed), *newest[changed], fresh);
            newest[changed] = &fresh;
            for (auto const* each : passing) tested.erase(hash(each->key), *each);
            if (step % 50 == 0) std::this_thread::yield();
            if (tested.is_full()) break;  // of traces
        }
        done = true;
        for (auto& each : readers) each.join();
        CHECK_FALSE(wrong);
    }
}
