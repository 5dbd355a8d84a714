#include "catch.hpp"
#include "credential/counting_scheme.hpp"
#include "gate_words.hpp"
#include "in_words.hpp"

#include <sallyport/credential/guarded_verifier.hpp>
#include <sallyport/http/response.hpp>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

using namespace one_client;

namespace {

constexpr std::string_view unknown_text = "00000000-0000-4000-8000-000000000000";

/// A request for insights, with its header lines.
struct call {
    std::string_view client = id_text;
    std::string_view secret = right_secret;
    std::array<sp::header_line, 2> lines{{{"openpanel-client-id", client}, {"openpanel-client-secret", secret}}};

    operator op::request() const { return {.headers = lines, .api = op::api::insights, .project = "shop"}; }
};

/// Writes down what it is asked for.
struct foreseeing_limiter {
    std::vector<std::string>* steps;

    struct approach {
        std::vector<std::string>* steps;

        void to_block() const { steps->push_back("block"); }
        void to_state() const { steps->push_back("state"); }
    };
    approach prefetch(sp::rate_key const& key) const noexcept {
        steps->push_back(fmt::format("slot of {}", key.client));
        return {steps};
    }
    sp::allowance take(std::span<sp::claim const>, sp::steady_time) {
        steps->push_back("take");
        return {.outcome = sp::allowance::verdict::admitted};
    }
};

struct counted_clock {
    unsigned* readings;

    sp::steady_time now() const noexcept { return sp::steady_time(std::chrono::seconds(++*readings)); }
};

/// Why a gate refuses; none if it grants.
template <class Gate>
std::optional<reason> refusal(Gate& gate, op::request const& asked = call{}) {
    auto const decided = gate.authorize(asked);
    return decided ? std::nullopt : std::optional(decided.denial().reason);
}

constexpr std::optional<reason> none{};

struct counting_observer {
    std::size_t times = 0;
    std::optional<reason> last{};
    void on_decision(op::observation const& seen) noexcept {
        ++times;
        last = seen.decision ? std::nullopt : std::optional(seen.decision.denial().reason);
    }
};

struct silent_observer {
    void on_decision(op::observation const&) noexcept {}
};

struct refusing_limiter {
    sp::allowance take(std::span<sp::claim const>, sp::steady_time) {
        return {.outcome = sp::allowance::verdict::refused};
    }
};

struct failing_limiter {
    sp::allowance take(std::span<sp::claim const>, sp::steady_time) { return {}; }
};

struct throwing_limiter {
    sp::allowance take(std::span<sp::claim const>, sp::steady_time) { throw std::runtime_error("no limiter"); }
};

struct believing_verifier {
    sp::verification verify(sp::proof_attempt const&) const noexcept {
        return {.outcome = sp::verification::verdict::proven};
    }
};

struct failing_verifier {
    sp::verification verify(sp::proof_attempt const&) const noexcept { return {}; }
};

struct failing_store {
    using record_type = op::client;
    sp::lookup<op::client> find(sp::uuid const&, std::string_view) const { return sp::lookup<op::client>::failed(); }
};

struct throwing_store {
    using record_type = op::client;
    sp::lookup<op::client> find(sp::uuid const&, std::string_view) const { throw std::runtime_error("no store"); }
};

/// A store whose answer finds out late that it can't say.
struct late_failing_store {
    using record_type = op::client;
    struct answer {
        sp::lookup_status status() const noexcept { return sp::lookup_status::found; }
        op::client const* record() const { throw std::runtime_error("no record"); }
        std::string organization() const { return "acme"; }
        std::span<sp::stored_secret const> decoys() const noexcept { return {}; }
    };
    answer find(sp::uuid const&, std::string_view) const { return {}; }
};

template <class Store>
void fails_alike(Store const& store) {
    counting_observer observer;
    sp::authorizer gate{store, op::rules(), observer};
    std::vector<sp::http::response> answers;
    for (auto const client : {id_text, unknown_text}) {
        for (auto const secret : {right_secret, std::string_view("wrong")}) {
            auto const decided = gate.authorize(call{client, secret});
            REQUIRE_FALSE(decided);
            CHECK(decided.denial().reason == reason::store_failed);
            CHECK(decided.denial().status == 503);
            CHECK(observer.last == reason::store_failed);
            answers.push_back(sp::http::responder{}.respond(decided));
        }
    }
    for (auto const& answer : answers) {
        CHECK(answer.body == answers.front().body);
        CHECK(answer.fields == answers.front().fields);
    }
    CHECK(observer.times == 4);
    CHECK(refusal(gate, {.api = op::api::insights}) == reason::missing_client_id);
}

}  // namespace

