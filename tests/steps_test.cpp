#include "catch.hpp"
#include "gate_words.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

using namespace one_client;

namespace {

using verdict = sp::verification::verdict;
using seen = sp::presented_credentials;

constexpr auto rules = op::rules();
constexpr std::string_view listed = "https://shop.example";

constexpr auto screened(seen const& presented, op::api api = op::api::export_) {
    sp::credentials read;
    return sp::screen(rules, presented, {.api = api}, read);
}

constexpr auto read_of(seen const& presented) {
    sp::credentials read;
    static_cast<void>(sp::screen(rules, presented, {.api = op::api::track}, read));
    return read;
}

constexpr auto proven_as(verdict outcome, bool known = true, bool disabled = false) {
    return sp::judge_proof(outcome, known, disabled);
}

/// Who asks for what, as `judge_access` is told.
struct access_case {
    op::level level = op::level::read;
    op::api api = op::api::insights;
    std::optional<sp::asked_project> project{};
    sp::proof by = sp::proof::secret;
};

constexpr auto accessed(access_case const& of) {
    sp::principal<op::level> who{.id = id, .level = of.level, .organization = "acme", .by = of.by};
    if (of.level != op::level::root) who.project = "shop";
    return sp::judge_access(rules, who, of.api, of.project);
}

op::client writer() {
    return {.id = id, .level = op::level::write, .organization = "acme", .project = "shop", .origins = {listed}};
}

std::optional<reason> let_in(op::client const& record, std::string_view origin = listed, op::api api = op::api::track) {
    return sp::judge_origin(rules, origin, api, &record);
}

constexpr std::optional<reason> none{};
constexpr sp::asked_project shop{"shop", "acme"};
constexpr sp::asked_project sister{"lab", "acme"};
constexpr sp::asked_project foreign{"mill", "umbrella"};
constexpr sp::asked_project unlisted{"nowhere", ""};

}  // namespace

TEST_CASE("screening passes an id and a secret, and proves nothing of them") {
    constexpr seen presented{.id = id_text, .secret = "anything"};
    STATIC_REQUIRE(screened(presented) == none);
    STATIC_REQUIRE(read_of(presented).client == id);
    STATIC_REQUIRE(read_of(presented).secret == "anything");
}

TEST_CASE("screening refuses what a request's own shape shows, each by its reason") {
    STATIC_REQUIRE(screened({.id = id_text, .secret = "a", .ambiguous = true}) == reason::ambiguous_credentials);
    STATIC_REQUIRE(screened({.secret = "a"}) == reason::missing_client_id);
    STATIC_REQUIRE(screened({.id = "8f14e45f", .secret = "a"}) == reason::malformed_client_id);
    STATIC_REQUIRE(screened({.id = "00000000-0000-0000-0000-000000000000", .secret = "a"}) ==
                   reason::malformed_client_id);
    STATIC_REQUIRE(screened({.id = "8f14e45f-ceea-167f-a3a5-1c2b3d4e5f60", .secret = "a"}) ==
                   reason::malformed_client_id);
    STATIC_REQUIRE(screened({.id = id_text}) == reason::missing_client_secret);
}

TEST_CASE("screening refuses in one order: ambiguous, missing id, malformed id, missing secret") {
    STATIC_REQUIRE(screened({.id = "no id", .ambiguous = true}) == reason::ambiguous_credentials);
    STATIC_REQUIRE(screened({.ambiguous = true}) == reason::ambiguous_credentials);
    STATIC_REQUIRE(screened({}) == reason::missing_client_id);
    STATIC_REQUIRE(screened({.id = "no id"}) == reason::malformed_client_id);
}

TEST_CASE("only an API that is open to origins can be asked without a secret, and only from one") {
    STATIC_REQUIRE(screened({.id = id_text, .origin = listed, .has_origin = true}, op::api::track) == none);
    STATIC_REQUIRE(screened({.id = id_text, .has_origin = true}, op::api::track) == none);  // two different ones, say
    STATIC_REQUIRE(screened({.id = id_text}, op::api::track) == reason::missing_client_secret);
    for (auto const api : {op::api::export_, op::api::insights, op::api::manage}) {
        CHECK(screened({.id = id_text, .origin = listed, .has_origin = true}, api) == reason::missing_client_secret);
    }
}

TEST_CASE("an id that screening has read is known to later steps even where the secret is missing") {
    STATIC_REQUIRE(read_of({.id = id_text}).client == id);
}

