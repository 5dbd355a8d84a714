#include "catch.hpp"
#include "gate_words.hpp"
#include "in_words.hpp"
#include "limit/in_threads.hpp"

#include <sallyport/http/response.hpp>
#include <sallyport/limit/concurrency_cap.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace one_client;

namespace {

using permit = sp::concurrency_cap::permit;

constexpr sp::rate_key proven{.client = id};
constexpr std::optional<reason> none{};

op::clients one_root() {
    return op::clients{{{.id = id,
                         .level = op::level::root,
                         .organization = "acme",
                         .secrets = {{sp::sha256_scheme::store(right_secret)}},
                         .origins = {"https://shop.example"}}},
                       {{.id = "shop", .organization = "acme"}}};
}

/// A request of the client, with its header lines.
struct call {
    op::api api = op::api::insights;
    std::uint32_t cost = 1;
    bool exempt = false;
    std::string_view secret = right_secret;
    std::array<sp::header_line, 2> lines{{{"openpanel-client-id", id_text}, {"openpanel-client-secret", secret}}};

    operator op::request() const { return {.headers = lines, .api = api, .exempt = exempt, .cost = cost}; }
};

/// One from a page, which has no secret.
struct page_call {
    std::string_view peer;
    std::array<sp::header_line, 2> lines{{{"openpanel-client-id", id_text}, {"origin", "https://shop.example"}}};

    operator op::request() const {
        return {.headers = lines, .api = op::api::track, .peer = sp::peer_address::parse(peer)};
    }
};

std::optional<reason> refusal(op::decision const& decided) {
    return decided ? std::nullopt : std::optional(decided.denial().reason);
}

/// Asks, and gives back at once what was granted.
template <class Gate>
std::optional<reason> ask(Gate& gate, op::request const& asked = call{}) {
    auto const decided = gate.authorize(asked);
    return refusal(decided);
}

struct last_reason {
    std::optional<reason> last{};
    void on_decision(op::observation const& seen) noexcept { last = refusal(seen.decision); }
};

enum class answers { fails, throws };

struct broken_limiter {
    answers how;
    sp::allowance take(std::span<sp::claim const>, sp::steady_time) {
        if (how == answers::throws) throw std::runtime_error("no limiter");
        return {};
    }
};

struct throwing_cap {
    permit enter(sp::rate_key const&) { throw std::runtime_error("no cap"); }
    std::chrono::nanoseconds retry_after() const noexcept { return 1s; }
};

/// Leaves every attempt to a thread that may take its time.
struct slow_verifier {
    sp::verifier<sp::sha256_scheme> working{};

    sp::verification verify(sp::proof_attempt const& attempt) const noexcept { return working.verify(attempt); }
    std::optional<sp::verification> settle(sp::proof_attempt const&) const noexcept { return std::nullopt; }
};

}  // namespace

TEST_CASE("a gate without a cap has no trace of one: what it decides is a decision and nothing else") {
    auto const clients = one_root();
    sp::authorizer plain{clients, op::rules()};
    STATIC_REQUIRE(std::is_same_v<decltype(plain)::decision, sp::decision<op::level>>);
    STATIC_REQUIRE(std::is_same_v<decltype(plain.authorize(call{})), op::decision>);
    STATIC_REQUIRE(std::is_same_v<decltype(plain.try_authorize(call{})), std::optional<op::decision>>);

    sp::concurrency_cap cap{1};
    sp::authorizer capped{clients, op::rules(), cap};
    STATIC_REQUIRE(std::is_same_v<decltype(capped)::decision, sp::capped_decision<op::level, permit>>);
    STATIC_REQUIRE(std::is_base_of_v<op::decision, decltype(capped)::decision>);
    STATIC_REQUIRE(std::is_nothrow_move_constructible_v<decltype(capped)::decision>);
    STATIC_REQUIRE(std::is_nothrow_move_assignable_v<decltype(capped)::decision>);
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<decltype(capped)::decision>);
    CHECK(in_words(plain.authorize(call{.secret = "wrong"})) == in_words(capped.authorize(call{.secret = "wrong"})));
}

