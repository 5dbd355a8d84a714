#include "catch.hpp"
#include "gate_words.hpp"

#include <sallyport/http/response.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// What must hold of the gate as a whole, whatever its parts are.
namespace {

constexpr std::string_view writer = "00000001-0000-4000-8000-000000000000";
constexpr std::string_view reader = "00000002-0000-4000-8000-000000000000";
constexpr std::string_view root = "00000003-0000-4000-8000-000000000000";
constexpr std::string_view disabled = "00000004-0000-4000-8000-000000000000";
constexpr std::string_view expired = "00000005-0000-4000-8000-000000000000";
constexpr std::string_view future = "00000006-0000-4000-8000-000000000000";
constexpr std::string_view secretless = "00000007-0000-4000-8000-000000000000";
constexpr std::string_view unknown = "000000ff-0000-4000-8000-000000000000";
constexpr std::string_view right = "sec_5b1e8d0c2f7a4e6990d3";
constexpr std::string_view shop_origin = "https://shop.example";
constexpr sp::wall_time today{100s};

op::client record(std::string_view id, op::level level) {
    op::client made;
    made.id = sp::parse_uuid_v4(id).value();
    made.level = level;
    made.organization = "acme";
    if (level != op::level::root) made.project = "shop";
    made.secrets.push_back({.hash = sp::sha256_scheme::store(right)});
    if (level != op::level::read) made.origins.push_back(shop_origin);
    return made;
}

std::vector<op::client> records() {
    std::vector<op::client> made{record(writer, op::level::write),   record(reader, op::level::read),
                                 record(root, op::level::root),      record(disabled, op::level::write),
                                 record(expired, op::level::read),   record(future, op::level::read),
                                 record(secretless, op::level::read)};
    made[3].disabled = true;
    made[4].secrets[0].expires = today;
    made[5].secrets[0].not_before = today + 1ns;
    made[6].secrets.clear();
    return made;
}

std::vector<sp::project> projects() {
    return {{.id = "shop", .organization = "acme"},
            {.id = "lab", .organization = "acme"},
            {.id = "mill", .organization = "umbrella"}};
}

/// What a caller sends.
struct call {
    std::string_view client{};
    std::string_view secret{};
    op::api api = op::api::insights;
    std::optional<std::string_view> project{};
    std::string_view origin{};
    std::string_view peer = "198.51.100.7";
    std::string_view second_id{};
};

/// A gate with a town of clients, where time stands still until it is told otherwise.
class town {
public:
    explicit town(sp::rules<op::level, op::api> rules = op::rules()) : rules_(rules) {}

    op::decision ask(call const& of) {
        std::array<sp::header_line, 4> const lines{{{"openpanel-client-id", of.client},
                                                    {"openpanel-client-secret", of.secret},
                                                    {"origin", of.origin},
                                                    {"openpanel-client-id", of.second_id}}};
        return gate.authorize(
            {.headers = lines, .api = of.api, .project = of.project, .peer = sp::peer_address::parse(of.peer)});
    }
    std::optional<reason> refusal(call const& of) {
        auto const decided = ask(of);
        return decided ? std::nullopt : std::optional(decided.denial().reason);
    }

