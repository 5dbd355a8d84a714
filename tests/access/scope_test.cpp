// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/access/scope.hpp>
#include <sallyport/openpanel.hpp>

#include <map>
#include <optional>
#include <string>

namespace sp = sallyport;

namespace {

using sp::asked_project;
using sp::in_scope;
using sp::openpanel::level;

constexpr asked_project shop{"shop", "acme"};
constexpr asked_project blog{"blog", "acme"};
constexpr asked_project lab{"lab", "other"};
constexpr asked_project nowhere{"nowhere", ""};

// A write or read client acts on its own project only.
static_assert(in_scope(level::write, "acme", "shop", shop) && in_scope(level::read, "acme", "shop", shop));
static_assert(!in_scope(level::write, "acme", "shop", blog) && !in_scope(level::read, "acme", "shop", blog));
static_assert(!in_scope(level::write, "acme", "shop", lab) && !in_scope(level::read, "acme", "shop", lab));

// A root client acts on every project of its organisation.
static_assert(in_scope(level::root, "acme", "", shop) && in_scope(level::root, "acme", "", blog));
static_assert(!in_scope(level::root, "acme", "", lab));

// Nobody acts on a project that is not known, not even one whose record names it.
static_assert(!in_scope(level::read, "acme", "nowhere", nowhere) && !in_scope(level::root, "acme", "", nowhere));
static_assert(!in_scope(level::read, "", "nowhere", nowhere) && !in_scope(level::root, "", "", nowhere));
static_assert(!in_scope(level::read, "acme", "shop", asked_project{"", ""}));
static_assert(!in_scope(level::root, "acme", "", asked_project{"", "acme"}));
static_assert(!in_scope(level::read, "acme", "", asked_project{"", "acme"}));

// A request that asks for no project has none to be out of.
static_assert(in_scope(level::write, "acme", "shop", std::nullopt) && in_scope(level::root, "acme", "", std::nullopt));

// Names are compared whole, and case counts.
static_assert(!in_scope(level::read, "acme", "shop", asked_project{"Shop", "acme"}));
static_assert(!in_scope(level::read, "acme", "shop", asked_project{"shop2", "acme"}));
static_assert(!in_scope(level::read, "acme", "shop", asked_project{"sho", "acme"}));
static_assert(!in_scope(level::root, "acme", "", asked_project{"shop", "acme2"}));
static_assert(!in_scope(level::root, "acme", "", asked_project{"shop", "ACME"}));

// Without a word of the host about its levels, a client reaches its own project only.
enum class quiet { all_powerful };
static_assert(in_scope(quiet::all_powerful, "acme", "shop", shop));
static_assert(!in_scope(quiet::all_powerful, "acme", "shop", blog));
static_assert(!in_scope(quiet::all_powerful, "acme", "", blog));

}  // namespace

TEST_CASE("whoever asks for whatever, the scope is as the rule reads") {
    std::map<std::string, std::string> const organization_of{{"shop", "acme"}, {"blog", "acme"}, {"lab", "other"}};
    for (auto const who : {level::write, level::read, level::root}) {
        for (std::string const own_organization : {"acme", "other", "gone"}) {
            for (std::string const own_project : {"", "shop", "blog", "lab", "nowhere"}) {
                for (std::string const asked : {"", "shop", "blog", "lab", "nowhere", "SHOP"}) {
                    auto const known = organization_of.find(asked);
                    bool const of_its_organization =
                        known != organization_of.end() && known->second == own_organization;
                    bool const wanted = of_its_organization && (who == level::root || asked == own_project);

                    std::string const organization = known == organization_of.end() ? "" : known->second;
                    CAPTURE(sp::enumerator_name(who), own_organization, own_project, asked);
                    CHECK(in_scope(who, own_organization, own_project, asked_project{asked, organization}) == wanted);
                    CHECK(in_scope(who, own_organization, own_project, std::nullopt));
                }
            }
        }
    }
}
