#include "../catch.hpp"
#include "golden.hpp"
#include "structured_fields.hpp"

#include <sallyport/http/response.hpp>
#include <sallyport/openpanel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sp = sallyport;
namespace http = sallyport::http;
namespace op = sallyport::openpanel;
using namespace sp::literals;
using namespace std::chrono_literals;

namespace {

using decision = op::decision;

std::string wire(http::response const& answer) {
    std::string bytes = fmt::format("{}\n", answer.status);
    for (auto const& [name, value] : answer.fields) bytes += fmt::format("{}: {}\n", name, value);
    return answer.body.empty() ? bytes : bytes + '\n' + answer.body + '\n';
}

/// A golden file in the making: decisions under their titles, as they read on the wire.
template <class Body>
struct record_of {
    http::responder<Body> responder;
    std::string text{};

    void add(std::string_view title, decision const& made) {
        text += fmt::format("{}== {}\n{}", text.empty() ? "" : "\n", title, wire(responder.respond(made)));
    }
};

std::vector<sp::denial_reason> all_reasons() {
    std::vector<sp::denial_reason> all;
    for (std::size_t i = 0; i < sp::enumerator_count<sp::denial_reason>; ++i)
        all.push_back(static_cast<sp::denial_reason>(i));
    return all;
}

decision denied(sp::denial_reason reason, sp::access_status when_not_allowed = sp::access_status::unauthorized,
                std::optional<std::string_view> project = "blog") {
    auto rules = op::rules();
    rules.when_not_allowed = when_not_allowed;
    return decision::deny(sp::denial_for(reason, rules, op::request{.api = op::api::export_, .project = project}));
}

/// Every reason; the two that a host may answer with 403 once more; and projects of which each is input.
template <class Body>
std::string all_denials(bool explain) {
    record_of<Body> record{{.explain = explain}};
    for (auto const reason : all_reasons()) record.add(sp::reason_name(reason), denied(reason));
    for (auto const reason : {sp::denial_reason::access_not_allowed, sp::denial_reason::out_of_scope}) {
        record.add(fmt::format("{}, forbidden", sp::reason_name(reason)), denied(reason, sp::access_status::forbidden));
    }
    auto const project = [&record](std::string_view title, std::string_view id) {
        record.add(title, denied(sp::denial_reason::out_of_scope, sp::access_status::unauthorized, id));
    };
    project("out_of_scope, no project", "");
    project("out_of_scope, a project to be escaped", "\"},\n\\x\x01\x7f</script>");
    project("out_of_scope, a project in UTF-8", "käse-🧀");
    project("out_of_scope, a project that is no UTF-8", "a\xff\xc0\xaf\xed\xa0\x80z");
    project("out_of_scope, a project of 63 bytes", std::string(63, 'x'));
    project("out_of_scope, a project longer than any", std::string(64, 'x'));
    return record.text;
}

sp::rate_state window(sp::quota quota, std::uint32_t remaining, std::chrono::nanoseconds reset,
                      std::chrono::nanoseconds retry_after = 0ns) {
    return {.name = "export", .quota = quota, .remaining = remaining, .reset = reset, .retry_after = retry_after};
}

sp::rate_state in_shadow(sp::rate_state state) {
    state.shadow = true;
    return state;
}

sp::principal<op::level> const who{.id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid,
                                   .level = op::level::read,
                                   .organization = "acme",
                                   .project = "shop"};

decision meter(sp::allowance const& answer) {
    return sp::meter(who, answer, op::rules(), op::request{.api = op::api::export_});
}

decision metered(sp::allowance::verdict outcome, std::initializer_list<sp::rate_state> states) {
    sp::allowance answer{.outcome = outcome};
    for (auto const& state : states) REQUIRE(answer.states.push_back(state));
    return meter(answer);
}

decision refused(std::initializer_list<sp::rate_state> states) {
    return metered(sp::allowance::verdict::refused, states);
}
decision granted(std::initializer_list<sp::rate_state> states) {
    return metered(sp::allowance::verdict::admitted, states);
}

constexpr auto per_10s = sp::at_most(100).per(10s);
constexpr auto per_hour = sp::at_most(5000).per(1h);

template <class Body>
std::string all_limits() {
    record_of<Body> record{};
    record.add("refused by one window", refused({window(per_10s, 0, 3s, 3s)}));
    record.add("a nanosecond more than whole seconds", refused({window(per_10s, 0, 3s + 1ns, 3s + 1ns)}));
    record.add("a nanosecond to wait", refused({window(per_10s, 0, 1ns, 1ns)}));
    record.add("refused by the first of two windows",
               refused({window(per_10s, 0, 3s, 3s), window(per_hour, 4000, 59min)}));
    record.add("refused by the second of two windows",
               refused({window(per_10s, 40, 3s), window(per_hour, 0, 59min, 59min)}));
    record.add("refused by two of four windows",
               refused({window(sp::at_most(5).per(500ms), 0, 1ms, 1ms), window(sp::at_most(9).per(1s), 4, 900ms),
                        window(per_10s, 0, 3s, 3s), window(per_hour, 4000, 59min)}));
    record.add("a shadow limit is not shown, though it would refuse for longer",
               refused({window(per_10s, 0, 3s, 3s), in_shadow(window(per_hour, 0, 59min, 59min))}));
    record.add("a cost that can never pass", refused({window(per_10s, 100, 0s, sp::never)}));
    record.add("the limiter failed", metered(sp::allowance::verdict::failed, {}));
    return record.text;
}

std::string all_grants() {
    record_of<http::error_json> record{};
    record.add("no limit", decision::grant(who));
    record.add("one window", granted({window(per_10s, 99, 10s)}));
    record.add("the last one", granted({window(per_10s, 0, 1ms)}));
    record.add("two windows", granted({window(per_10s, 98, 10s), window(per_hour, 17, 1h)}));
    record.add("a window and a shadow", granted({window(per_10s, 98, 10s), in_shadow(window(per_hour, 0, 1h, 1h))}));
    record.add("a shadow alone", granted({in_shadow(window(per_hour, 0, 1h, 1h))}));
    return record.text;
}

std::string const* find_field(http::response const& answer, std::string_view name) {
    for (auto const& field : answer.fields) {
        if (field.name == name) return &field.value;
    }
    return nullptr;
}

}  // namespace