TEST_CASE("a gate is a store and rules, and has parts for all else") {
    auto const clients = one_reader();
    sp::authorizer gate{clients, op::rules()};
    auto const decided = gate.authorize(call{});
    REQUIRE(decided);
    CHECK(decided.principal().id == id);
    CHECK(decided.principal().project == sp::name("shop"));
    CHECK(decided.rates()[0].remaining == 99);
    CHECK(refusal(gate, call{id_text, "wrong"}) == reason::wrong_secret);
}

TEST_CASE("what is given as an lvalue is borrowed, and what is given as an rvalue is owned") {
    using rules = sp::rules<op::level, op::api>;
    auto clients = one_reader();
    sp::sliding_log limiter;
    sp::manual_clock clock;

    sp::authorizer borrowing{clients, op::rules(), limiter, clock};
    static_assert(
        std::is_same_v<decltype(borrowing), sp::authorizer<op::clients&, rules, sp::sliding_log&, sp::manual_clock&>>);
    CHECK(refusal(borrowing) == none);
    CHECK(limiter.size() == 1);
    clients.erase(id);
    CHECK(refusal(borrowing) == reason::unknown_client);

    sp::authorizer owning{one_reader(), op::rules(), sp::sliding_log(), sp::manual_clock()};
    static_assert(
        std::is_same_v<decltype(owning), sp::authorizer<op::clients, rules, sp::sliding_log, sp::manual_clock>>);
    CHECK(refusal(owning) == none);
    CHECK(limiter.size() == 1);

    auto moved = std::move(owning);
    CHECK(refusal(moved) == none);
}

TEST_CASE("a part may be a const lvalue where it changes nothing") {
    auto const clients = one_reader();
    sp::manual_clock const steady;
    sp::manual_wall_clock const wall;
    sp::verifier const verifier{sp::sha256_scheme{}};
    sp::two_fields const fields{.id = "openpanel-client-id", .secret = "openpanel-client-secret"};
    sp::authorizer gate{clients, op::rules(), steady, wall, verifier, fields};
    CHECK(refusal(gate) == none);
}

TEST_CASE("parts are sorted into their roles, in whatever order they are given") {
    auto const clients = one_reader();
    sp::sliding_log limiter;
    sp::manual_clock steady;
    sp::manual_wall_clock wall;
    sp::verifier verifier{sp::sha256_scheme{}};
    sp::two_fields fields{.id = "openpanel-client-id", .secret = "openpanel-client-secret"};
    counting_observer observer;
    auto const parts = std::tie(limiter, steady, wall, verifier, fields, observer);
    std::size_t asked = 0;
    auto const passes = [&]<std::size_t... Order>(std::index_sequence<Order...>) {
        sp::authorizer gate{clients, op::rules(), std::get<Order>(parts)...};
        CHECK(refusal(gate) == none);
        CHECK(observer.times == ++asked);
    };
    passes(std::index_sequence<0, 1, 2, 3, 4, 5>());
    passes(std::index_sequence<1, 2, 3, 4, 5, 0>());
    passes(std::index_sequence<2, 3, 4, 5, 0, 1>());
    passes(std::index_sequence<3, 4, 5, 0, 1, 2>());
    passes(std::index_sequence<4, 5, 0, 1, 2, 3>());
    passes(std::index_sequence<5, 4, 3, 2, 1, 0>());
}

