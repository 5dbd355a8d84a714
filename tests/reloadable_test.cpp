#include "catch.hpp"
#include "gate_words.hpp"

#include <sallyport/reloadable.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

// Rules that change while requests run.
using namespace one_client;

namespace {

using sp::shared_by;
using reloadable = sp::reloadable<op::level, op::api>;

template <class Gate>
op::decision ask(Gate& gate, op::api api = op::api::insights, std::uint32_t cost = 1) {
    std::array<sp::header_line, 2> const lines{
        {{"openpanel-client-id", id_text}, {"openpanel-client-secret", right_secret}}};
    return gate.authorize({.headers = lines, .api = api, .cost = cost});
}

template <class Gate>
unsigned granted(Gate& gate, unsigned calls) {
    unsigned count = 0;
    for (unsigned i = 0; i < calls; ++i) count += ask(gate) ? 1 : 0;
    return count;
}

auto limited_to(sp::quotas const& limits) {
    auto rules = op::rules();
    rules.limits.set(op::api::insights, limits);
    return rules;
}

}  // namespace

TEST_CASE("limits that are replaced hold at the next request, and usage is kept") {
    auto const clients = one_reader();
    sp::manual_clock clock;
    reloadable rules{limited_to(sp::at_most(100).per(10s))};
    sp::authorizer gate{clients, rules, clock};
    for (int i = 0; i < 100; ++i, clock.advance(10ms)) REQUIRE(ask(gate));
    REQUIRE_FALSE(ask(gate));

    SECTION("a raised limit admits as many more") {
        REQUIRE(rules.replace(limited_to(sp::at_most(150).per(10s))));
        CHECK(granted(gate, 200) == 50);
    }
    SECTION("a lowered limit refuses until so few are left") {
        REQUIRE(rules.replace(limited_to(sp::at_most(10).per(10s))));
        auto const refused = ask(gate);
        CHECK(refused.denial().retry_after == 9s + 90 * 10ms);
        clock.advance(refused.denial().retry_after - 1ns);
        CHECK_FALSE(ask(gate));
        clock.advance(1ns);
        CHECK(granted(gate, 9) == 1);
    }
    SECTION("a shorter window counts what lies within") {
        REQUIRE(rules.replace(limited_to(sp::at_most(100).per(500ms))));
        CHECK(granted(gate, 200) == 51);
    }
    SECTION("a second window counts what was there before it") {
        clock.advance(8s);
        REQUIRE(rules.replace(limited_to({sp::at_most(100).per(10s), sp::at_most(5).per(1s)})));
        CHECK_FALSE(ask(gate));
        clock.advance(1s);
        CHECK(granted(gate, 9) == 1);
    }
    SECTION("a limit that is taken away counts no more; what was used before counts if it comes again in time") {
        REQUIRE(rules.replace(limited_to(sp::unlimited)));
        auto const free = ask(gate);
        REQUIRE(free);
        CHECK(free.rates().empty());
        CHECK(granted(gate, 200) == 200);
        REQUIRE(rules.replace(limited_to(sp::at_most(120).per(10s))));
        CHECK(granted(gate, 200) == 20);
    }
}

TEST_CASE("a limit for what was unlimited counts from the next request on") {
    auto const clients = one_reader();
    reloadable rules{limited_to(sp::unlimited)};
    sp::authorizer gate{clients, rules, sp::manual_clock()};
    CHECK(granted(gate, 500) == 500);
    REQUIRE(rules.replace(limited_to(sp::at_most(7).per(10s))));
    CHECK(granted(gate, 500) == 7);
}

TEST_CASE(
    "a longer window counts what the longest before it reached, may miss what is older, and is exact from then on") {
    auto const clients = one_reader();
    sp::manual_clock clock;
    reloadable rules{limited_to(sp::at_most(100).per(10s))};
    sp::authorizer gate{clients, rules, clock};
    REQUIRE(granted(gate, 60) == 60);
    clock.advance(15s);
    REQUIRE(granted(gate, 10) == 10);
    REQUIRE(rules.replace(limited_to(sp::at_most(100).per(1min))));
    auto const admitted = granted(gate, 200);
    CHECK(admitted >= 30);
    CHECK(admitted <= 90);
    clock.advance(1min - 1ns);
    CHECK(granted(gate, 200) == 90 - admitted);
    clock.advance(1ns);
    CHECK(granted(gate, 200) == 10 + admitted);
}

