// SPDX-License-Identifier: BSL-1.0
#include "store_conformance.hpp"

#include <sallyport/credential/verifier.hpp>
#include <sallyport/store/memory_clients.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using namespace store_conformance;
using sp::openpanel::clients;

namespace {

/// A form whose verification is so much work, of no scheme that anything here verifies.
sp::stored_secret secret_of_work(std::uint64_t work) {
    sp::hash_form form{.scheme = "of-work", .work = work};
    for (std::uint8_t i = 1; i <= 32; ++i) {
        static_cast<void>(form.salt.push_back(i));
        static_cast<void>(form.digest.push_back(i));
    }
    return {.hash = form};
}

sp::uuid numbered(std::uint32_t number) {
    sp::uuid::bytes_type bytes{};
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
    bytes[6] = 0x40;
    bytes[8] = 0x80;
    return sp::uuid(bytes);
}

client plain(std::uint32_t number, std::vector<sp::stored_secret> secrets = {}) {
    return {.id = numbered(number),
            .level = level::read,
            .organization = "acme",
            .project = "shop",
            .secrets = std::move(secrets)};
}

client with(std::function<void(client&)> const& mistake) {
    auto made = reader();
    mistake(made);
    return made;
}

struct mistake {
    client wrong;
    std::string said;
};

std::string const reader_named = "client 00000002-1a2b-4c3d-8e4f-abcdef000002: ";

std::vector<mistake> mistakes_in_a_record() {
    auto const four = std::vector<sp::stored_secret>(4, reader().secrets[0]);
    return {
        {with([](auto& it) { it.id = sp::uuid(); }),
         "client 00000000-0000-0000-0000-000000000000: the id is no version 4 UUID"},
        {with([](auto& it) {
             it.id = sp::uuid({1, 2, 3, 4, 5, 6, 0x70, 8, 0x80});
         }),
         "client 01020304-0506-7008-8000-000000000000: the id is no version 4 UUID"},
        {with([](auto& it) { it.level = static_cast<level>(3); }), reader_named + "its level is none"},
        {with([](auto& it) { it.level = static_cast<level>(-1); }), reader_named + "its level is none"},
        {with([](auto& it) { it.organization = {}; }), reader_named + "it belongs to no organisation"},
        {with([](auto& it) { it.project = {}; }), reader_named + "a read client needs a project"},
        {with([](auto& it) {
             it.level = level::write;
             it.project = {};
         }),
         reader_named + "a write client needs a project"},
        {with([](auto& it) { it.level = level::root; }), reader_named + "a root client belongs to no project"},
        {with([&](auto& it) {
             it.secrets = four;
             it.secrets.push_back(four[0]);
         }),
         reader_named + "it has more than four secrets"},
        {with([](auto& it) { it.secrets.push_back({}); }), reader_named + "one of its secrets is of no scheme"},
        {with([](auto& it) { it.limits[0].api = static_cast<api>(4); }),
         reader_named + "a limit of its own is for no API"},
        {with([](auto& it) {
             it.limits.push_back({api::export_, sp::unlimited});
         }),
         reader_named + "two limits of its own are for export"},
    };
}

bool shows(clients const& store, sp::uuid const& id) { return store.find(id, "").status() == sp::lookup_status::found; }

constexpr sp::crypto::siphash_key decoy_key{1, 2};

/// What an id's decoys cost, in order; nothing if the store names none.
std::vector<std::uint64_t> decoy_work(clients const& store, sp::uuid const& asked = unknown_id) {
    std::vector<std::uint64_t> work;
    for (auto const& each : store.find(asked, "").decoys()) work.push_back(each.hash.work);
    std::sort(work.begin(), work.end());
    return work;
}

}  // namespace

TEST_CASE("memory_clients is a client store") {
    holds_for(
        [](client_list records, project_list projects) { return clients(std::move(records), std::move(projects)); });
}

TEST_CASE("memory_clients that were changed record by record are a client store") {
    holds_for([](client_list records, project_list projects) {
        clients store({plain(1)}, {{"gone", "acme"}});
        store.replace({plain(2), reader()}, std::move(projects)).value();
        CHECK(store.erase(numbered(2)));
        CHECK(store.erase(reader_id));
        for (auto& each : records) {
            auto other = each;
            other.disabled = !other.disabled;
            store.insert(std::move(other)).value();
            store.update(std::move(each)).value();
        }
        return store;
    });
}