TEST_CASE("each part can be replaced alone") {
    auto const clients = one_reader();
    auto rules = op::rules();

    SECTION("the limiter") {
        sp::authorizer gate{clients, rules, refusing_limiter{}};
        CHECK(refusal(gate) == reason::rate_limited);
    }
    SECTION("the steady clock") {
        rules.limits.set(op::api::insights, sp::at_most(1).per(10s));
        sp::manual_clock clock;
        sp::authorizer gate{clients, rules, clock};
        CHECK(refusal(gate) == none);
        clock.advance(10s - 1ns);
        CHECK(refusal(gate) == reason::rate_limited);
        clock.advance(1ns);
        CHECK(refusal(gate) == none);
    }
    SECTION("the wall clock") {
        auto record = reader();
        record.secrets[0].not_before = sp::wall_time(10s);
        record.secrets[0].expires = sp::wall_time(20s);
        op::clients const rotating{{record}, {{.id = "shop", .organization = "acme"}}};
        sp::manual_wall_clock clock;
        sp::authorizer gate{rotating, rules, clock};
        auto const at = [&](sp::wall_time moment) {
            clock.set(moment);
            return refusal(gate);
        };
        CHECK(at(sp::wall_time(10s - 1ns)) == reason::expired_secret);
        CHECK(at(sp::wall_time(10s)) == none);
        CHECK(at(sp::wall_time(20s - 1ns)) == none);
        CHECK(at(sp::wall_time(20s)) == reason::expired_secret);
    }
    SECTION("the wall clock, by one that is like the machine's") {
        struct stopped_clock : sp::wall_clock {
            sp::wall_time now() const noexcept { return sp::wall_time(5s); }
        };
        auto record = reader();
        record.secrets[0].expires = sp::wall_time(10s);
        op::clients const rotating{{record}, {{.id = "shop", .organization = "acme"}}};
        sp::authorizer gate{rotating, rules, stopped_clock{}};
        CHECK(refusal(gate) == none);
    }
    SECTION("the steady clock, of which the calendar knows nothing") {
        auto record = reader();
        auto const today = sp::wall_clock().at(sp::steady_clock().now());
        record.secrets[0].not_before = today - 24h;
        record.secrets[0].expires = today + 24h;
        op::clients const rotating{{record}, {{.id = "shop", .organization = "acme"}}};
        for (auto const elsewhere : {-1'000'000h, 1'000'000h}) {
            sp::authorizer gate{rotating, rules, sp::manual_clock(sp::steady_time(elsewhere))};
            CHECK(refusal(gate) == none);
        }
    }
    SECTION("the verifier") {
        sp::authorizer gate{clients, rules, believing_verifier{}};
        CHECK(refusal(gate, call{id_text, "anything"}) == none);
        CHECK(refusal(gate, call{unknown_text, "anything"}) == reason::unknown_client);
    }
    SECTION("the presentation") {
        sp::authorizer gate{clients, rules, sp::bearer{}};
        auto const token = "Bearer " + std::string(id_text) + "." + std::string(right_secret);
        std::vector<std::pair<std::string, std::string>> const lines{{"Authorization", token}};
        CHECK(refusal(gate, {.headers = lines, .api = op::api::insights}) == none);
        CHECK(refusal(gate, call{}) == reason::missing_client_id);
    }
    SECTION("the observer") {
        counting_observer observer;
        sp::authorizer gate{clients, rules, observer};
        CHECK(refusal(gate, call{id_text, "wrong"}) == reason::wrong_secret);
        CHECK(observer.last == reason::wrong_secret);
    }
}

TEST_CASE("the limit is measured by the moment of the look-up, or by a later one if the proof took time") {
    unsigned readings = 0;
    counted_clock const clock{&readings};
    auto const read = [&](auto& gate) {
        auto const before = readings;
        CHECK(refusal(gate) == none);
        return readings - before;
    };
    sp::authorizer cheap{one_reader(), op::rules(), clock};
    CHECK(read(cheap) == 1);

    auto record = reader();
    record.secrets = {{expensive_scheme::store(right_secret)}};
    op::clients const expensive{{record}, {{.id = "shop", .organization = "acme"}}};
    sp::authorizer unguarded{expensive, op::rules(), clock, sp::verifier{expensive_scheme{}, sp::sha256_scheme{}}};
    CHECK(read(unguarded) == 2);
    CHECK(read(unguarded) == 2);
    record.secrets.push_back({sp::sha256_scheme::store(right_secret)});
    op::clients const either{{record}, {{.id = "shop", .organization = "acme"}}};
    sp::authorizer cheaply{either, op::rules(), clock, sp::verifier{expensive_scheme{}, sp::sha256_scheme{}}};
    CHECK(read(cheaply) == 2);
    call const lines;
    CHECK(cheaply.try_authorize(lines));
    CHECK(readings == 8);

    sp::authorizer guarded{expensive, op::rules(), clock, sp::guarded_verifier{sp::verifier{expensive_scheme{}}}};
    CHECK(read(guarded) == 2);
    CHECK(read(guarded) == 1);
}

namespace {

/// Tells how often the clock is read while it looks, and does so while something is on its way.
struct waiting_store {
    using record_type = op::client;

    op::clients const& clients;
    unsigned const& readings;
    unsigned& read;