TEST_CASE("a shared budget's usage goes with its name, wherever it stands in the list") {
    auto const clients = one_reader();
    reloadable rules{limited_to(sp::unlimited)};
    sp::authorizer gate{clients, rules, sp::manual_clock()};
    auto const share = [&](sp::shared_budgets<op::api> const& shared) {
        auto changed = limited_to(sp::unlimited);
        changed.shared = shared;
        REQUIRE(rules.replace(changed));
    };
    share({{"acme-wide", shared_by::organization, sp::at_most(5).per(10s)}});
    CHECK(granted(gate, 3) == 3);
    share({{"project", shared_by::project, sp::at_most(9).per(10s)},
           {"acme-wide", shared_by::organization, sp::at_most(5).per(10s)}});
    auto const rates = ask(gate).rates();
    CHECK(rates[0].remaining == 8);
    CHECK(rates[1].remaining == 1);
    share({{"another", shared_by::organization, sp::at_most(5).per(10s)}});
    CHECK(granted(gate, 9) == 5);
}

TEST_CASE("what was granted before is given back after, to the budgets that are still there") {
    auto const clients = one_reader();
    auto changed = limited_to(sp::at_most(2).per(10s));
    changed.shared = {{"organization", shared_by::organization, sp::at_most(2).per(10s)}};
    reloadable rules{changed};
    sp::authorizer gate{clients, rules, sp::manual_clock()};
    auto const taken = ask(gate);
    auto const other = ask(gate);
    op::request const asked{.api = op::api::insights};
    changed.limits.set(op::api::insights, sp::at_most(1).per(10s));
    REQUIRE(rules.replace(changed));
    CHECK(gate.give_back(taken, asked));
    CHECK_FALSE(ask(gate));
    REQUIRE(rules.replace(limited_to(sp::at_most(1).per(10s))));
    CHECK_FALSE(gate.give_back(other, asked));
    CHECK(granted(gate, 9) == 1);
}

TEST_CASE("rules with a mistake are refused and say why, and those in force stay") {
    auto const clients = one_reader();
    auto const mistaken = [](auto change) {
        auto made = op::rules();
        change(made);
        return made;
    };
    std::array const mistakes{
        std::pair(mistaken([](auto& of) { of.fields.secret = ""; }), "the fields of id and secret have names"),
        std::pair(mistaken([](auto& of) { of.fields.id = ""; }), "the fields of id and secret have names"),
        std::pair(mistaken([](auto& of) { of.fields.secret = "OpenPanel-Client-Id"; }),
                  "id and secret have fields of their own"),
        std::pair(mistaken([](auto& of) { of.when_not_allowed = static_cast<sp::access_status>(200); }),
                  "who is not allowed is answered 401 or 403")};
    reloadable rules{limited_to(sp::at_most(2).per(10s))};
    sp::authorizer gate{clients, rules};
    for (auto const& [wrong, why] : mistakes) {
        auto const replaced = rules.replace(wrong);
        CHECK_FALSE(replaced);
        CHECK(replaced.message() == why);
        CHECK(reloadable::make(wrong).message() == why);
        CHECK_THROWS_AS(reloadable(wrong), sp::setup_error);
        CHECK_THROWS_AS((sp::authorizer{clients, wrong}), sp::setup_error);
    }
    CHECK(granted(gate, 9) == 2);
}

namespace {

/// A store during whose answer the rules are replaced.
struct reloading_store {
    using record_type = op::client;
    op::clients const& clients;
    reloadable& rules;
    sp::rules<op::level, op::api> next;

    sp::lookup<op::client> find(sp::uuid const& asked, std::string_view project) const {
        rules.replace(next).value();
        return clients.find(asked, project);
    }
};

}  // namespace

TEST_CASE("a decision that is under way goes by the rules it began with, and holds up nobody who replaces them") {
    auto const clients = one_reader();
    auto next = limited_to(sp::at_most(1).per(1s));
    next.when_not_allowed = sp::access_status::forbidden;
    reloadable rules{limited_to(sp::at_most(9).per(10s))};
    sp::authorizer gate{reloading_store{clients, rules, next}, rules, sp::manual_clock()};
    CHECK(ask(gate).rates()[0].quota == sp::at_most(9).per(10s));
    CHECK(ask(gate).denial().budget == "insights");
    REQUIRE(rules.replace(op::rules()));
    CHECK(ask(gate, op::api::manage).denial().status == 401);
    CHECK(ask(gate, op::api::manage).denial().status == 403);
}