TEST_CASE("no records are no mistake") {
    CHECK(clients{{}}.size() == 0);
    CHECK(clients({}, {}).size() == 0);
    CHECK(clients(records()).size() == 4);
    CHECK(clients::make({}).value().size() == 0);
}

TEST_CASE("a mistake in a record is an error that names the record: thrown, or returned") {
    for (auto const& [wrong, said] : mistakes_in_a_record()) {
        CAPTURE(said);
        CHECK_THROWS_WITH(clients({plain(1), wrong}, projects()), said);
        CHECK_THROWS_AS(clients({plain(1), wrong}, projects()), sp::setup_error);
        auto const made = clients::make({plain(1), wrong}, projects());
        CHECK_FALSE(made);
        CHECK(made.message() == said);
    }
    CHECK_NOTHROW(clients({with([](auto& it) { it.secrets = std::vector(4, it.secrets[0]); })}));
}

TEST_CASE("an id or a project that is listed twice is an error that names it") {
    auto const twice = clients::make({reader(), plain(1), reader()}, projects());
    CHECK(twice.message() == reader_named + "this id is listed twice");
    CHECK_THROWS_WITH(clients({reader(), reader()}), reader_named + "this id is listed twice");

    CHECK(clients::make({}, {{"shop", "acme"}, {"shop", "acme"}}).message() == "project \"shop\": listed twice");
    CHECK(clients::make({}, {{"shop", "acme"}, {"shop", "other"}}).message() == "project \"shop\": listed twice");
    CHECK(clients::make({}, {{"", "acme"}}).message() == "project \"\": a project has an id and an organisation");
    CHECK(clients::make({}, {{"shop", ""}}).message() == "project \"shop\": a project has an id and an organisation");
}

TEST_CASE("a record with a mistake changes nothing") {
    clients store({reader()}, projects());
    for (auto const& [wrong, said] : mistakes_in_a_record()) {
        CAPTURE(said);
        CHECK(store.update(wrong).message() == said);
        CHECK(store.insert(wrong).message() == said);
        CHECK(store.replace({plain(1), wrong}, {{"new", "new"}}).message() == said);
        CHECK(store.size() == 1);
        CHECK(is_reader(store.find(reader_id, "").record()));
        CHECK_FALSE(shows(store, numbered(1)));
        CHECK(store.find(reader_id, "shop").organization() == "acme");
        CHECK(store.find(reader_id, "new").organization().empty());
    }
    CHECK(store.replace({plain(1), plain(1)}, {}).message().ends_with("this id is listed twice"));
    CHECK(store.replace({plain(1)}, {{"a", "b"}, {"a", "b"}}).message() == "project \"a\": listed twice");
    CHECK(is_reader(store.find(reader_id, "").record()));
}

TEST_CASE("insert adds a record, and only one that is not there") {
    clients store({plain(1)}, projects());
    CHECK(store.insert(reader()));
    CHECK(store.size() == 2);
    CHECK(is_reader(store.find(reader_id, "").record()));

    auto other = reader();
    other.project = "blog";
    CHECK(store.insert(other).message() == reader_named + "this id is there already");
    CHECK_THROWS_AS(store.insert(other).value(), sp::setup_error);
    CHECK(is_reader(store.find(reader_id, "").record()));
}

TEST_CASE("update puts a record in the place of the one of its id, and only where there is one") {
    clients store({reader(), plain(1)}, projects());
    auto other = reader();
    other.project = "blog";
    CHECK(store.update(other));
    CHECK(store.size() == 2);
    CHECK(store.find(reader_id, "").record()->project == "blog");

    CHECK(store.update(plain(2)).message() ==
          "client 00000002-0000-4000-8000-000000000000: there is no such client to update");
    CHECK_FALSE(shows(store, numbered(2)));
}

TEST_CASE("erase takes one record away, and says whether there was one") {
    clients store({reader(), plain(1)}, projects());
    CHECK(store.erase(reader_id));
    CHECK_FALSE(shows(store, reader_id));
    CHECK(shows(store, numbered(1)));
    CHECK_FALSE(store.erase(reader_id));
    CHECK_FALSE(store.erase(sp::uuid()));
    CHECK(store.size() == 1);
    CHECK(store.insert(reader()));
    CHECK(is_reader(store.find(reader_id, "").record()));
}