    sp::lookup<op::client> find(sp::uuid const& id, std::string_view project) const {
        return find(id, project, [] {});
    }
    template <std::invocable Meanwhile>
    sp::lookup<op::client> find(sp::uuid const& id, std::string_view project, Meanwhile const& meanwhile) const {
        auto const before = readings;
        meanwhile();
        meanwhile();
        read = readings - before;
        return clients.find(id, project);
    }
};

/// The same, but that it offers nobody to do anything meanwhile.
struct silent_store {
    using record_type = op::client;

    waiting_store store;

    sp::lookup<op::client> find(sp::uuid const& id, std::string_view project) const { return store.find(id, project); }
};

}  // namespace

TEST_CASE("the clock is read once while a store waits for memory, and after the answer of one that doesn't say so") {
    auto const clients = one_reader();
    unsigned readings = 0, read = 7;
    counted_clock const clock{&readings};
    waiting_store const waiting{clients, readings, read};
    for (auto const secret : {right_secret, std::string_view("wrong")}) {
        for (auto const client : {id_text, unknown_text}) {
            sp::authorizer meanwhile{waiting, op::rules(), clock};
            auto const before = readings;
            static_cast<void>(refusal(meanwhile, call{client, secret}));
            CHECK(read == 1);
            CHECK(readings - before == 1);

            sp::authorizer afterwards{silent_store{waiting}, op::rules(), clock};
            static_cast<void>(refusal(afterwards, call{client, secret}));
            CHECK(read == 0);
            CHECK(readings - before == 2);
        }
    }
}

TEST_CASE("what a limiter keeps of a client is asked for ahead, and its usage only once the secret is proven") {
    std::vector<std::string> steps;
    sp::authorizer gate{one_reader(), op::rules(), foreseeing_limiter{&steps}};
    CHECK(refusal(gate) == none);
    CHECK(steps == std::vector<std::string>{"slot of 8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60", "block", "state", "take"});

    // So that the time tells nobody whether an id is known, or in use.
    steps.clear();
    CHECK(refusal(gate, call{id_text, "wrong"}) == reason::wrong_secret);
    CHECK(steps == std::vector<std::string>{"slot of 8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60", "block"});
    steps.clear();
    CHECK(refusal(gate, call{unknown_text}) == reason::unknown_client);
    CHECK(steps == std::vector<std::string>{"slot of 00000000-0000-4000-8000-000000000000", "block"});
}

TEST_CASE("a limiter that is asked ahead for a stranger remembers nothing") {
    sp::sliding_log limiter;
    sp::authorizer gate{one_reader(), op::rules(), limiter};
    CHECK(refusal(gate, call{unknown_text}) == reason::unknown_client);
    CHECK(refusal(gate, call{id_text, "wrong"}) == reason::wrong_secret);
    CHECK(limiter.size() == 0);
    CHECK(refusal(gate) == none);
    CHECK(limiter.size() == 1);
}

TEST_CASE("the names of the fields are the rules' to say") {
    auto rules = op::rules();
    rules.fields = {.id = "x-id", .secret = "x-secret"};
    sp::authorizer gate{one_reader(), rules};
    std::array<sp::header_line, 2> const lines{{{"X-Id", id_text}, {"X-Secret", right_secret}}};
    CHECK(refusal(gate, {.headers = lines, .api = op::api::insights}) == none);
    CHECK(refusal(gate, call{}) == reason::missing_client_id);
}

TEST_CASE("an observer without state adds nothing to a gate, and no observer even less") {
    auto const clients = one_reader();
    sp::authorizer without{clients, op::rules()};
    sp::authorizer with{clients, op::rules(), silent_observer{}};
    STATIC_REQUIRE(sizeof(with) == sizeof(without));
}

TEST_CASE("parts that are given leave no room taken by those that they replace") {
    auto const clients = one_reader();
    sp::sliding_log limiter;
    sp::verifier const verifier{sp::sha256_scheme{}};
    sp::authorizer gate{clients, op::rules(), limiter, verifier, sp::steady_clock{}, sp::wall_clock{}};
    STATIC_REQUIRE(sizeof(gate) <= sizeof(op::rules()) + 4 * sizeof(void*));
}

TEST_CASE("a store that fails or throws is a 503 for known and unknown alike, never a 401, and the observer is told") {
    fails_alike(failing_store{});
    fails_alike(throwing_store{});
    fails_alike(late_failing_store{});
}