    op::clients clients{records(), projects()};
    sp::manual_clock clock{};

private:
    sp::rules<op::level, op::api> rules_;
    sp::manual_wall_clock wall_{today};

public:
    sp::authorizer<op::clients&, sp::rules<op::level, op::api>, sp::manual_clock&, sp::manual_wall_clock&> gate{
        clients, rules_, clock, wall_};
};

constexpr std::optional<reason> granted{};

/// A request for each refusal that says nothing about the caller, and its reason.
std::vector<std::pair<reason, call>> before_proof() {
    return {
        {reason::ambiguous_credentials, {.client = reader, .secret = right, .second_id = writer}},
        {reason::missing_client_id, {.secret = right}},
        {reason::malformed_client_id, {.client = "reader", .secret = right}},
        {reason::missing_client_secret, {.client = reader}},
        {reason::missing_client_secret, {.client = unknown, .api = op::api::track, .origin = shop_origin}},
        {reason::missing_client_secret, {.client = disabled, .api = op::api::track, .origin = shop_origin}},
        {reason::missing_client_secret, {.client = reader, .api = op::api::track, .origin = shop_origin}},
        {reason::missing_client_secret,
         {.client = writer, .api = op::api::track, .project = "mill", .origin = shop_origin}},
        {reason::origin_not_allowed, {.client = writer, .api = op::api::track, .origin = "https://another.example"}},
        {reason::unknown_client, {.client = unknown, .secret = right}},
        {reason::wrong_secret, {.client = reader, .secret = "wrong"}},
        {reason::wrong_secret, {.client = secretless, .secret = right}},
        {reason::expired_secret, {.client = expired, .secret = right}},
        {reason::expired_secret, {.client = future, .secret = right}},
        {reason::client_disabled, {.client = disabled, .secret = right}},
    };
}

template <class Body>
void reads_the_same(sp::http::responder<Body> const& responder, sp::access_status status) {
    auto rules = op::rules();
    rules.when_not_allowed = status;
    town in(rules);
    std::optional<sp::http::response> first;
    for (auto const& [why, asked] : before_proof()) {
        auto const decided = in.ask(asked);
        REQUIRE_FALSE(decided);
        INFO(sp::reason_name(why));
        CHECK(decided.denial().reason == why);
        auto const answer = responder.respond(decided);
        if (!first) first = answer;
        CHECK(answer.status == 401);
        CHECK(answer.body == first->body);
        CHECK(answer.fields == first->fields);
    }
}

}  // namespace

TEST_CASE("every 401 before proof is the same, byte for byte and field for field") {
    for (auto const status : {sp::access_status::unauthorized, sp::access_status::forbidden}) {
        reads_the_same(sp::http::responder<sp::http::error_json>{}, status);
        reads_the_same(sp::http::responder<sp::http::problem_json>{}, status);
    }
    sp::http::responder<> const responder;
    CHECK(responder.respond(town().ask({})).body ==
          R"({"error":"Unauthorized","message":"Invalid client credentials"})");
}

TEST_CASE("101 wrong secrets use nothing up") {
    town in;
    for (int i = 0; i < 101; ++i) REQUIRE(in.refusal({.client = reader, .secret = "wrong"}) == reason::wrong_secret);
    for (int i = 0; i < 100; ++i) REQUIRE(in.refusal({.client = reader, .secret = right}) == granted);
    CHECK(in.refusal({.client = reader, .secret = right}) == reason::rate_limited);
}

TEST_CASE("requests refused for access or scope use nothing up") {
    town in;
    for (int i = 0; i < 101; ++i) {
        REQUIRE(in.refusal({.client = reader, .secret = right, .api = op::api::manage}) == reason::access_not_allowed);
        REQUIRE(in.refusal({.client = reader, .secret = right, .project = "lab"}) == reason::out_of_scope);
    }
    CHECK(in.ask({.client = reader, .secret = right}).rates()[0].remaining == 99);
}

TEST_CASE("a wrong secret tells nothing about access, scope or limits") {
    town in;
    for (int i = 0; i < 100; ++i) REQUIRE(in.refusal({.client = reader, .secret = right}) == granted);
    REQUIRE(in.refusal({.client = reader, .secret = right}) == reason::rate_limited);
    sp::http::responder<> const responder;
    auto const plain = responder.respond(in.ask({.client = unknown, .secret = "wrong"}));
    for (auto const api : {op::api::track, op::api::export_, op::api::insights, op::api::manage}) {
        for (auto const project :
             {std::optional<std::string_view>(), std::optional<std::string_view>("shop"),
              std::optional<std::string_view>("mill"), std::optional<std::string_view>("nowhere")}) {
            for (auto const client : {reader, writer, root, disabled, expired, future, secretless, unknown}) {
                auto const decided = in.ask({.client = client, .secret = "wrong", .api = api, .project = project});
                REQUIRE_FALSE(decided);
                CHECK(decided.rates().empty());
                CHECK(decided.denial().retry_after == 0ns);
                auto const answer = responder.respond(decided);
                CHECK(answer.body == plain.body);
                CHECK(answer.fields == plain.fields);
            }
        }
    }
}