TEST_CASE("a listed origin lets a client in that may use the API") {
    CHECK(let_in(writer()) == none);
    auto root = writer();
    root.level = op::level::root;
    root.project = {};
    CHECK(let_in(root) == none);
}

TEST_CASE("an origin that a client with others doesn't list is not allowed") {
    CHECK(let_in(writer(), "https://another.example") == reason::origin_not_allowed);
    CHECK(let_in(writer(), "null") == reason::origin_not_allowed);
    CHECK(let_in(writer(), "") == reason::origin_not_allowed);
}

TEST_CASE(
    "whom no origin could let in lacks a secret: the unknown, the disabled, the unlisted, and types without access") {
    CHECK(sp::judge_origin<op::level, op::api>(rules, listed, op::api::track, nullptr) ==
          reason::missing_client_secret);
    auto disabled = writer();
    disabled.disabled = true;
    CHECK(let_in(disabled) == reason::missing_client_secret);
    CHECK(let_in(disabled, "https://another.example") == reason::missing_client_secret);
    auto without = writer();
    without.origins.clear();
    CHECK(let_in(without) == reason::missing_client_secret);
    auto reader = writer();
    reader.level = op::level::read;
    CHECK(let_in(reader) == reason::missing_client_secret);
    CHECK(let_in(reader, "https://another.example") == reason::missing_client_secret);
}

TEST_CASE("a proof refuses in one order: unknown or wrong, expired, disabled") {
    STATIC_REQUIRE(proven_as(verdict::proven) == none);
    STATIC_REQUIRE(proven_as(verdict::proven, true, true) == reason::client_disabled);
    STATIC_REQUIRE(proven_as(verdict::expired) == reason::expired_secret);
    STATIC_REQUIRE(proven_as(verdict::expired, true, true) == reason::expired_secret);
    STATIC_REQUIRE(proven_as(verdict::wrong) == reason::wrong_secret);
    STATIC_REQUIRE(proven_as(verdict::wrong, true, true) == reason::wrong_secret);
    STATIC_REQUIRE(proven_as(verdict::wrong, false) == reason::unknown_client);
}

TEST_CASE("a client that no store knows is unknown, even to a verifier that calls it proven") {
    STATIC_REQUIRE(proven_as(verdict::proven, false) == reason::unknown_client);
    STATIC_REQUIRE(proven_as(verdict::expired, false) == reason::unknown_client);
}

TEST_CASE("a verifier that fails says the same of known and unknown, and a verdict that is none is a failure") {
    STATIC_REQUIRE(proven_as(verdict::failed) == reason::verifier_failed);
    STATIC_REQUIRE(proven_as(verdict::failed, false) == reason::verifier_failed);
    STATIC_REQUIRE(proven_as(verdict::failed, true, true) == reason::verifier_failed);
    STATIC_REQUIRE(proven_as(static_cast<verdict>(17)) == reason::verifier_failed);
}

TEST_CASE("what the permission table doesn't name is not allowed, whatever the project") {
    STATIC_REQUIRE(accessed({.api = op::api::insights}) == none);
    STATIC_REQUIRE(accessed({.api = op::api::track}) == reason::access_not_allowed);
    STATIC_REQUIRE(accessed({.api = op::api::manage, .project = unlisted}) == reason::access_not_allowed);
    STATIC_REQUIRE(accessed({.api = static_cast<op::api>(9)}) == reason::access_not_allowed);
    STATIC_REQUIRE(accessed({.level = static_cast<op::level>(9)}) == reason::access_not_allowed);
}

TEST_CASE("a client acts on its own project, a root client on all of its organisation, nobody on an unknown one") {
    STATIC_REQUIRE(accessed({.project = shop}) == none);
    STATIC_REQUIRE(accessed({.project = sister}) == reason::out_of_scope);
    STATIC_REQUIRE(accessed({.project = foreign}) == reason::out_of_scope);
    STATIC_REQUIRE(accessed({.project = unlisted}) == reason::out_of_scope);
    STATIC_REQUIRE(accessed({.project = sp::asked_project{"shop", ""}}) == reason::out_of_scope);
    STATIC_REQUIRE(accessed({.project = sp::asked_project{"", "acme"}}) == reason::out_of_scope);
    STATIC_REQUIRE(accessed({.level = op::level::root, .project = sister}) == none);
    STATIC_REQUIRE(accessed({.level = op::level::root, .project = foreign}) == reason::out_of_scope);
    STATIC_REQUIRE(accessed({.level = op::level::root, .project = unlisted}) == reason::out_of_scope);
}