TEST_CASE("a request beyond the cap is a 429 with a wait of its own, is told to the observer, and uses up no limit") {
    sp::concurrency_cap cap({.at_once = 2, .retry_after = 1500ms});
    last_reason observer;
    sp::authorizer gate{one_root(), op::rules(), cap, observer};
    auto first = gate.authorize(call{});
    auto const second = gate.authorize(call{.api = op::api::export_});
    REQUIRE(first);
    REQUIRE(second);
    CHECK(observer.last == none);

    auto refused = gate.authorize(call{});
    REQUIRE(refusal(refused) == reason::too_many_at_once);
    CHECK(refused.denial().retry_after == 1500ms);
    CHECK(observer.last == reason::too_many_at_once);
    CHECK_FALSE(refused.take_permit());
    auto const answer = sp::http::responder{}.respond(refused);
    CHECK(answer.status == 429);
    CHECK(
        answer.body ==
        R"({"status":429,"error":"Too Many Requests","message":"You have exceeded the rate limit for this endpoint."})");
    CHECK(answer.fields == std::vector<sp::http::field>{{"Content-Type", "application/json; charset=utf-8"},
                                                        {"Cache-Control", "no-store"},
                                                        {"Retry-After", "2"}});

    static_cast<void>(first.take_permit());
    auto const next = gate.authorize(call{});
    REQUIRE(next);
    CHECK(next.rates()[0].remaining == 98);
}

TEST_CASE("a request that the limit refuses gives its permit back, while its decision is still there") {
    auto rules = op::rules();
    rules.limits.set(op::api::insights, sp::at_most(1).per(10s));
    sp::concurrency_cap cap{2};
    sp::authorizer gate{one_root(), rules, cap, sp::manual_clock{}};
    auto const granted = gate.authorize(call{});
    auto const refused = gate.authorize(call{});
    CHECK(granted);
    CHECK(refusal(refused) == reason::rate_limited);
    CHECK(cap.running(proven) == 1);
}

TEST_CASE("when the observer is told of a refusal its permit is given back already") {
    struct watching {
        sp::concurrency_cap& cap;
        std::uint32_t running = 7;
        void on_decision(op::observation const&) noexcept { running = cap.running(proven); }
    };
    sp::concurrency_cap cap{2};
    watching observer{cap};
    sp::authorizer gate{one_root(), op::rules(), cap, broken_limiter{answers::fails}, observer};
    CHECK(ask(gate) == reason::limiter_failed);
    CHECK(observer.running == 0);
}

TEST_CASE("a limiter that fails or throws leaves no permit behind, and a cap that throws is a 503") {
    sp::concurrency_cap cap{1};
    for (auto const how : {answers::fails, answers::throws}) {
        sp::authorizer gate{one_root(), op::rules(), cap, broken_limiter{how}};
        auto const refused = gate.authorize(call{});
        CHECK(refusal(refused) == reason::limiter_failed);
        CHECK(cap.running(proven) == 0);
    }
    auto rules = op::rules();
    for (auto const& limits : {sp::unlimited, sp::quotas(sp::in_shadow(sp::at_most(5).per(10s)))}) {
        rules.limits.set(op::api::insights, limits);
        sp::authorizer gate{one_root(), rules, throwing_cap{}};
        auto const refused = gate.authorize(call{});
        REQUIRE(refusal(refused) == reason::limiter_failed);
        CHECK(refused.denial().status == 503);
    }
}

TEST_CASE("who is not proven, or has no access, is refused for that, whoever runs") {
    sp::concurrency_cap cap{1};
    sp::authorizer gate{one_root(), op::rules(), cap};
    auto const running = gate.authorize(call{});
    REQUIRE(running);
    CHECK(ask(gate, call{.secret = "wrong"}) == reason::wrong_secret);
    call const elsewhere;
    op::request asked = elsewhere;
    asked.project = "none";
    CHECK(ask(gate, asked) == reason::out_of_scope);
    CHECK(ask(gate) == reason::too_many_at_once);
}

TEST_CASE("an exempt request takes no permit, and passes whoever runs") {
    sp::concurrency_cap cap{1};
    sp::authorizer gate{one_root(), op::rules(), cap};
    auto exempt = gate.authorize(call{.exempt = true});
    CHECK(exempt);
    CHECK_FALSE(exempt.take_permit());
    auto const running = gate.authorize(call{});
    CHECK(running);
    CHECK(ask(gate, call{.exempt = true}) == none);
}

TEST_CASE("a request that can never pass its limit takes no permit, and is told so whoever runs") {
    sp::concurrency_cap cap{1};
    sp::authorizer gate{one_root(), op::rules(), cap};
    auto const running = gate.authorize(call{});
    for (std::uint32_t const cost : {0U, 101U}) {
        auto const refused = gate.authorize(call{.cost = cost});
        REQUIRE(refusal(refused) == reason::rate_limited);
        CHECK(refused.denial().retry_after == sp::never);
    }
    CHECK(ask(gate, call{.cost = 100}) == reason::too_many_at_once);
}