namespace {

/// SHA-256 that counts how often it is asked.
struct counting_scheme : sp::sha256_scheme {
    std::size_t* derived;
    bool derive(std::string_view presented, sp::hash_form const& stored, std::span<std::uint8_t> out) const noexcept {
        ++*derived;
        return sp::sha256_scheme::derive(presented, stored, out);
    }
};

struct counting_observer {
    unsigned* derivations;
    void on_decision(op::observation const& seen) noexcept { *derivations = seen.derivations; }
};

}  // namespace

TEST_CASE(
    "unknown, wrong, disabled, expired and secretless take the same number of verifications, and so does the right "
    "one") {
    std::size_t derived = 0;
    unsigned told = 0;
    op::clients const clients{records(), projects()};
    sp::authorizer gate{clients, op::rules(), sp::verifier{counting_scheme{{}, &derived}}, counting_observer{&told},
                        sp::manual_wall_clock{today}};
    std::string const too_long(100'000, 'x');
    for (auto const client : {reader, writer, root, disabled, expired, future, secretless, unknown}) {
        for (std::string_view const secret : {right, std::string_view("wrong"), std::string_view(too_long)}) {
            std::array<sp::header_line, 2> const lines{
                {{"openpanel-client-id", client}, {"openpanel-client-secret", secret}}};
            derived = 0;
            static_cast<void>(gate.authorize({.headers = lines, .api = op::api::insights}));
            CHECK(derived == 1);
            CHECK(told == 1);
        }
    }
}

TEST_CASE("the right secret of a client that may not is told why") {
    town in;
    CHECK(in.refusal({.client = disabled, .secret = right, .api = op::api::track}) == reason::client_disabled);
    CHECK(in.refusal({.client = expired, .secret = right}) == reason::expired_secret);
    CHECK(in.refusal({.client = future, .secret = right}) == reason::expired_secret);
    CHECK(in.refusal({.client = writer, .secret = right}) == reason::access_not_allowed);
    CHECK(in.refusal({.client = reader, .secret = right, .project = "mill"}) == reason::out_of_scope);
}

TEST_CASE("each refusal comes before the next, whatever else is wrong") {
    auto rules = op::rules();
    rules.limits.set(op::api::insights, sp::at_most(1).per(10s));
    town in(rules);
    REQUIRE(in.refusal({.client = reader, .secret = right}) == granted);
    auto now = record(reader, op::level::write);
    now.disabled = true;
    now.secrets[0].expires = today;
    REQUIRE(in.clients.update(now));

    call asked{.client = "reader", .project = "mill", .origin = "https://another.example", .second_id = "another"};
    CHECK(in.refusal(asked) == reason::ambiguous_credentials);
    asked.second_id = asked.client = "";
    CHECK(in.refusal(asked) == reason::missing_client_id);
    asked.client = "reader";
    CHECK(in.refusal(asked) == reason::malformed_client_id);
    asked.client = reader;
    CHECK(in.refusal(asked) == reason::missing_client_secret);
    asked.secret = "wrong";
    CHECK(in.refusal(asked) == reason::wrong_secret);
    asked.secret = right;
    CHECK(in.refusal(asked) == reason::expired_secret);
    now.secrets[0].expires.reset();
    REQUIRE(in.clients.update(now));
    CHECK(in.refusal(asked) == reason::client_disabled);
    now.disabled = false;
    REQUIRE(in.clients.update(now));
    CHECK(in.refusal(asked) == reason::access_not_allowed);
    now.level = op::level::read;
    REQUIRE(in.clients.update(now));
    CHECK(in.refusal(asked) == reason::out_of_scope);
    asked.project = "shop";
    CHECK(in.refusal(asked) == reason::rate_limited);
    in.clock.advance(10s);
    CHECK(in.refusal(asked) == granted);
}

TEST_CASE("a root client belongs to no project, and may Track all the same") {
    town in;
    auto const decided = in.ask({.client = root, .secret = right, .api = op::api::track});
    REQUIRE(decided);
    CHECK(decided.principal().project.empty());
    CHECK(in.refusal({.client = root, .api = op::api::track, .origin = shop_origin}) == granted);
}

TEST_CASE("a listed origin is let in unproven, to Track and nothing else") {
    town in;
    auto const decided = in.ask({.client = writer, .api = op::api::track, .origin = shop_origin});
    REQUIRE(decided);
    CHECK_FALSE(decided.principal().proven());
    CHECK(decided.principal().id == sp::parse_uuid_v4(writer));
    CHECK(in.refusal({.client = root, .api = op::api::insights, .origin = shop_origin}) ==
          reason::missing_client_secret);
}

TEST_CASE("a secret that is given must be right, whatever the origin") {
    town in;
    CHECK(in.refusal({.client = writer, .secret = "wrong", .api = op::api::track, .origin = shop_origin}) ==
          reason::wrong_secret);
    auto const decided =
        in.ask({.client = writer, .secret = right, .api = op::api::track, .origin = "https://another.example"});
    REQUIRE(decided);
    CHECK(decided.principal().proven());
}

TEST_CASE("an unproven request has a budget of its own, per client and network, and never touches the proven one") {
    auto rules = op::rules();
    rules.limits.set(op::api::track, sp::at_most(3).per(10s));
    town in(rules);
    call by_origin{.client = writer, .api = op::api::track, .origin = shop_origin, .peer = "2001:db8::1"};
    call const by_secret{
        .client = writer, .secret = right, .api = op::api::track, .origin = shop_origin, .peer = "2001:db8::1"};

    for (std::uint32_t left = 3; left-- > 0;) CHECK(in.ask(by_origin).rates()[0].remaining == left);
    auto const refused = in.ask(by_origin);
    REQUIRE_FALSE(refused);
    CHECK(refused.denial().status == 429);
    CHECK(refused.rates()[0].quota == sp::at_most(3).per(10s));
    by_origin.peer = "2001:db8::2";
    CHECK(in.refusal(by_origin) == reason::rate_limited);

    CHECK(in.ask(by_secret).rates()[0].remaining == 2);
    by_origin.peer = "2001:db8:0:1::1";
    CHECK(in.ask(by_origin).rates()[0].remaining == 2);
    by_origin.client = root;
    by_origin.peer = "2001:db8::1";
    CHECK(in.ask(by_origin).rates()[0].remaining == 2);

    CHECK(in.refusal(by_secret) == granted);
    CHECK(in.refusal(by_secret) == granted);
    CHECK(in.refusal(by_secret) == reason::rate_limited);
    CHECK(in.refusal(by_origin) == granted);
}

TEST_CASE("what comes by origin from a peer that is not known leaves the proven budget alone") {
    auto rules = op::rules();
    rules.limits.set(op::api::track, sp::at_most(1).per(10s));
    town in(rules);
    call asked{.client = writer, .api = op::api::track, .origin = shop_origin, .peer = ""};
    REQUIRE(in.refusal(asked) == granted);
    REQUIRE(in.refusal(asked) == reason::rate_limited);
    asked.secret = right;
    CHECK(in.refusal(asked) == granted);
}

TEST_CASE("a proven client has one budget, wherever it calls from") {
    auto rules = op::rules();
    rules.limits.set(op::api::insights, sp::at_most(1).per(10s));
    town in(rules);
    REQUIRE(in.refusal({.client = reader, .secret = right}) == granted);
    CHECK(in.refusal({.client = reader, .secret = right, .peer = "203.0.113.9"}) == reason::rate_limited);
}

TEST_CASE("a limit of a client's own replaces all windows of that API, for that client alone") {
    auto rules = op::rules();
    rules.limits.set(op::api::insights, {sp::at_most(1).per(1s), sp::at_most(2).per(60s)});
    town in(rules);
    auto own = record(reader, op::level::read);
    own.limits = {{op::api::insights, sp::at_most(3).per(5s)}};
    REQUIRE(in.clients.update(own));
    for (std::uint32_t left = 3; left-- > 0;) {
        auto const decided = in.ask({.client = reader, .secret = right});
        REQUIRE(decided.rates().size() == 1);
        CHECK(decided.rates()[0].quota == sp::at_most(3).per(5s));
        CHECK(decided.rates()[0].remaining == left);
    }
    CHECK(in.refusal({.client = reader, .secret = right}) == reason::rate_limited);
    CHECK(in.ask({.client = root, .secret = right}).rates().size() == 2);
    CHECK(in.refusal({.client = root, .secret = right}) == reason::rate_limited);
}

TEST_CASE("an unlimited API shows no rates, and never refuses") {
    auto rules = op::rules();
    rules.limits.set(op::api::insights, sp::unlimited);
    town in(rules);
    for (int i = 0; i < 1000; ++i) {
        auto const decided = in.ask({.client = reader, .secret = right});
        REQUIRE(decided);
        REQUIRE(decided.rates().empty());
    }
}

TEST_CASE("one client's usage of an API is nobody else's, and no other API's") {
    auto rules = op::rules();
    rules.limits.set(op::api::export_, sp::at_most(1).per(10s));
    rules.limits.set(op::api::insights, sp::at_most(1).per(10s));
    town in(rules);
    CHECK(in.refusal({.client = reader, .secret = right, .api = op::api::export_}) == granted);
    CHECK(in.refusal({.client = reader, .secret = right, .api = op::api::insights}) == granted);
    CHECK(in.refusal({.client = root, .secret = right, .api = op::api::export_}) == granted);
    CHECK(in.refusal({.client = reader, .secret = right, .api = op::api::export_}) == reason::rate_limited);
}

TEST_CASE("retrying exactly at retry_after is admitted, and a nanosecond earlier is not") {
    auto rules = op::rules();
    rules.limits.set(op::api::insights, sp::at_most(1).per(10s));
    town in(rules);
    REQUIRE(in.refusal({.client = reader, .secret = right}) == granted);
    in.clock.advance(3s);
    auto const refused = in.ask({.client = reader, .secret = right});
    REQUIRE_FALSE(refused);
    CHECK(refused.denial().retry_after == 7s);
    in.clock.advance(refused.denial().retry_after - 1ns);
    CHECK(in.refusal({.client = reader, .secret = right}) == reason::rate_limited);
    in.clock.advance(1ns);
    CHECK(in.refusal({.client = reader, .secret = right}) == granted);
}

TEST_CASE("many threads at one client's budget get exactly its limit, while records change under them") {
    town in;
    std::atomic<unsigned> admitted{0};
    std::atomic<unsigned> strange{0};
    std::vector<std::thread> callers;
    for (unsigned n = 0; n < 8; ++n) {
        callers.emplace_back([&] {
            for (unsigned i = 0; i < 40; ++i) {
                auto const why = in.refusal({.client = reader, .secret = right});
                if (!why) ++admitted;
                if (why && why != reason::rate_limited) ++strange;
            }
        });
    }
    callers.emplace_back([&] {
        for (unsigned i = 0; i < 40; ++i) static_cast<void>(in.clients.update(record(reader, op::level::read)));
    });
    for (auto& caller : callers) caller.join();
    CHECK(admitted == 100);
    CHECK(strange == 0);
}

TEST_CASE("any bytes at all in the credential fields are a denial") {
    std::mt19937_64 random(7);
    auto const below = [&random](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
    auto const bytes = [&](std::size_t longest) {
        std::string made(below(longest + 1), '\0');
        for (auto& byte : made) byte = static_cast<char>(random());
        return made;
    };
    auto const near = [&](std::string_view text) {
        std::string made(text);
        made[below(made.size())] = static_cast<char>(random());
        return made;
    };
    town in;
    std::size_t verified = 0;
    for (int n = 0; n < 200'000; ++n) {
        std::size_t const longest = n % 1000 == 0 ? 65'536 : 80;
        auto const id = n % 2 == 0 ? bytes(longest) : near(reader);
        auto const secret = n % 3 == 0 ? bytes(longest) : near(right);
        auto const origin = n % 4 == 0 ? bytes(longest) : near(shop_origin);
        if (secret == right) continue;
        auto const why = in.refusal({.client = id, .secret = secret, .api = op::api::track, .origin = origin});
        if (!why || sp::is_after_proof(*why)) {
            INFO("request " << n);
            REQUIRE((why && !sp::is_after_proof(*why)));
        }
        verified += why == reason::wrong_secret || why == reason::unknown_client;
    }
    CHECK(verified > 5'000);
}