TEST_CASE("the bytes of every denial, as OpenPanel writes them") {
    check_golden("error_json.txt", all_denials<http::error_json>(false));
    check_golden("error_json_explained.txt", all_denials<http::error_json>(true));
    check_golden("error_json_limits.txt", all_limits<http::error_json>());
}

TEST_CASE("the bytes of every denial, as problem details") {
    check_golden("problem_json.txt", all_denials<http::problem_json>(false));
    check_golden("problem_json_explained.txt", all_denials<http::problem_json>(true));
    check_golden("problem_json_limits.txt", all_limits<http::problem_json>());
}

TEST_CASE("the fields of every grant") { check_golden("grants.txt", all_grants()); }

TEST_CASE("the body of a refusal before proof is the one sentence of the contract") {
    CHECK(http::responder{}.respond(denied(sp::denial_reason::wrong_secret)).body ==
          R"({"error":"Unauthorized","message":"Invalid client credentials"})");
    CHECK(
        http::responder{}.respond(refused({window(per_10s, 0, 1s, 1s)})).body ==
        R"({"status":429,"error":"Too Many Requests","message":"You have exceeded the rate limit for this endpoint."})");
}

TEMPLATE_TEST_CASE("every 401 before proof is byte for byte the same", "", http::error_json, http::problem_json) {
    http::responder<TestType> const responder;
    auto const one = wire(responder.respond(denied(sp::denial_reason::missing_client_id)));
    for (auto const reason : all_reasons()) {
        auto const made = denied(reason);
        if (sp::is_after_proof(reason) || made.denial().status != 401) continue;
        INFO(sp::reason_name(reason));
        CHECK(wire(responder.respond(made)) == one);
        CHECK(wire(responder.respond(denied(reason, sp::access_status::forbidden, std::nullopt))) == one);
    }
}