TEST_CASE("an answer keeps the record as it was, whatever becomes of the store") {
    std::optional<clients> store(std::in_place, std::vector{reader(), plain(1)}, projects());
    auto const before_update = store->find(reader_id, "shop");
    auto other = reader();
    other.project = "blog";
    other.disabled = false;
    REQUIRE(store->update(other));
    auto const before_erase = store->find(reader_id, "shop");
    REQUIRE(store->erase(reader_id));
    auto const before_replace = store->find(numbered(1), "shop");
    REQUIRE(store->replace({}, {}));
    auto const unknown = store->find(numbered(1), "shop");
    store.reset();

    CHECK(is_reader(before_update.record()));
    CHECK(before_update.organization() == "acme");
    CHECK(before_update.decoys().size() == 2);
    CHECK(before_erase.record()->project == "blog");
    CHECK_FALSE(before_erase.record()->disabled);
    CHECK(before_replace.record()->id == numbered(1));
    CHECK(before_replace.organization() == "acme");
    CHECK(unknown.record() == nullptr);
}

TEST_CASE("replace puts all records and projects in the place of all others") {
    clients store(records(), projects());
    CHECK(store.replace({plain(1)}, {{"shop", "other"}}));
    CHECK(store.size() == 1);
    for (auto const& gone : records()) CHECK_FALSE(shows(store, gone.id));
    CHECK(store.find(numbered(1), "shop").organization() == "other");
    CHECK(store.find(numbered(1), "blog").organization().empty());
}

TEST_CASE("decoys are like the secrets of the records, as these come and go") {
    clients store({}, {});
    using work = std::vector<std::uint64_t>;
    CHECK(decoy_work(store).empty());
    REQUIRE(store.insert(plain(1)));
    CHECK(decoy_work(store).empty());
    REQUIRE(store.insert(plain(2, {secret_of_work(10)})));
    CHECK(decoy_work(store) == work{10});
    REQUIRE(store.update(plain(2, {secret_of_work(20), secret_of_work(5)})));
    CHECK(decoy_work(store) == work{5, 20});
    REQUIRE(store.update(plain(2)));
    CHECK(decoy_work(store).empty());
    REQUIRE(store.replace({plain(2, {secret_of_work(7)})}, {}));
    CHECK(decoy_work(store) == work{7});
    CHECK_FALSE(store.insert(plain(2, {secret_of_work(100)})));
    CHECK_FALSE(store.update(plain(3, {secret_of_work(100)})));
    CHECK(decoy_work(store) == work{7});
    REQUIRE(store.erase(numbered(2)));
    CHECK(decoy_work(store).empty());
}

TEST_CASE("whatever comes and goes, the decoys are those of a mix of what is there: a model agrees") {
    std::mt19937_64 random(1);
    std::vector<std::optional<client>> model(12);
    clients store({}, {}, decoy_key);
    for (int step = 0; step < 3000; ++step) {
        auto const number = static_cast<std::uint32_t>(random() % model.size());
        std::vector<sp::stored_secret> secrets;
        for (auto count = random() % 3; count > 0; --count) secrets.push_back(secret_of_work(1 + random() % 3));
        auto const fresh = plain(number, std::move(secrets));
        auto& place = model[number];
        bool const there = place.has_value();
        switch (random() % 3) {
            case 0:
                if (static_cast<bool>(store.insert(fresh)) == there) FAIL("insert");
                if (!there) place = fresh;
                break;
            case 1:
                if (static_cast<bool>(store.update(fresh)) != there) FAIL("update");
                if (there) place = fresh;
                break;
            default:
                if (store.erase(fresh.id) != there) FAIL("erase");
                place.reset();
                break;
        }
        sp::decoy_mix mix(decoy_key);
        for (auto const& each : model) {
            if (each) mix.add(mix.find(each->secrets));
        }
        for (std::uint32_t id = 0; id < 30; ++id) {
            std::vector<std::uint64_t> expected;
            if (auto const drawn = mix.draw(numbered(id))) {
                for (auto const& decoy : *drawn) expected.push_back(decoy.hash.work);
            }
            std::sort(expected.begin(), expected.end());
            if (decoy_work(store, numbered(id)) != expected) FAIL("after " << step << " steps");
        }
    }
}

TEST_CASE("an id is given the same decoys whether it is known or not, and they are nobody's secret") {
    client_list list;
    for (std::uint32_t i = 0; i < 40; ++i) list.push_back(plain(i, {secret_of_work(1 + i % 4)}));
    clients const with(list, {}, decoy_key);
    list[0] = plain(99, {secret_of_work(1)});
    clients const without(list, {}, decoy_key);
    CHECK(decoy_work(with, numbered(0)) == decoy_work(without, numbered(0)));
    auto const decoys = without.find(numbered(0), "");
    REQUIRE(decoys.decoys().size() == 1);
    for (auto const byte : decoys.decoys()[0].hash.digest) CHECK(byte == 0);
}