TEST_CASE("one that proved nothing is told neither access nor scope") {
    constexpr auto by = sp::proof::origin;
    STATIC_REQUIRE(accessed({.level = op::level::write, .api = op::api::track, .project = shop, .by = by}) == none);
    STATIC_REQUIRE(accessed({.level = op::level::write, .api = op::api::track, .project = sister, .by = by}) ==
                   reason::missing_client_secret);
    STATIC_REQUIRE(accessed({.level = op::level::read, .api = op::api::track, .by = by}) ==
                   reason::missing_client_secret);
}

TEST_CASE("limits of a client's own replace all windows that the rules give that API, and no other's") {
    auto table = rules;
    table.limits.set(op::api::track, {sp::at_most(10).per(1s), sp::at_most(100).per(60s)});
    CHECK(sp::limits_of(table, op::api::track).size() == 2);
    CHECK(sp::limits_of(table, static_cast<op::api>(9)).unlimited());

    auto record = writer();
    CHECK(sp::own_limits(record, op::api::track) == nullptr);
    record.limits = {{op::api::track, sp::at_most(7).per(5s)}};
    auto const* const own = sp::own_limits(record, op::api::track);
    REQUIRE(own);
    CHECK(own->size() == 1);
    CHECK(*own->begin() == sp::at_most(7).per(5s));
    CHECK(sp::own_limits(record, op::api::export_) == nullptr);

    record.limits = {{op::api::track, sp::unlimited}};
    REQUIRE(sp::own_limits(record, op::api::track));
    CHECK(sp::own_limits(record, op::api::track)->unlimited());
}

TEST_CASE("a proven client's budget is one, wherever it calls from") {
    sp::principal<op::level> const who{.id = id, .level = op::level::write};
    op::request asked{.api = op::api::export_, .peer = sp::peer_address::parse("198.51.100.7"), .cost = 3};
    auto const claims = sp::claims_of(who, {sp::at_most(1).per(1s), sp::at_most(5).per(60s)}, asked);
    REQUIRE(claims.size() == 2);
    for (auto const& claim : claims) {
        CHECK(claim.key == sp::rate_key{.client = id, .peer = {}, .api = 1, .proven = true});
        CHECK(claim.cost == 3);
        CHECK(claim.name == "export");
        CHECK_FALSE(claim.shadow);
    }
    CHECK(claims[0].quota == sp::at_most(1).per(1s));
    CHECK(claims[1].quota == sp::at_most(5).per(60s));
    CHECK(sp::claims_of(who, sp::unlimited, asked).empty());
}

TEST_CASE("a window in shadow is claimed as one, beside those in force") {
    sp::principal<op::level> const who{.id = id, .level = op::level::write};
    op::request const asked{.api = op::api::export_};
    auto const claims = sp::claims_of(who, {sp::at_most(100).per(10s), sp::in_shadow(sp::at_most(50).per(10s))}, asked);
    REQUIRE(claims.size() == 2);
    CHECK_FALSE(claims[0].shadow);
    CHECK(claims[1].shadow);
    CHECK(claims[1].quota == sp::at_most(50).per(10s));
    CHECK(claims[1].key == claims[0].key);
    CHECK(sp::any_in_force(claims));
    CHECK_FALSE(sp::any_in_force(sp::claims_of(who, sp::in_shadow(sp::at_most(50).per(10s)), asked)));
    CHECK_FALSE(sp::any_in_force({}));
}

TEST_CASE("an unproven request's budget is its client's and its network's, never the proven one") {
    sp::principal<op::level> const who{.id = id, .level = op::level::write, .by = sp::proof::origin};
    auto const key_from = [&who](std::string_view peer) {
        op::request const asked{.api = op::api::track, .peer = sp::peer_address::parse(peer)};
        return sp::claims_of(who, sp::at_most(1).per(1s), asked)[0].key;
    };
    CHECK_FALSE(key_from("198.51.100.7").proven);
    CHECK(key_from("198.51.100.7") != key_from("198.51.100.8"));
    CHECK(key_from("198.51.100.7") == key_from("::ffff:198.51.100.7"));
    CHECK(key_from("2001:db8::1") == key_from("2001:db8::ffff:2"));
    CHECK(key_from("2001:db8::1") != key_from("2001:db8:0:1::1"));
}

