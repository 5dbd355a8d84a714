// SPDX-License-Identifier: BSL-1.0
#include "store_conformance.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace store_conformance;

namespace {

/// The least store: a list, and the library's own answer.
class listed_clients {
public:
    using record_type = client;

    listed_clients(client_list records, project_list projects) : projects_(std::move(projects)) {
        for (auto& each : records) records_.push_back(std::make_shared<client const>(std::move(each)));
    }

    sp::lookup<client> find(sp::uuid const& id, std::string_view asked) const {
        auto const known =
            std::find_if(projects_.begin(), projects_.end(), [&](auto const& each) { return each.id == asked; });
        auto const organization = known == projects_.end() ? sp::name() : known->organization;
        for (auto const& each : records_) {
            if (each->id == id) return sp::lookup<client>::found(each, organization);
        }
        return sp::lookup<client>::none();
    }

private:
    std::vector<std::shared_ptr<client const>> records_;
    project_list projects_;
};

/// A store whose answer is a type of its own: a row that was read, and belongs to nobody else.
class copied_rows {
public:
    using record_type = client;

    struct row {
        std::optional<store_conformance::client> kept;
        std::string project_organization;

        sp::lookup_status status() const { return kept ? sp::lookup_status::found : sp::lookup_status::none; }
        client const* record() const { return kept ? &*kept : nullptr; }
        std::string_view organization() const { return project_organization; }
        std::span<sp::stored_secret const> decoys() const { return {}; }
    };

    copied_rows(client_list records, project_list projects)
        : records_(std::move(records)), projects_(std::move(projects)) {}

    row find(sp::uuid const& id, std::string_view asked) const {
        row read;
        for (auto const& each : projects_) {
            if (each.id == asked) read.project_organization = each.organization.view();
        }
        for (auto const& each : records_) {
            if (each.id == id) read.kept = each;
        }
        return read;
    }

private:
    client_list records_;
    project_list projects_;
};

}  // namespace

TEST_CASE("a store that answers with lookup is a client store") {
    holds_for([](client_list records, project_list projects) {
        return listed_clients(std::move(records), std::move(projects));
    });
}

TEST_CASE("a store that answers with a type of its own is a client store") {
    holds_for([](client_list records, project_list projects) {
        return copied_rows(std::move(records), std::move(projects));
    });
}

TEST_CASE("found, none and failed are three answers") {
    auto const kept = std::make_shared<client const>(reader());
    auto const found = sp::lookup<client>::found(kept, "acme");
    CHECK(found.status() == sp::lookup_status::found);
    CHECK(found.record() == kept.get());
    CHECK(found.organization() == "acme");
    CHECK(found.decoys().empty());

    auto const none = sp::lookup<client>::none();
    CHECK(none.status() == sp::lookup_status::none);
    CHECK(none.record() == nullptr);
    CHECK(none.organization().empty());

    auto const failed = sp::lookup<client>::failed();
    CHECK(failed.status() == sp::lookup_status::failed);
    CHECK(failed.record() == nullptr);
    CHECK(failed.organization().empty());
}

TEST_CASE("an answer keeps its record and its decoys alive") {
    auto kept = std::make_shared<client const>(reader());
    auto decoys = std::make_shared<std::vector<sp::stored_secret> const>(1, reader().secrets[0]);
    std::weak_ptr<client const> const watched = kept;
    {
        auto const answer = sp::lookup<client>::found(std::move(kept), "acme").with_decoys(std::move(decoys));
        auto const copy = answer;
        CHECK(is_reader(answer.record()));
        CHECK(copy.record() == answer.record());
        REQUIRE(answer.decoys().size() == 1);
        CHECK(answer.decoys()[0].id == reader().secrets[0].id);
    }
    CHECK(watched.expired());
}
