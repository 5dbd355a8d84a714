// SPDX-License-Identifier: BSL-1.0
// memory_clients under change: against a model, and with readers under way.
#include "store_conformance.hpp"

#include <sallyport/store/memory_clients.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace store_conformance;
using sp::openpanel::clients;

namespace {

sp::uuid numbered(std::uint32_t number) {
    sp::uuid::bytes_type bytes{};
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
    bytes[6] = 0x40;
    bytes[8] = 0x80;
    return sp::uuid(bytes);
}

/// A record whose parts all tell its version.
client version(std::uint32_t number, std::uint32_t of) {
    auto const text = std::to_string(of);
    client made{.id = numbered(number), .level = level::read, .organization = text, .project = text};
    made.secrets.push_back({.hash = sp::sha256_scheme::store(text)});
    made.secrets[0].hash.work = 1 + of % 3;
    return made;
}

/// Which version a record is of; none if its parts differ on that.
std::optional<std::uint32_t> version_of(client const& record) {
    auto const text = std::string(record.project.view());
    auto const expected = sp::sha256_scheme::store(text);
    bool const whole = record.organization == text && record.secrets.size() == 1 &&
                       std::ranges::equal(record.secrets[0].hash.digest_bytes(), expected.digest_bytes());
    if (!whole) return std::nullopt;
    return static_cast<std::uint32_t>(std::stoul(text));
}

struct shown {
    std::uint32_t number;
    std::uint32_t version;
    sp::lookup<client> answer;
};

}  // namespace

TEST_CASE("a store shows what a map would, and answers what they answered, whatever comes after: a model agrees") {
    std::mt19937 random(1);
    clients store({}, {});
    std::map<std::uint32_t, std::uint32_t> model;
    std::map<std::string, std::string> organizations;
    std::vector<shown> kept;
    for (std::uint32_t step = 0; step < 20'000; ++step) {
        auto const number = static_cast<std::uint32_t>(random() % 200);
        bool const there = model.contains(number);
        switch (random() % 64 == 0 ? 3 : random() % 3) {
            case 0:
                REQUIRE(static_cast<bool>(store.insert(version(number, step))) == !there);
                model.emplace(number, step);
                break;
            case 1:
                REQUIRE(static_cast<bool>(store.update(version(number, step))) == there);
                if (there) model[number] = step;
                break;
            case 2:
                REQUIRE(store.erase(numbered(number)) == there);
                model.erase(number);
                break;
            default:
                client_list records;
                project_list listed;
                model.clear();
                organizations.clear();
                for (auto count = random() % 100; count > 0; --count) {
                    auto const each = static_cast<std::uint32_t>(random() % 200);
                    if (model.emplace(each, step).second) records.push_back(version(each, step));
                    auto const name = std::to_string(each);
                    if (organizations.emplace(name, "of " + name).second) listed.push_back({name, "of " + name});
                }
                REQUIRE(store.replace(std::move(records), std::move(listed)));
        }
        REQUIRE(store.size() == model.size());
        auto const asked = static_cast<std::uint32_t>(random() % 250);
        auto const project = std::to_string(random() % 250);
        auto answer = store.find(numbered(asked), project);
        auto const expected = model.find(asked);
        REQUIRE((answer.record() != nullptr) == (expected != model.end()));
        if (!answer.record()) continue;
        REQUIRE(version_of(*answer.record()) == expected->second);
        auto const organization = organizations.find(project);
        REQUIRE(answer.organization() == (organization == organizations.end() ? "" : organization->second));
        if (random() % 8 == 0) kept.push_back({asked, expected->second, std::move(answer)});
        if (random() % 512 == 0) kept.clear();
        if (kept.empty()) continue;
        auto const& old = kept[random() % kept.size()];
        REQUIRE(old.answer.record()->id == numbered(old.number));
        REQUIRE(version_of(*old.answer.record()) == old.version);
    }
}