TEST_CASE("the 401s of a gate before proof are byte for byte the same, whoever asks") {
    sp::manual_wall_clock const wall(sp::wall_time(1'000h));
    auto const secret = sp::sha256_scheme::store("right");
    auto const client = [&secret](sp::uuid id) {
        return op::client{
            .id = id, .level = op::level::read, .organization = "acme", .project = "shop", .secrets = {{secret}}};
    };
    auto disabled = client("2c624232-cc4f-4b5e-9a63-7f1e0d3c2b1a"_uuid);
    disabled.disabled = true;
    auto expired = client("0cc175b9-c0f1-46a8-b1c3-99e269772661"_uuid);
    expired.secrets[0].expires = wall.now();
    auto none = client("92eb5ffe-e6ae-4fec-bad7-1c777531578f"_uuid);
    none.secrets.clear();
    sp::memory_clients clients{std::vector{client(who.id), disabled, expired, none},
                               {{.id = "shop", .organization = "acme"}}};
    sp::authorizer gate{clients, op::rules(), sp::manual_wall_clock(wall)};

    std::vector<std::vector<sp::header_line>> const requests{
        {},
        {{"openpanel-client-id", "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"}},
        {{"openpanel-client-id", "8f14e45f"}, {"openpanel-client-secret", "right"}},
        {{"openpanel-client-id", "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"}, {"openpanel-client-secret", "wrong"}},
        {{"openpanel-client-id", "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f61"}, {"openpanel-client-secret", "right"}},
        {{"openpanel-client-id", "2c624232-cc4f-4b5e-9a63-7f1e0d3c2b1a"}, {"openpanel-client-secret", "right"}},
        {{"openpanel-client-id", "0cc175b9-c0f1-46a8-b1c3-99e269772661"}, {"openpanel-client-secret", "right"}},
        {{"openpanel-client-id", "92eb5ffe-e6ae-4fec-bad7-1c777531578f"}, {"openpanel-client-secret", "right"}},
        {{"openpanel-client-id", "a"}, {"openpanel-client-id", "b"}, {"openpanel-client-secret", "right"}}};
    http::responder const responder;
    auto const first = wire(responder.respond(gate.authorize({.headers = requests[0], .api = op::api::export_})));
    CHECK(first.starts_with("401\n"));
    for (auto const& headers : requests) {
        for (auto const api : {op::api::export_, op::api::manage}) {
            for (std::optional<std::string_view> project : {std::optional<std::string_view>(), {"shop"}, {"none"}}) {
                auto const made = gate.authorize({.headers = headers, .api = api, .project = project});
                CHECK(wire(responder.respond(made)) == first);
            }
        }
    }
}

TEST_CASE("only a 401 or a 403 is explained") {
    http::responder<> const explaining{.explain = true};
    for (auto const reason : all_reasons()) {
        auto const made = denied(reason);
        auto const named = explaining.respond(made).body.find(sp::reason_name(reason)) != std::string::npos;
        CHECK(named == (made.denial().status == 401));
    }
    CHECK(explaining.respond(denied(sp::denial_reason::out_of_scope, sp::access_status::forbidden))
              .body.find("\"reason\"") != std::string::npos);
}

TEST_CASE("Retry-After is never 0, and is left out where waiting does not help") {
    http::responder const responder;
    for (auto const wait : {1ns, 999'999'999ns, 1'000'000'000ns, 1'000'000'001ns}) {
        auto const answer = responder.respond(refused({window(per_10s, 0, wait, wait)}));
        auto const* field = find_field(answer, "Retry-After");
        REQUIRE(field);
        CHECK(*field == (wait > 1s ? "2" : "1"));
    }
    CHECK_FALSE(find_field(responder.respond(refused({window(per_10s, 100, 0s, sp::never)})), "Retry-After"));
    for (auto const reason : all_reasons()) CHECK_FALSE(find_field(responder.respond(denied(reason)), "Retry-After"));
}

TEST_CASE("a host chooses the challenge of a 401, and no other status has one") {
    http::responder<> const responder{.challenge = "Bearer"};
    for (auto const reason : all_reasons()) {
        auto const made = denied(reason);
        auto const answer = responder.respond(made);
        auto const* challenge = find_field(answer, "WWW-Authenticate");
        CHECK((challenge != nullptr) == (made.denial().status == 401));
        if (challenge) CHECK(*challenge == "Bearer");
    }
}

TEST_CASE("too many failures, too many at once, and no room, show when to come again and no limit") {
    for (auto const reason :
         {sp::denial_reason::too_many_failures, sp::denial_reason::too_many_at_once, sp::denial_reason::overloaded}) {
        auto why = denied(reason).denial();
        why.retry_after = 1500ms;
        auto const answer = http::responder{}.respond(decision::deny(why));
        CHECK(answer.status == (reason == sp::denial_reason::overloaded ? 503 : 429));
        CHECK(*find_field(answer, "Retry-After") == "2");
        for (auto const& [name, value] : answer.fields) CHECK(name.find("RateLimit") == std::string_view::npos);
    }
}

TEST_CASE("no answer may be kept by a cache") {
    for (auto const& made :
         {denied(sp::denial_reason::wrong_secret), denied(sp::denial_reason::store_failed),
          refused({window(per_10s, 0, 1s, 1s)}), granted({window(per_10s, 1, 1s)}), decision::grant(who)}) {
        auto const answer = http::responder{}.respond(made);
        auto const* control = find_field(answer, "Cache-Control");
        REQUIRE(control);
        CHECK(*control == "no-store");
    }
}

TEST_CASE("the fields can be written straight into a host's answer, and are the same") {
    http::responder const responder;
    for (auto const& made :
         {denied(sp::denial_reason::wrong_secret), refused({window(per_10s, 0, 1s, 1s)}), decision::grant(who)}) {
        std::vector<http::field> straight;
        responder.for_each_field(made, [&straight](std::string_view name, std::string_view value) {
            straight.push_back({name, std::string(value)});
        });
        CHECK(straight == responder.respond(made).fields);
    }
}

TEST_CASE("a real limiter's refusals are fields that agree with each other") {
    sp::sliding_log limiter;
    sp::claim const asked{.key = {.client = who.id}, .quota = sp::at_most(3).per(10s), .name = "export"};
    for (int i = 0; i < 5; ++i) {
        auto const answer = limiter.take({&asked, 1}, sp::steady_time(1s * i + 1ns));
        auto const made = http::responder{}.respond(meter(answer));
        auto const standing = structured_list::parse(*find_field(made, "RateLimit"));
        REQUIRE(standing);
        CHECK(standing->at(0).parameters.at("r") == std::max(0, 2 - i));
        CHECK(made.status == (i < 3 ? 200 : 429));
        if (i >= 3) CHECK(*find_field(made, "Retry-After") == std::to_string(10 - i));
        CHECK(*find_field(made, "X-RateLimit-Reset") == std::to_string(standing->at(0).parameters.at("t")));
    }
}