TEST_CASE("each reason has its status") {
    auto table = rules;
    op::request const asked{.api = op::api::export_, .project = "mill"};
    auto const status = [&](reason why) { return sp::denial_for(why, table, asked).status; };
    for (auto const why :
         {reason::ambiguous_credentials, reason::missing_client_id, reason::malformed_client_id,
          reason::insecure_transport, reason::missing_client_secret, reason::origin_not_allowed, reason::unknown_client,
          reason::wrong_secret, reason::expired_secret, reason::client_disabled}) {
        CHECK(status(why) == 401);
        CHECK_FALSE(sp::is_after_proof(why));
    }
    for (auto const why : {reason::store_failed, reason::verifier_failed, reason::limiter_failed})
        CHECK(status(why) == 503);
    CHECK(status(reason::rate_limited) == 429);
    CHECK(status(reason::access_not_allowed) == 401);
    CHECK(status(reason::out_of_scope) == 401);
    table.when_not_allowed = sp::access_status::forbidden;
    CHECK(status(reason::access_not_allowed) == 403);
    CHECK(status(reason::out_of_scope) == 403);
    CHECK(status(reason::wrong_secret) == 401);
}

TEST_CASE("a denial names the API, and the project only where that is what is refused") {
    op::request asked{.api = op::api::export_, .project = "mill"};
    CHECK(sp::denial_for(reason::access_not_allowed, rules, asked).api == "export");
    CHECK(sp::denial_for(reason::access_not_allowed, rules, asked).project.empty());
    CHECK(sp::denial_for(reason::out_of_scope, rules, asked).project == sp::name("mill"));
    std::string const longer(64, 'p');
    asked.project = longer;
    CHECK(sp::denial_for(reason::out_of_scope, rules, asked).project.empty());
}

TEST_CASE("the limiter's answer becomes a grant with its states, a 429 that waits for all windows, or a 503") {
    sp::principal<op::level> const who{.id = id, .level = op::level::read};
    op::request const asked{.api = op::api::export_};
    sp::allowance answer{.outcome = sp::allowance::verdict::admitted, .receipt = {.position = 4}};
    REQUIRE(answer.states.push_back({.name = "export", .remaining = 3}));
    auto const granted = sp::meter(who, answer, rules, asked);
    REQUIRE(granted);
    CHECK(granted.principal().id == id);
    CHECK(granted.rates()[0].remaining == 3);
    CHECK(granted.receipt().position == 4);

    answer.outcome = sp::allowance::verdict::refused;
    answer.states[0].retry_after = 2s;
    REQUIRE(answer.states.push_back({.name = "organization", .retry_after = 7s}));
    REQUIRE(answer.states.push_back({.name = "project", .retry_after = 7s}));
    REQUIRE(answer.states.push_back({.name = "tried", .retry_after = 1h, .shadow = true}));
    auto const refused = sp::meter(who, answer, rules, asked);
    REQUIRE_FALSE(refused);
    CHECK(refused.denial().reason == reason::rate_limited);
    CHECK(refused.denial().status == 429);
    CHECK(refused.denial().retry_after == 7s);
    CHECK(refused.denial().api == "export");
    CHECK(refused.denial().budget == "organization");
    CHECK(refused.rates().size() == 4);

    for (auto const outcome : {sp::allowance::verdict::failed, static_cast<sp::allowance::verdict>(17)}) {
        answer.outcome = outcome;
        auto const failed = sp::meter(who, answer, rules, asked);
        REQUIRE_FALSE(failed);
        CHECK(failed.denial().reason == reason::limiter_failed);
        CHECK(failed.denial().status == 503);
        CHECK(failed.denial().api == "export");
        CHECK(failed.rates().empty());
    }
}

TEST_CASE("what costs nothing is refused for good by each limit, and shows how they stand") {
    sp::allowance answer{.outcome = sp::allowance::verdict::admitted, .receipt = {.position = 4}};
    REQUIRE(answer.states.push_back({.name = "export", .remaining = 3, .reset = 2s}));
    REQUIRE(answer.states.push_back({.name = "export", .remaining = 0, .retry_after = 1s, .shadow = true}));
    auto const refused = sp::refused_for_good(answer);
    CHECK(refused.outcome == sp::allowance::verdict::refused);
    CHECK(refused.receipt.position == 0);
    for (auto const& state : refused.states) CHECK(state.retry_after == sp::never);
    CHECK(refused.states[0].remaining == 3);
    CHECK(refused.states[0].reset == 2s);
    CHECK(sp::refused_for_good({}).outcome == sp::allowance::verdict::failed);
}
