// SPDX-License-Identifier: BSL-1.0
#include "catch.hpp"
#include "credential/counting_scheme.hpp"

#include <sallyport/credential/guarded_verifier.hpp>
#include <sallyport/credential/issuer.hpp>
#include <sallyport/exempt_peers.hpp>
#include <sallyport/limit/throttle.hpp>
#include <sallyport/openpanel.hpp>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace std::chrono_literals;
using reason = sp::denial_reason;

namespace {

using verifier = sp::guarded_verifier<sp::verifier<cheap_scheme, expensive_scheme>, sp::throttle>;

std::string id_text(std::uint32_t number) { return fmt::format("00000000-0000-4000-8000-{:012x}", number); }
sp::uuid id_of(std::uint32_t number) { return sp::parse_uuid_v4(id_text(number)).value(); }
sp::peer_address peer(std::uint8_t number) { return sp::peer_address::v4({192, 0, 2, number}); }

sp::stored_secret cheap(std::string_view plain) { return {.hash = cheap_scheme::store(plain)}; }
sp::stored_secret expensive(std::string_view plain) { return {.hash = expensive_scheme::store(plain)}; }

op::client reader(std::uint32_t number, std::vector<sp::stored_secret> secrets) {
    return {.id = id_of(number),
            .level = op::level::read,
            .organization = "acme",
            .project = "shop",
            .secrets = std::move(secrets)};
}

/// What an observer was told last, and how often it was told.
struct witness {
    unsigned times = 0;
    std::optional<sp::uuid> client{};
    unsigned derivations = 0;
    sp::secret_shape shape{};
    bool remembered = false;
    bool in_clear = false;

    void on_decision(op::observation const& seen) noexcept {
        ++times;
        client = seen.client;
        derivations = seen.derivations;
        shape = seen.shape;
        remembered = seen.remembered;
        in_clear = seen.secret_in_clear;
    }
};

/// A gate on records of a test's choice, whose hashes are counted and whose clocks stand still.
struct guarded_gate {
    explicit guarded_gate(std::vector<op::client> records, sp::rules<op::level, op::api> const& of = op::rules())
        : clients(std::move(records), {{"shop", "acme"}}, {1, 2}),
          gate(clients, of, guard, limiter, steady, wall, observer) {}

    struct call {
        std::string id;
        std::string secret;
        std::array<sp::header_line, 2> lines{{{"openpanel-client-id", id}, {"openpanel-client-secret", secret}}};
        sp::peer_address from = peer(1);
        std::optional<bool> https{};
        bool exempt = false;

        operator op::request() const {
            return {.headers = lines, .api = op::api::insights, .peer = from, .https = https, .exempt = exempt};
        }
    };

    op::decision ask(std::uint32_t client, std::string_view secret, std::uint8_t from = 1) {
        return gate.authorize(call{.id = id_text(client), .secret = std::string(secret), .from = peer(from)});
    }

