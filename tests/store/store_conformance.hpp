// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../catch.hpp"

#include <sallyport/credential/sha256_scheme.hpp>
#include <sallyport/openpanel.hpp>
#include <sallyport/store/client_store.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What every client store has to hold, whatever is behind it.
namespace store_conformance {

namespace sp = sallyport;
using namespace sallyport::literals;
using client = sp::openpanel::client;
using client_list = std::vector<client>;
using project_list = std::vector<sp::project>;
using level = sp::openpanel::level;
using api = sp::openpanel::api;

inline constexpr sp::uuid reader_id = "00000002-1a2b-4c3d-8e4f-abcdef000002"_uuid;
inline constexpr sp::uuid writer_id = "00000001-1a2b-4c3d-8e4f-abcdef000001"_uuid;
inline constexpr sp::uuid root_id = "00000003-1a2b-4c3d-8e4f-abcdef000003"_uuid;
inline constexpr sp::uuid bare_id = "00000004-1a2b-4c3d-8e4f-abcdef000004"_uuid;
inline constexpr sp::uuid unknown_id = "00000005-1a2b-4c3d-8e4f-abcdef000005"_uuid;

inline project_list projects() {
    return {{"shop", "acme"}, {"blog", "acme"}, {"lab", "other"}, {std::string(63, 'p'), std::string(63, 'o')}};
}

/// A record that uses every member.
inline client reader() {
    return {.id = reader_id,
            .level = level::read,
            .organization = "acme",
            .project = "shop",
            .secrets = {{.hash = sp::sha256_scheme::store("the old one"), .expires = sp::wall_time{}},
                        {.hash = sp::sha256_scheme::store("the new one"), .not_before = sp::wall_time{}}},
            .origins = {"https://shop.example.com", "https://*.example.org"},
            .disabled = true,
            .limits = {{api::export_, sp::at_most(500).per(std::chrono::seconds(10))}}};
}

inline client_list records() {
    return {reader(),
            {.id = writer_id,
             .level = level::write,
             .organization = "acme",
             .project = "shop",
             .secrets = {{.hash = sp::sha256_scheme::store("the writer's")}}},
            {.id = root_id,
             .level = level::root,
             .organization = "acme",
             .secrets = {{.hash = sp::sha256_scheme::store("root's")}}},
            {.id = bare_id, .level = level::read, .organization = "other", .project = "lab"}};
}

/// Whether a store shows a record as it was given to it.
inline bool is_reader(client const* shown) {
    auto const given = reader();
    return shown && shown->id == given.id && shown->level == given.level && shown->organization == given.organization &&
           shown->project == given.project && shown->disabled && shown->secrets.size() == 2 &&
           shown->secrets[0].id == given.secrets[0].id && shown->secrets[0].expires == given.secrets[0].expires &&
           shown->secrets[1].id == given.secrets[1].id && shown->secrets[1].not_before == given.secrets[1].not_before &&
           shown->origins.size() == 2 && shown->origins[1].matches("https://a.example.org") &&
           shown->limits.size() == 1 && shown->limits[0].api == api::export_ &&
           shown->limits[0].limits.begin()->quota.limit() == 500;
}

template <sp::client_store Store>
void a_client_is_found_with_the_organisation_of_the_project_asked_for(Store const& store) {
    for (auto const& [asked, organization] : std::vector<std::pair<std::string, std::string>>{
             {"shop", "acme"}, {"blog", "acme"}, {"lab", "other"}, {std::string(63, 'p'), std::string(63, 'o')}}) {
        CAPTURE(asked);
        auto const answer = store.find(reader_id, asked);
        CHECK(answer.status() == sp::lookup_status::found);
        CHECK(is_reader(answer.record()));
        CHECK(std::string_view(answer.organization()) == organization);
    }
    CHECK(std::string_view(store.find(root_id, "lab").organization()) == "other");
}

template <sp::client_store Store>
void a_project_that_is_not_known_has_no_organisation(Store const& store) {
    using namespace std::string_literals;
    for (auto const& asked : {""s, "nowhere"s, "Shop"s, "sho"s, "shopp"s, "shop\0"s, "acme"s, std::string(64, 'p'),
                              std::string(100'000, 'x')}) {
        CAPTURE(asked.substr(0, 70));
        auto const answer = store.find(reader_id, asked);
        CHECK(answer.status() == sp::lookup_status::found);
        CHECK(is_reader(answer.record()));
        CHECK(std::string_view(answer.organization()).empty());
    }
}

template <sp::client_store Store>
void every_client_is_found_under_its_own_id(Store const& store) {
    for (auto const& given : records()) {
        auto const answer = store.find(given.id, "");
        REQUIRE(answer.status() == sp::lookup_status::found);
        REQUIRE(answer.record());
        CHECK(answer.record()->id == given.id);
        CHECK(answer.record()->level == given.level);
        CHECK(answer.record()->project == given.project);
        CHECK(answer.record()->secrets.size() == given.secrets.size());
    }
}

template <sp::client_store Store>
void an_id_that_is_not_there_is_none_and_no_failure(Store const& store) {
    for (auto const& id : {unknown_id, sp::uuid()}) {
        for (std::string_view const asked : {"", "shop", "nowhere"}) {
            auto const answer = store.find(id, asked);
            CHECK(answer.status() == sp::lookup_status::none);
            CHECK(answer.record() == nullptr);
        }
    }
}

template <sp::client_store Store>
void an_answer_outlives_what_was_asked_with(Store const& store) {
    auto asked = std::make_unique<std::string>("shop");
    auto id = std::make_unique<sp::uuid>(reader_id);
    auto const answer = store.find(*id, *asked);
    asked.reset();
    id.reset();
    CHECK(is_reader(answer.record()));
    CHECK(std::string_view(answer.organization()) == "acme");
}

/// Runs the suite. `make(records, projects)` gives a store that holds them.
template <class Make>
void holds_for(Make make) {
    auto const store = make(records(), projects());
    a_client_is_found_with_the_organisation_of_the_project_asked_for(store);
    a_project_that_is_not_known_has_no_organisation(store);
    every_client_is_found_under_its_own_id(store);
    an_id_that_is_not_there_is_none_and_no_failure(store);
    an_answer_outlives_what_was_asked_with(store);

    auto const empty = make(client_list(), project_list());
    an_id_that_is_not_there_is_none_and_no_failure(empty);
    CHECK(std::string_view(make(records(), project_list()).find(reader_id, "shop").organization()).empty());
}

}  // namespace store_conformance
