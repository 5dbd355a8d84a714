#include "catch.hpp"

#include <sallyport/openpanel.hpp>

#include <chrono>
#include <string_view>
#include <type_traits>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace std::chrono_literals;

// The configuration is a value that the compiler has checked: what holds of it is said here, and nowhere at run time.
namespace {

constexpr auto rules = op::rules();

constexpr bool may(op::level level, op::api api) { return rules.permissions.permits(level, api); }
constexpr bool has(op::api api, sp::quota only) {
    auto const& limits = rules.limits[api];
    return limits.size() == 1 && *limits.begin() == only;
}

}  // namespace

TEST_CASE("a write client may Track, and nothing else") {
    STATIC_REQUIRE(may(op::level::write, op::api::track));
    STATIC_REQUIRE(!may(op::level::write, op::api::export_));
    STATIC_REQUIRE(!may(op::level::write, op::api::insights));
    STATIC_REQUIRE(!may(op::level::write, op::api::manage));
}

TEST_CASE("a read client may export and see insights, and nothing else") {
    STATIC_REQUIRE(!may(op::level::read, op::api::track));
    STATIC_REQUIRE(may(op::level::read, op::api::export_));
    STATIC_REQUIRE(may(op::level::read, op::api::insights));
    STATIC_REQUIRE(!may(op::level::read, op::api::manage));
}

TEST_CASE("a root client may use every API") {
    STATIC_REQUIRE(may(op::level::root, op::api::track));
    STATIC_REQUIRE(may(op::level::root, op::api::export_));
    STATIC_REQUIRE(may(op::level::root, op::api::insights));
    STATIC_REQUIRE(may(op::level::root, op::api::manage));
}

TEST_CASE("a root client reaches its organisation, the others their project") {
    STATIC_REQUIRE(sp::level_reach(op::level::root) == sp::reach::organization);
    STATIC_REQUIRE(sp::level_reach(op::level::write) == sp::reach::project);
    STATIC_REQUIRE(sp::level_reach(op::level::read) == sp::reach::project);
}

TEST_CASE("the limits are those of OpenPanel's API") {
    STATIC_REQUIRE(has(op::api::track, sp::at_most(1000).per(10s)));
    STATIC_REQUIRE(has(op::api::export_, sp::at_most(100).per(10s)));
    STATIC_REQUIRE(has(op::api::insights, sp::at_most(100).per(10s)));
    STATIC_REQUIRE(has(op::api::manage, sp::at_most(20).per(10s)));
}

TEST_CASE("credentials travel in OpenPanel's two fields") {
    STATIC_REQUIRE(rules.fields.id == "openpanel-client-id");
    STATIC_REQUIRE(rules.fields.secret == "openpanel-client-secret");
}

TEST_CASE("Track is open to listed origins, and Track alone") {
    STATIC_REQUIRE(rules.open_to_origins == sp::enumerator_set{op::api::track});
}

TEST_CASE("a proven client that lacks access or scope gets a 401 unless the host chooses otherwise") {
    STATIC_REQUIRE(rules.when_not_allowed == sp::access_status::unauthorized);
}

TEST_CASE("types and APIs have the names that go over the wire") {
    STATIC_REQUIRE(sp::enumerator_count<op::level> == 3);
    STATIC_REQUIRE(sp::enumerator_name(op::level::write) == "write");
    STATIC_REQUIRE(sp::enumerator_name(op::level::read) == "read");
    STATIC_REQUIRE(sp::enumerator_name(op::level::root) == "root");
    STATIC_REQUIRE(sp::enumerator_count<op::api> == 4);
    STATIC_REQUIRE(sp::enumerator_name(op::api::track) == "track");
    STATIC_REQUIRE(sp::enumerator_name(op::api::export_) == "export");
    STATIC_REQUIRE(sp::enumerator_name(op::api::insights) == "insights");
    STATIC_REQUIRE(sp::enumerator_name(op::api::manage) == "manage");
}

TEST_CASE("a host changes the rules in its copy, at compile time if it likes") {
    constexpr auto changed = [] {
        auto copy = op::rules();
        copy.limits.set(op::api::track, {sp::at_most(10).per(1s), sp::at_most(100).per(60s)});
        copy.limits.set(op::api::manage, sp::unlimited);
        copy.when_not_allowed = sp::access_status::forbidden;
        return copy;
    }();
    STATIC_REQUIRE(changed.limits[op::api::track].size() == 2);
    STATIC_REQUIRE(changed.limits[op::api::manage].unlimited());
    STATIC_REQUIRE(changed.limits[op::api::insights].size() == 1);
    STATIC_REQUIRE(rules.limits[op::api::track].size() == 1);
    auto copy = op::rules();
    CHECK_THROWS_AS(copy.limits.set(static_cast<op::api>(4), sp::unlimited), sp::setup_error);
    CHECK(copy.shared.empty());
}

TEST_CASE("rules that name nothing else open nothing to origins and read plain field names") {
    constexpr sp::rules<op::level, op::api> plain{.permissions = op::permissions, .limits = op::limits};
    STATIC_REQUIRE(plain.open_to_origins == sp::enumerator_set<op::api>{});
    STATIC_REQUIRE(plain.fields.id == "client-id");
    STATIC_REQUIRE(plain.fields.secret == "client-secret");
    STATIC_REQUIRE(plain.when_not_allowed == sp::access_status::unauthorized);
}