TEST_CASE("a verifier that fails is a 503 for known and unknown alike") {
    counting_observer observer;
    sp::authorizer gate{one_reader(), op::rules(), failing_verifier{}, observer};
    for (auto const client : {id_text, unknown_text}) {
        auto const decided = gate.authorize(call{client, right_secret});
        REQUIRE_FALSE(decided);
        CHECK(decided.denial().reason == reason::verifier_failed);
        CHECK(decided.denial().status == 503);
        CHECK(observer.last == reason::verifier_failed);
    }
}

TEST_CASE("a limiter that fails or throws is a 503, told to those alone who came as far") {
    auto const refused_by = [](auto limiter) {
        counting_observer observer;
        sp::authorizer gate{one_reader(), op::rules(), std::move(limiter), observer};
        CHECK(refusal(gate) == reason::limiter_failed);
        CHECK(gate.authorize(call{}).denial().status == 503);
        CHECK(observer.last == reason::limiter_failed);
        CHECK(refusal(gate, call{id_text, "wrong"}) == reason::wrong_secret);
        CHECK(refusal(gate, call{unknown_text, right_secret}) == reason::unknown_client);
    };
    refused_by(failing_limiter{});
    refused_by(throwing_limiter{});
}

namespace {

/// Writes down all that an observation has. A member that is added has to be looked at here.
struct writing_observer {
    std::string written{};

    void on_decision(op::observation const& seen) noexcept {
        auto const& [decision, api, client, project, peer, derivations, remembered, shape, in_clear] = seen;
        written = fmt::format("{}; {} {} {} {} {} {} {} {}", in_words(decision), sp::enumerator_name(api),
                              client.value_or(sp::uuid()), project.value_or("none"),
                              std::string_view(reinterpret_cast<char const*>(peer.bytes().data()), 16), derivations,
                              remembered, sp::enumerator_name(shape), in_clear);
    }
};

}  // namespace

TEST_CASE("an observation holds no secret") {
    writing_observer observer;
    sp::authorizer gate{one_reader(), op::rules(), observer};
    for (auto const client : {id_text, unknown_text}) {
        for (auto const secret : {right_secret, std::string_view("a wrong secret")}) {
            static_cast<void>(gate.authorize(call{client, secret}));
            REQUIRE(observer.written.find(client) != std::string::npos);
            CHECK(observer.written.find(secret) == std::string::npos);
        }
    }
}

TEST_CASE("a decision outlives the request, the store and the gate") {
    auto const decide = [](std::string_view secret) {
        std::string const owned_id(id_text);
        std::string const owned_secret(secret);
        std::string const project = "shop";
        std::array<sp::header_line, 2> const lines{
            {{"openpanel-client-id", owned_id}, {"openpanel-client-secret", owned_secret}}};
        sp::authorizer gate{one_reader(), op::rules()};
        return gate.authorize({.headers = lines, .api = op::api::insights, .project = project});
    };
    auto const granted = decide(right_secret);
    REQUIRE(granted);
    CHECK(granted.principal().organization == sp::name("acme"));
    CHECK(granted.rates()[0].name == "insights");
    auto const denied = decide("wrong");
    REQUIRE_FALSE(denied);
    CHECK(denied.denial().api == "insights");
}

namespace {

enum class rank { guest, clerk };
enum class desk { counter, vault };

}  // namespace

TEST_CASE("levels and APIs are the host's own") {
    constexpr sp::rules<rank, desk> rules{
        .permissions = {{{rank::guest, {}}, {rank::clerk, {desk::counter}}}},
        .limits = {{{desk::counter, sp::at_most(2).per(1s)}, {desk::vault, sp::unlimited}}},
    };
    sp::memory_clients<rank, desk> clients{{{.id = id,
                                             .level = rank::clerk,
                                             .organization = "bank",
                                             .project = "branch",
                                             .secrets = {{sp::sha256_scheme::store(right_secret)}}}}};
    sp::authorizer gate{clients, rules};
    std::array<sp::header_line, 2> const lines{{{"client-id", id_text}, {"client-secret", right_secret}}};
    CHECK(gate.authorize({.headers = lines, .api = desk::counter}));
    CHECK(gate.authorize({.headers = lines, .api = desk::vault}).denial().reason == reason::access_not_allowed);
    CHECK(gate.authorize({.headers = lines, .api = static_cast<desk>(2)}).denial().reason ==
          reason::access_not_allowed);
}

