// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/access/policy.hpp>
#include <sallyport/openpanel.hpp>

#include <cstdint>
#include <set>
#include <utility>

namespace sp = sallyport;

namespace {

using sp::openpanel::api;
using sp::openpanel::level;
using sp::openpanel::permissions;

// OpenPanel's table in full.
static_assert(permissions.permits(level::write, api::track));
static_assert(!permissions.permits(level::write, api::export_));
static_assert(!permissions.permits(level::write, api::insights));
static_assert(!permissions.permits(level::write, api::manage));

static_assert(!permissions.permits(level::read, api::track));
static_assert(permissions.permits(level::read, api::export_));
static_assert(permissions.permits(level::read, api::insights));
static_assert(!permissions.permits(level::read, api::manage));

static_assert(permissions.permits(level::root, api::track));
static_assert(permissions.permits(level::root, api::export_));
static_assert(permissions.permits(level::root, api::insights));
static_assert(permissions.permits(level::root, api::manage));

static_assert(sp::enumerator_count<level> == 3 && sp::enumerator_count<api> == 4, "the table above is in full");

// The rows stand in any order, an API may be named twice, and a row may be empty: nothing is permitted.
enum class rank : std::uint8_t { guest, member };
enum class action : std::uint8_t { look, touch };
constexpr sp::policy<rank, action> museum{{
    {rank::member, {action::look, action::touch, action::look}},
    {rank::guest, {}},
}};
static_assert(!museum.permits(rank::guest, action::look) && !museum.permits(rank::guest, action::touch));
static_assert(museum.permits(rank::member, action::look) && museum.permits(rank::member, action::touch));

// A value that a cast made, and that is no enumerator, may nothing and is allowed to nobody.
static_assert(!museum.permits(static_cast<rank>(2), action::look));
static_assert(!museum.permits(static_cast<rank>(255), action::look));
static_assert(!museum.permits(rank::member, static_cast<action>(2)));
static_assert(!museum.permits(rank::member, static_cast<action>(64)));
static_assert(!permissions.permits(static_cast<level>(-1), static_cast<api>(-1)));
static_assert(!permissions.permits(level::root, static_cast<api>(4)));

}  // namespace

TEST_CASE("a permission table permits what its rows name, at run time too") {
    std::set<std::pair<level, api>> const named{{level::write, api::track},   {level::read, api::export_},
                                                {level::read, api::insights}, {level::root, api::track},
                                                {level::root, api::export_},  {level::root, api::insights},
                                                {level::root, api::manage}};
    for (int who = -2; who < 70; ++who) {
        for (int what = -2; what < 70; ++what) {
            auto const asked = std::pair(static_cast<level>(who), static_cast<api>(what));
            if (permissions.permits(asked.first, asked.second) != named.contains(asked)) FAIL(who << " and " << what);
        }
    }
    CHECK(named.size() == 7);
}