TEST_CASE("no change is lost, and no reader sees half of one or an older after a newer") {
    constexpr std::uint32_t numbers = 16;
    constexpr std::uint32_t rounds = 400;
    client_list first;
    for (std::uint32_t i = 0; i < numbers; ++i) first.push_back(version(i, 0));
    clients store(std::move(first), {});
    std::atomic<bool> wrong{false};
    std::atomic<bool> done{false};
    auto const change = [&](std::uint32_t own) {  // every second number is one writer's
        for (std::uint32_t round = 1; round <= rounds; ++round) {
            for (auto number = own; number < numbers; number += 2) {
                if (!store.update(version(number, round))) wrong = true;
            }
        }
    };
    auto const read = [&](std::uint32_t seed) {
        std::mt19937 random(seed);
        std::vector<std::uint32_t> newest(numbers);
        std::vector<shown> kept;
        while (!done) {
            auto const number = static_cast<std::uint32_t>(random() % numbers);
            auto answer = store.find(numbered(number), "");
            auto const of = answer.record() ? version_of(*answer.record()) : std::nullopt;
            if (!of || *of < newest[number] || answer.record()->id != numbered(number)) {
                wrong = true;
                continue;
            }
            newest[number] = *of;
            if (random() % 4 == 0) kept.push_back({number, *of, std::move(answer)});
            if (kept.size() < 80) continue;  // more than there are places at first
            for (auto const& each : kept) {
                if (version_of(*each.answer.record()) != each.version) wrong = true;
            }
            kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(1 + random() % 79));
        }
    };
    std::vector<std::thread> readers;
    for (std::uint32_t i = 0; i < 2; ++i) readers.emplace_back(read, i);
    std::vector<std::thread> writers;
    for (std::uint32_t i = 0; i < 2; ++i) writers.emplace_back(change, i);
    for (auto& each : writers) each.join();
    done = true;
    for (auto& each : readers) each.join();
    CHECK_FALSE(wrong);
    for (std::uint32_t i = 0; i < numbers; ++i) CHECK(version_of(*store.find(numbered(i), "").record()) == rounds);
}

TEST_CASE("a store grows from none to many while readers look: who was there is found, and who was not isn't") {
    constexpr std::uint32_t last = 3000;
    clients store({}, {});
    std::atomic<std::uint32_t> inserted{0};
    std::atomic<bool> wrong{false};
    auto const read = [&](std::uint32_t seed) {
        std::mt19937 random(seed);
        while (inserted < last) {
            auto const known = inserted.load();
            auto const number = static_cast<std::uint32_t>(random() % (known + 1));
            auto const answer = store.find(numbered(number), "");
            if (number < known && (!answer.record() || version_of(*answer.record()) != number)) wrong = true;
            if (store.find(numbered(last + number), "").record()) wrong = true;
        }
    };
    std::vector<std::thread> readers;
    for (std::uint32_t i = 0; i < 2; ++i) readers.emplace_back(read, i);
    for (std::uint32_t number = 0; number < last; ++number) {
        if (!store.insert(version(number, number))) wrong = true;
        inserted = number + 1;
    }
    for (auto& each : readers) each.join();
    CHECK_FALSE(wrong);
    CHECK(store.size() == last);
    for (std::uint32_t number = 0; number < last; number += 2) CHECK(store.erase(numbered(number)));
    CHECK(store.size() == last / 2);
    for (std::uint32_t number = 0; number < last; ++number) {
        REQUIRE((store.find(numbered(number), "").record() != nullptr) == (number % 2 == 1));
    }
}

TEST_CASE("stores come and go while the answers of others are held by other threads") {
    std::atomic<bool> wrong{false};
    auto const use = [&](std::uint32_t seed) {
        std::mt19937 random(seed);
        std::vector<shown> kept;
        for (std::uint32_t round = 0; round < 200; ++round) {
            clients store({version(1, round), version(2, round)}, {});
            for (std::uint32_t number = 1; number <= 2; ++number) {
                kept.push_back({number, round, store.find(numbered(number), "")});
            }
            static_cast<void>(store.update(version(1, round + 1)));
            static_cast<void>(store.erase(numbered(2)));
            if (store.find(numbered(2), "").record()) wrong = true;
            for (auto const& each : kept) {
                if (version_of(*each.answer.record()) != each.version) wrong = true;
            }
            std::shuffle(kept.begin(), kept.end(), random);
            if (kept.size() > 20) kept.resize(10, kept.front());
        }
    };
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < 3; ++i) threads.emplace_back(use, i);
    for (auto& each : threads) each.join();
    CHECK_FALSE(wrong);
}