TEST_CASE("a request uses as much of its limits as it costs") {
    sp::manual_clock clock;
    sp::authorizer gate{one_reader(), op::rules(), clock};
    auto const ask = [&gate](std::uint32_t cost) {
        call const lines;
        op::request asked = lines;
        asked.cost = cost;
        return gate.authorize(asked);
    };
    auto const exported = ask(60);
    REQUIRE(exported);
    CHECK(exported.rates()[0].remaining == 40);
    clock.advance(1s);
    CHECK(ask(40));
    auto const refused = ask(50);
    REQUIRE_FALSE(refused);
    CHECK(refused.denial().retry_after == 9s);
    clock.advance(9s);
    CHECK(ask(50));
}

TEST_CASE("a cost of 0, or above a limit in force, is refused for good, says so and uses nothing up") {
    auto rules = op::rules();
    rules.limits.set(op::api::insights, {sp::at_most(100).per(10s), sp::at_most(5000).per(1h)});
    sp::authorizer gate{one_reader(), rules, sp::manual_clock()};
    for (std::uint32_t const cost : {0U, 101U, 5000U, 5001U, ~0U}) {
        call const lines;
        op::request asked = lines;
        asked.cost = cost;
        auto const refused = gate.authorize(asked);
        INFO(cost);
        REQUIRE_FALSE(refused);
        CHECK(refused.denial().reason == reason::rate_limited);
        CHECK(refused.denial().retry_after == sp::never);
        auto const answer = sp::http::responder{}.respond(refused);
        CHECK(answer.status == 429);
        CHECK(answer.body == R"({"status":429,"error":"Too Many Requests",)"
                             R"("message":"This request can never pass the rate limit for this endpoint."})");
        CHECK(answer.fields == std::vector<sp::http::field>{
                                   {"Content-Type", "application/json; charset=utf-8"},
                                   {"Cache-Control", "no-store"},
                                   {"RateLimit-Policy", R"("insights-10s";q=100;w=10, "insights-3600s";q=5000;w=3600)"},
                                   {"RateLimit", R"("insights-10s";r=100;t=0, "insights-3600s";r=5000;t=0)"},
                                   {"X-RateLimit-Limit", "100"},
                                   {"X-RateLimit-Remaining", "100"},
                                   {"X-RateLimit-Reset", "0"}});
    }
    CHECK(gate.authorize(call{}).rates()[0].remaining == 99);
}

TEST_CASE("what is not limited may cost what it likes") {
    auto rules = op::rules();
    for (auto const& limits : {sp::unlimited, sp::quotas(sp::in_shadow(sp::at_most(5).per(10s)))}) {
        rules.limits.set(op::api::insights, limits);
        sp::authorizer gate{one_reader(), rules, sp::manual_clock()};
        for (std::uint32_t const cost : {0U, 1U, 6U, ~0U}) {
            call const lines;
            op::request asked = lines;
            asked.cost = cost;
            auto const decided = gate.authorize(asked);
            CHECK(decided);
            CHECK(decided.would_refuse() == (!limits.unlimited() && cost != 1));
        }
    }
}

TEST_CASE("a limit in shadow is counted while another is in force, and says when it would have refused") {
    auto rules = op::rules();
    rules.limits.set(op::api::insights, {sp::at_most(4).per(10s), sp::in_shadow(sp::at_most(2).per(10s))});
    sp::manual_clock clock;
    sp::authorizer gate{one_reader(), rules, clock};
    std::array<bool, 4> told{};
    for (auto& each : told) {
        auto const decided = gate.authorize(call{});
        REQUIRE(decided);
        each = decided.would_refuse();
        CHECK(sp::http::responder{}.respond(decided).fields[1].value == R"("insights";q=4;w=10)");
    }
    CHECK(told == std::array{false, false, true, true});
    auto const refused = gate.authorize(call{});
    REQUIRE_FALSE(refused);
    CHECK(refused.would_refuse());
    REQUIRE(refused.rates().size() == 2);
    CHECK(refused.rates()[1].shadow);
    clock.advance(refused.denial().retry_after);
    CHECK(gate.authorize(call{}));
}

TEST_CASE("what is all in shadow stays a grant when the limiter can't answer") {
    auto rules = op::rules();
    rules.limits.set(op::api::insights, sp::in_shadow(sp::at_most(2).per(10s)));
    sp::authorizer failing{one_reader(), rules, failing_limiter{}};
    sp::authorizer throwing{one_reader(), rules, throwing_limiter{}};
    sp::authorizer refusing{one_reader(), rules, refusing_limiter{}};
    CHECK(refusal(failing) == none);
    CHECK(refusal(throwing) == none);
    CHECK(refusal(refusing) == none);
}