TEST_CASE("the cap holds for APIs without a limit, and for those whose limits are all in shadow") {
    auto rules = op::rules();
    for (auto const& limits : {sp::unlimited, sp::quotas(sp::in_shadow(sp::at_most(5).per(10s)))}) {
        rules.limits.set(op::api::insights, limits);
        sp::concurrency_cap cap{1};
        sp::authorizer gate{one_root(), rules, cap};
        for (std::uint32_t const cost : {0U, 1U, 6U}) {
            auto const running = gate.authorize(call{.cost = cost});
            CHECK(running);
            CHECK(ask(gate) == reason::too_many_at_once);
        }
        CHECK(ask(gate) == none);
    }
}

TEST_CASE("who came from an origin without a secret runs on places of its own, by its network") {
    sp::concurrency_cap cap{1};
    sp::authorizer gate{one_root(), op::rules(), cap};
    auto const stranger = gate.authorize(page_call{"2001:db8::1"});
    REQUIRE(stranger);
    CHECK(ask(gate, page_call{"2001:db8::2"}) == reason::too_many_at_once);
    CHECK(ask(gate, page_call{"2001:db8:0:1::1"}) == none);
    auto const client = gate.authorize(call{.api = op::api::track});
    CHECK(client);
    CHECK(ask(gate) == reason::too_many_at_once);
}

TEST_CASE("try_authorize takes a permit where it answers, and none where it leaves the answer to a thread") {
    sp::concurrency_cap cap{1};
    {
        sp::authorizer gate{one_root(), op::rules(), cap};
        auto const running = gate.try_authorize(call{});
        REQUIRE(running);
        CHECK(*running);
        CHECK(cap.running(proven) == 1);
        CHECK(refusal(*gate.try_authorize(call{})) == reason::too_many_at_once);
    }
    sp::authorizer gate{one_root(), op::rules(), cap, slow_verifier{}};
    CHECK_FALSE(gate.try_authorize(call{}));
    CHECK(cap.running(proven) == 0);
    auto const running = gate.authorize(call{});
    CHECK(running);
    CHECK_FALSE(gate.try_authorize(call{}));
    CHECK(cap.running(proven) == 1);
}

TEST_CASE("a permit goes with its decision, or with whoever took it from there") {
    sp::concurrency_cap cap{1};
    sp::authorizer gate{one_root(), op::rules(), cap};
    auto decided = gate.authorize(call{});
    std::jthread([moved = std::move(decided), &cap]() mutable {
        CHECK(cap.running(proven) == 1);
        auto const ends_here = std::move(moved);
        CHECK(ends_here.principal().id == id);
    }).join();
    CHECK(cap.running(proven) == 0);

    decided = gate.authorize(call{});
    REQUIRE(decided);
    {
        auto const work = decided.take_permit();
        CHECK(work);
        CHECK(ask(gate) == reason::too_many_at_once);
    }
    CHECK(decided);
    CHECK(cap.running(proven) == 0);

    auto const fails = [&gate] {
        auto const running = gate.authorize(call{});
        throw std::runtime_error(running ? "the work failed" : "refused");
    };
    CHECK_THROWS_WITH(fails(), "the work failed");
    CHECK(cap.running(proven) == 0);
}

TEST_CASE("a decision with its permit outlives the gate, and the cap that it owned") {
    auto const decide = [] {
        sp::authorizer gate{one_root(), op::rules(), sp::concurrency_cap{1}};
        return gate.authorize(call{});
    };
    auto decided = decide();
    REQUIRE(decided);
    CHECK(decided.principal().id == id);
    CHECK(decided.take_permit());
}

TEST_CASE("eight threads at a gate never run more of a client than may, and what they use of its limit is what ran") {
    auto rules = op::rules();
    rules.limits.set(op::api::insights, sp::at_most(100'000).per(10s));
    sp::concurrency_cap cap{3};
    sp::manual_clock clock;
    sp::authorizer gate{one_root(), rules, cap, clock};
    std::atomic<int> running{0};
    std::atomic<std::uint32_t> ran{0};
    std::atomic<bool> strange{false};
    limits::in_threads([&](unsigned) {
        for (int i = 0; i < 1000; ++i) {
            auto const decided = gate.authorize(call{});
            if (!decided) {
                if (decided.denial().reason != reason::too_many_at_once) strange = true;
                continue;
            }
            if (++running > 3) strange = true;
            ++ran;
            std::this_thread::yield();
            --running;
        }
    });
    CHECK_FALSE(strange);
    CHECK(cap.running(proven) == 0);
    CHECK(gate.authorize(call{}).rates()[0].remaining == 100'000 - ran - 1);
}