    hash_counter counter;
    op::clients clients;
    sp::sliding_log limiter;
    sp::manual_clock steady{sp::steady_time(1000s)};
    sp::manual_wall_clock wall{sp::wall_time(1'700'000'000s)};
    witness observer;
    verifier guard{sp::verifier(cheap_scheme{&counter}, expensive_scheme{&counter}), sp::throttle()};
    sp::authorizer<op::clients&, sp::rules<op::level, op::api>, verifier&, sp::sliding_log&, sp::manual_clock&,
                   sp::manual_wall_clock&, witness&>
        gate;
};

std::optional<reason> refusal(op::decision const& made) {
    return made ? std::nullopt : std::optional(made.denial().reason);
}

constexpr std::optional<reason> none{};

}  // namespace

TEST_CASE("whoever is not proven gets the same answers in the same order, whatever the store knows of the id") {
    std::vector<sp::stored_secret> const secrets{cheap("right"), expensive("right")};
    auto disabled = reader(2, secrets);
    disabled.disabled = true;
    auto expired = reader(3, secrets);
    for (auto& each : expired.secrets) each.expires = sp::wall_time(1s);
    // The store's mix has one profile, so that every id has that one.
    std::vector<op::client> const records{reader(1, secrets), disabled, expired, reader(4, {})};

    auto const answers_to = [&](std::uint32_t client, std::string_view secret) {
        guarded_gate on(records);
        std::vector<std::string> answers;
        for (int i = 0; i < 30; ++i) {
            auto const made = on.ask(client, secret);
            REQUIRE_FALSE(made);
            REQUIRE(made.rates().empty());
            answers.push_back(fmt::format("{} {} {} {} {}", made.denial().status, made.denial().retry_after.count(),
                                          on.observer.derivations, on.counter.cheap.load(),
                                          on.counter.expensive.load()));
            on.steady.advance(1s);
        }
        return answers;
    };
    auto const wrong = answers_to(1, "wrong");
    CHECK(wrong.front() == "401 0 2 1 1");
    CHECK(wrong.back().starts_with("429 "));
    CHECK(answers_to(2, "right") == wrong);
    CHECK(answers_to(3, "right") == wrong);
    CHECK(answers_to(4, "right") == wrong);
    CHECK(answers_to(5, "right") == wrong);
}

TEST_CASE("in a mixed store unknown ids take hashes in the proportion in which known ones do") {
    std::vector<op::client> records;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        records.push_back(reader(i, {i % 10 < 3 ? expensive("right") : cheap("right")}));
    }
    guarded_gate on(std::move(records));
    for (std::uint32_t i = 0; i < 2000; ++i) {
        static_cast<void>(on.ask(1'000'000 + i, "wrong"));
        on.steady.advance(1s);
    }
    CHECK(on.counter.cheap + on.counter.expensive == 2000);
    CHECK(on.counter.expensive > 500);
    CHECK(on.counter.expensive < 700);
}

TEST_CASE("a request that takes an expensive hash is left by try_authorize, with nothing counted and nobody told") {
    guarded_gate on({reader(1, {cheap("quick")}), reader(2, {expensive("slow")})});
    using call = guarded_gate::call;
    CHECK(on.gate.try_authorize(call{id_text(1), "quick"})->principal().id == id_of(1));
    CHECK(refusal(*on.gate.try_authorize(call{.id = "rubbish", .secret = "x"})) == reason::malformed_client_id);
    auto const told = on.observer.times;
    for (int i = 0; i < 50; ++i) CHECK_FALSE(on.gate.try_authorize(call{id_text(2), i % 2 ? "slow" : "wrong"}));
    CHECK(on.observer.times == told);
    CHECK(on.counter.expensive == 0);
    CHECK(on.ask(2, "slow"));
    auto const settled = on.gate.try_authorize(call{id_text(2), "slow"});
    REQUIRE(settled);
    CHECK(settled->rates()[0].remaining == 98);
    CHECK(on.observer.remembered);
}

TEST_CASE("a secret that is taken away, replaced, run out or disabled stops at the next request, remembered or not") {
    guarded_gate on({reader(1, {expensive("old"), expensive("new")})});
    REQUIRE(on.ask(1, "old"));
    REQUIRE(on.ask(1, "old"));
    REQUIRE(on.observer.remembered);
    SECTION("revoked") {
        auto changed = reader(1, {expensive("old"), expensive("new")});
        REQUIRE(sp::revoke(changed, changed.secrets[0].id));
        REQUIRE(on.clients.update(changed));
        CHECK(refusal(on.ask(1, "old")) == reason::wrong_secret);
        CHECK(on.ask(1, "new"));
    }
    SECTION("expired, to the nanosecond") {
        auto changed = reader(1, {expensive("old"), expensive("new")});
        changed.secrets[0].expires = on.wall.now() + 1h;
        REQUIRE(on.clients.update(changed));
        on.wall.advance(1h - 1ns);
        CHECK(on.ask(1, "old"));
        CHECK(on.observer.remembered);
        on.wall.advance(1ns);
        CHECK(refusal(on.ask(1, "old")) == reason::expired_secret);
        CHECK(on.ask(1, "new"));
    }
    SECTION("disabled") {
        auto changed = reader(1, {expensive("old"), expensive("new")});
        sp::disable(changed);
        REQUIRE(on.clients.update(changed));
        CHECK(refusal(on.ask(1, "old")) == reason::client_disabled);
    }
    SECTION("gone") {
        REQUIRE(on.clients.erase(id_of(1)));
        CHECK(refusal(on.ask(1, "old")) == reason::unknown_client);
    }
}

TEST_CASE("a grant says which secret proved it, and whether that should be hashed anew") {
    auto const record = reader(1, {expensive("old"), cheap("new")});
    guarded_gate on({record});
    auto const by_old = on.ask(1, "old").principal();
    auto const by_new = on.ask(1, "new").principal();
    CHECK(by_old.secret == record.secrets[0].id);
    CHECK(by_old.needs_rehash);
    CHECK(by_new.secret == record.secrets[1].id);
    CHECK_FALSE(by_new.needs_rehash);
}

TEST_CASE("an exempt peer uses no limit up and shows none, and has to prove who it is") {
    guarded_gate on({reader(1, {cheap("right")})});
    using call = guarded_gate::call;
    for (int i = 0; i < 500; ++i) {
        auto const made = on.gate.authorize(call{.id = id_text(1), .secret = "right", .exempt = true});
        REQUIRE(made);
        REQUIRE(made.rates().empty());
        REQUIRE(refusal(on.gate.authorize(call{.id = id_text(1), .secret = "wrong", .exempt = true})) ==
                reason::wrong_secret);
    }
    CHECK(on.ask(1, "right").rates()[0].remaining == 99);
}

TEST_CASE("credentials that came in the clear are refused before they are looked at, and the observer is told whose") {
    auto rules = op::rules();
    rules.require_https = true;
    guarded_gate on({reader(1, {cheap("right")})}, rules);
    using call = guarded_gate::call;
    for (auto const https : {std::optional<bool>(), std::optional(false)}) {
        for (std::string const secret : {"right", "wrong"}) {
            CHECK(refusal(on.gate.authorize(call{.id = id_text(1), .secret = secret, .https = https})) ==
                  reason::insecure_transport);
            CHECK(on.observer.client == id_of(1));
            CHECK(on.observer.in_clear);
            CHECK(on.observer.derivations == 0);
        }
        CHECK(refusal(on.gate.authorize(call{.id = id_text(1), .secret = "", .https = https})) ==
              reason::insecure_transport);
        CHECK_FALSE(on.observer.in_clear);
        CHECK(refusal(on.gate.authorize(call{.id = "1", .secret = "right", .https = https})) ==
              reason::malformed_client_id);
    }
    CHECK(on.counter.cheap == 0);
    CHECK(on.gate.authorize(call{.id = id_text(1), .secret = "right", .https = true}));
    CHECK_FALSE(on.observer.in_clear);
    CHECK(refusal(on.gate.authorize(call{.id = id_text(1), .secret = "", .https = true})) ==
          reason::missing_client_secret);
}

TEST_CASE("the observer is told whether a refused secret looks mistyped or made up, and the caller is not") {
    sp::secret_format const acme{"acme_"};
    auto rules = op::rules();
    rules.issued = acme;
    auto const issued = sp::issuer{acme}.issue<op::client>(op::level::read, "acme", "shop").value();
    auto const plain = issued.plain.reveal();
    op::clients clients({issued.record}, {{"shop", "acme"}});
    witness observer;
    sp::authorizer gate{clients, rules, observer};
    auto const id = issued.record.id.text();
    auto const shape_of = [&](std::string_view secret) {
        auto const made =
            gate.authorize(guarded_gate::call{.id = std::string(id.data(), id.size()), .secret = std::string(secret)});
        CHECK(refusal(made) == (secret == plain ? none : std::optional(reason::wrong_secret)));
        return observer.shape;
    };
    std::string mistyped(plain);
    std::swap(mistyped[10], mistyped[11]);
    if (mistyped == plain) mistyped[10] = mistyped[10] == 'a' ? 'b' : 'a';
    auto const other = sp::issuer{acme}.issue<op::client>(op::level::read, "acme", "shop").value();
    CHECK(shape_of(mistyped) == sp::secret_shape::mistyped);
    CHECK(shape_of("acme_") == sp::secret_shape::mistyped);
    CHECK(shape_of(other.plain.reveal()) == sp::secret_shape::intact);
    CHECK(shape_of("hunter2") == sp::secret_shape::foreign);
    CHECK(shape_of(plain) == sp::secret_shape::foreign);
}