TEST_CASE("readers see all of the old records or all of the new, never a mix") {
    // One client is in every generation; its project, its secret and the organisation tell which one it is.
    constexpr auto everywhere = 0xffffffffU;
    auto const records_of = [](std::uint32_t generation) {
        client_list made{plain(generation, {secret_of_work(1)}), plain(everywhere, {secret_of_work(1 + generation)})};
        made.back().project = std::to_string(generation);
        return made;
    };
    auto const projects_of = [](std::uint32_t generation) {
        return project_list{{"shop", sp::name(std::to_string(generation))}};
    };
    constexpr std::uint32_t generations = 200;
    clients store(records_of(0), projects_of(0));
    std::atomic<bool> mixed = false;
    std::atomic<std::uint32_t> newest = 0;
    std::atomic<std::uint32_t> reads = 0;
    auto const read = [&] {
        for (std::uint32_t seen = 0; seen < generations && !mixed; ++reads) {
            auto const known = newest.load();
            auto const answer = store.find(numbered(everywhere), "shop");
            if (answer.status() != sp::lookup_status::found) {
                mixed = true;
                return;
            }
            auto const& project = answer.record()->project;
            seen = static_cast<std::uint32_t>(std::stoul(std::string(project.view())));
            auto const decoy = answer.decoys()[0].hash.work;
            bool const whole = answer.organization() == project && answer.record()->secrets[0].hash.work == 1 + seen &&
                               (decoy == 1 || decoy == 1 + seen);
            if (!whole || seen < known) mixed = true;
        }
    };
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) readers.emplace_back(read);
    for (std::uint32_t generation = 1; generation <= generations; ++generation) {
        while (reads < 10 * generation && !mixed) std::this_thread::yield();
        store.replace(records_of(generation), projects_of(generation)).value();
        newest = generation;
    }
    for (auto& reader : readers) reader.join();
    CHECK_FALSE(mixed);
    CHECK(shows(store, numbered(generations)));
    CHECK_FALSE(shows(store, numbered(generations - 1)));
}

TEST_CASE("records may be changed by several threads while others read") {
    clients store({reader()}, projects());
    std::atomic<bool> wrong = false;
    auto const change = [&](std::uint32_t own) {
        for (int round = 0; round < 300; ++round) {
            bool const inserted(store.insert(plain(own, {secret_of_work(own)})));
            auto const kept = store.find(numbered(own), "shop");
            bool const updated(store.update(plain(own)));
            bool const erased = store.erase(numbered(own));
            bool const as_it_was = kept.record() && kept.record()->secrets.size() == 1 && kept.organization() == "acme";
            if (!inserted || !updated || !erased || !as_it_was || shows(store, numbered(own))) wrong = true;
        }
    };
    auto const read = [&] {
        for (int round = 0; round < 3000; ++round) {
            auto const answer = store.find(reader_id, "shop");
            if (answer.status() != sp::lookup_status::found || answer.organization() != "acme") wrong = true;
        }
    };
    std::vector<std::thread> threads;
    for (std::uint32_t own = 1; own <= 3; ++own) threads.emplace_back(change, own);
    threads.emplace_back(read);
    for (auto& thread : threads) thread.join();
    CHECK_FALSE(wrong);
    CHECK(store.size() == 1);
    CHECK(is_reader(store.find(reader_id, "").record()));
    CHECK(decoy_work(store) == std::vector<std::uint64_t>{1, 1});
}

TEST_CASE("the store's decoy costs an unknown id one derivation, like the known ones") {
    clients const store({plain(2, {reader().secrets[0]}), plain(1, {reader().secrets[0]})}, projects());
    sp::verifier<sp::sha256_scheme> const verifier;
    auto const derivations = [&](sp::uuid const& id) {
        auto const answer = store.find(id, "");
        std::span<sp::stored_secret const> secrets;
        if (answer.record()) secrets = answer.record()->secrets;
        return verifier.verify({.presented = "no secret of anybody's", .secrets = secrets, .decoys = answer.decoys()})
            .derivations;
    };
    CHECK(derivations(unknown_id) == 1);
    CHECK(derivations(numbered(1)) == 1);
    CHECK(derivations(numbered(2)) == 1);
}