TEST_CASE("rules are borrowed from a reloadable that is an lvalue, and it is owned if it is an rvalue") {
    auto const clients = one_reader();
    reloadable rules{op::rules()};
    reloadable const& constant = rules;
    sp::authorizer borrowing{clients, rules};
    sp::authorizer reading{clients, constant};
    sp::authorizer owning{clients, sp::reloadable{op::rules()}};
    static_assert(std::is_same_v<decltype(borrowing), sp::authorizer<op::clients const&, reloadable&>>);
    static_assert(std::is_same_v<decltype(reading), sp::authorizer<op::clients const&, reloadable const&>>);
    static_assert(std::is_same_v<decltype(owning), sp::authorizer<op::clients const&, reloadable>>);
    CHECK(&borrowing.rules() == &rules);
    auto moved = std::move(owning);
    CHECK(ask(moved));
    CHECK(ask(reading));
    REQUIRE(rules.replace(limited_to(sp::at_most(1).per(10s))));
    CHECK(granted(borrowing, 9) == 1);
}

TEST_CASE("what was read stays as it was, whatever is put in its place, and outlives the source") {
    auto rules = std::make_unique<reloadable>(limited_to(sp::at_most(1).per(1s)));
    auto const first = rules->read();
    REQUIRE(rules->replace(limited_to(sp::at_most(2).per(2s))));
    auto const second = rules->read();
    rules.reset();
    CHECK(*first->limits[op::api::insights].begin() == sp::at_most(1).per(1s));
    CHECK(*second->limits[op::api::insights].begin() == sp::at_most(2).per(2s));
}

TEST_CASE("while rules are replaced under load, each decision is whole of one set, and usage is counted once") {
    auto const clients = one_reader();
    auto even = op::rules();
    even.limits.set(op::api::insights, sp::at_most(200'000).per(10s));
    even.shared = {{"organization", shared_by::organization, sp::at_most(400'000).per(20s)}};
    even.when_not_allowed = sp::access_status::forbidden;
    auto odd = op::rules();
    odd.limits.set(op::api::insights, {sp::at_most(300'000).per(5s), sp::at_most(600'000).per(30s)});
    sp::manual_clock const clock;
    reloadable rules{even};
    sp::authorizer gate{clients, rules, clock};

    auto const is_of = [](op::decision const& made, auto const& set) {
        if (!made && made.denial().reason == reason::access_not_allowed) {
            return made.denial().status == static_cast<unsigned>(set.when_not_allowed);
        }
        auto const& own = set.limits[op::api::insights];
        auto const& rates = made.rates();
        bool whole = rates.size() == own.size() + (set.shared.empty() ? 0U : 1U);
        for (std::size_t i = 0; whole && i < own.size(); ++i) whole = rates[i].quota == own.begin()[i].quota;
        if (whole && !set.shared.empty()) whole = rates[own.size()].quota == sp::at_most(400'000).per(20s);
        return whole;
    };
    std::atomic<unsigned> of_neither{0};
    std::atomic<unsigned> asked{0};
    std::atomic<unsigned> admitted{0};
    std::array<std::atomic<unsigned>, 2> of_set{};
    std::atomic<bool> done{false};
    std::vector<std::thread> threads;
    for (int n = 0; n < 6; ++n) {
        threads.emplace_back([&, n] {
            for (int i = 0; !done; ++i) {
                auto const api = i % 4 == n % 4 ? op::api::manage : op::api::insights;
                auto const made = ask(gate, api);
                bool const of_even = is_of(made, even);
                if (!of_even && !is_of(made, odd)) ++of_neither;
                ++of_set[of_even ? 0 : 1];
                asked += api == op::api::insights ? 1 : 0;
                admitted += made ? 1 : 0;
                if (i > 1000) std::this_thread::sleep_for(100us);  // so that no limit is reached
            }
        });
    }
    for (std::size_t i = 1; i < 60; ++i) {
        unsigned const seen = of_set[i % 2];
        CHECK(rules.replace(i % 2 == 0 ? even : odd));
        while (of_set[i % 2] == seen) std::this_thread::yield();
    }
    done = true;
    for (auto& each : threads) each.join();
    CHECK(of_neither == 0);
    CHECK(admitted == asked);
    REQUIRE(rules.replace(even));
    CHECK(ask(gate).rates()[0].remaining == 200'000 - admitted - 1);
}
