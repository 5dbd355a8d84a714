#include "catch.hpp"

#include <sallyport/openpanel.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace sp::literals;
using namespace std::chrono_literals;

namespace {

constexpr sp::principal<op::level> reader{.id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid, .level = op::level::read};

// A decision is handed around by value: plain, and of a size that is known: what a copy costs is what is in it, of
// the rates those that there are. Whoever makes one larger says so here.
static_assert(std::is_nothrow_copy_constructible_v<op::decision> && std::is_nothrow_copy_assignable_v<op::decision>);
static_assert(std::is_trivially_destructible_v<op::decision>);
static_assert(std::is_trivially_copyable_v<sp::denial>);
static_assert(std::is_trivially_copyable_v<sp::principal<op::level>>);
static_assert(sizeof(sp::principal<op::level>) <= 160);
static_assert(sizeof(sp::denial) <= 112);
static_assert(sizeof(sp::rate_states) <= 584);
static_assert(sizeof(op::decision) <= 776);

// There is no decision that is neither, and none that is true by mistake.
static_assert(!std::is_default_constructible_v<op::decision>);
static_assert(!std::is_convertible_v<op::decision, bool>);
static_assert(std::is_constructible_v<bool, op::decision>);

}  // namespace

TEST_CASE("a decision is a grant or a denial, and knows which") {
    constexpr auto granted = op::decision::grant(reader);
    STATIC_REQUIRE(granted);
    STATIC_REQUIRE(granted.principal().id == reader.id);
    CHECK_THROWS_AS(granted.denial(), std::bad_variant_access);

    constexpr auto denied = op::decision::deny({.reason = sp::denial_reason::wrong_secret, .status = 401});
    STATIC_REQUIRE(!denied);
    STATIC_REQUIRE(denied.denial().reason == sp::denial_reason::wrong_secret);
    CHECK_THROWS_AS(denied.principal(), std::bad_variant_access);
}

TEST_CASE("a decision is copied and moved, a const one too") {
    STATIC_REQUIRE(std::is_copy_constructible_v<op::decision>);
    STATIC_REQUIRE(std::is_constructible_v<op::decision, op::decision const&&>);
    op::decision const first = op::decision::grant(reader);
    CHECK(op::decision(std::move(first)).principal().id == reader.id);
}

TEST_CASE("a denial that says nothing else is a failure, and no 401") {
    STATIC_REQUIRE(op::decision::deny({}).denial().status == 503);
    STATIC_REQUIRE(op::decision::deny({}).denial().reason == sp::denial_reason::store_failed);
}

TEST_CASE("each reason has a name of its own, as it is written in explanations") {
    std::set<std::string> names;
    for (std::size_t n = 0; n < sp::enumerator_count<sp::denial_reason>; ++n) {
        names.emplace(sp::reason_name(static_cast<sp::denial_reason>(n)));
    }
    CHECK(names == std::set<std::string>{"ambiguous_credentials", "missing_client_id", "malformed_client_id",
                                         "insecure_transport", "missing_client_secret", "origin_not_allowed",
                                         "unknown_client", "wrong_secret", "expired_secret", "client_disabled",
                                         "too_many_failures", "overloaded", "access_not_allowed", "out_of_scope",
                                         "too_many_at_once", "rate_limited", "store_failed", "verifier_failed",
                                         "limiter_failed"});
    STATIC_REQUIRE(sp::reason_name(static_cast<sp::denial_reason>(200)).empty());
}

TEST_CASE("only what comes after the proof may be told to the caller") {
    using reason = sp::denial_reason;
    for (std::size_t n = 0; n < sp::enumerator_count<reason>; ++n) {
        auto const why = static_cast<reason>(n);
        bool const after = why == reason::access_not_allowed || why == reason::out_of_scope ||
                           why == reason::too_many_at_once || why == reason::rate_limited ||
                           why == reason::limiter_failed;
        CHECK(sp::is_after_proof(why) == after);
    }
    CHECK_FALSE(sp::is_after_proof(static_cast<reason>(200)));
}

TEST_CASE("a decision says whether a limit in shadow would have refused, and one in force never makes it say so") {
    auto const with = [](sp::rate_state const& state) {
        sp::rate_states states;
        static_cast<void>(states.push_back({.retry_after = 5s}));
        static_cast<void>(states.push_back(state));
        return states;
    };
    sp::rate_state const left{.remaining = 1, .shadow = true};
    sp::rate_state const over{.retry_after = 1ns, .shadow = true};
    CHECK_FALSE(op::decision::grant(reader).would_refuse());
    CHECK_FALSE(op::decision::grant(reader, with({.retry_after = 1ns})).would_refuse());
    CHECK_FALSE(op::decision::grant(reader, with(left)).would_refuse());
    CHECK(op::decision::grant(reader, with(over)).would_refuse());
    CHECK(op::decision::deny({}, with(over)).would_refuse());
}
