#include "budget_model.hpp"
#include "catch.hpp"

#include <sallyport/http/response.hpp>
#include <sallyport/limit/sliding_counter.hpp>
#include <sallyport/openpanel.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace sp::literals;
using namespace std::chrono_literals;

// Several budgets at once: a client's own for each API, and those that it shares.
namespace {

using sp::shared_by;
constexpr std::string_view right = "sec_5b1e8d0c2f7a4e6990d3";
constexpr std::string_view shop_origin = "https://shop.example";

enum member : std::size_t { first, second, third, fourth, of_lab, root, stranger };  // `stranger`: of umbrella
constexpr std::array<std::string_view, 7> ids{
    "00000001-0000-4000-8000-000000000000", "00000002-0000-4000-8000-000000000000",
    "00000003-0000-4000-8000-000000000000", "00000004-0000-4000-8000-000000000000",
    "00000005-0000-4000-8000-000000000000", "00000006-0000-4000-8000-000000000000",
    "00000007-0000-4000-8000-000000000000"};

op::client record(member which) {
    op::client made;
    made.id = sp::parse_uuid_v4(ids[which]).value();
    made.level = which == root ? op::level::root : op::level::read;
    made.organization = which == stranger ? "umbrella" : "acme";
    if (which != root) made.project = which == stranger ? "mill" : which == of_lab ? "lab" : "shop";
    made.secrets.push_back({.hash = sp::sha256_scheme::store(right)});
    return made;
}

op::clients all_clients() {
    std::vector<op::client> made;
    for (std::size_t i = 0; i < ids.size(); ++i) made.push_back(record(static_cast<member>(i)));
    return op::clients{made,
                       {{.id = "shop", .organization = "acme"},
                        {.id = "lab", .organization = "acme"},
                        {.id = "mill", .organization = "umbrella"}}};
}

struct call {
    member by = first;
    op::api api = op::api::insights;
    std::optional<std::string_view> project{};
    std::uint32_t cost = 1;
    bool exempt = false;
};

/// Asks a gate, which may be asked by several threads at once.
template <class Gate>
op::decision ask(Gate& gate, call const& of) {
    std::array<sp::header_line, 2> const lines{
        {{"openpanel-client-id", ids[of.by]}, {"openpanel-client-secret", right}}};
    return gate.authorize(
        {.headers = lines, .api = of.api, .project = of.project, .exempt = of.exempt, .cost = of.cost});
}

template <class Gate>
bool give_back(Gate& gate, op::decision const& granted, call const& of) {
    return gate.give_back(granted, {.api = of.api, .project = of.project, .cost = of.cost});
}

template <class Gate>
unsigned granted(Gate& gate, call const& of, unsigned calls) {
    unsigned count = 0;
    for (unsigned i = 0; i < calls; ++i) count += ask(gate, of) ? 1 : 0;
    return count;
}

/// Rules by which each client may ask for insights so often, and all of an organisation together so often.
auto rules_of(sp::quotas const& own, sp::shared_budgets<op::api> const& shared) {
    auto rules = op::rules();
    rules.limits.set(op::api::insights, own);
    rules.shared = shared;
    return rules;
}

std::vector<std::string> names(sp::rate_states const& rates) {
    std::vector<std::string> made;
    for (auto const& each : rates) made.emplace_back(each.name);
    return made;
}

}  // namespace

TEST_CASE("all budgets must admit, and the decision lists each and names the tightest") {
    auto const clients = all_clients();
    sp::manual_clock clock;
    sp::authorizer gate{
        clients,
        rules_of(sp::at_most(3).per(10s), {{"organization", shared_by::organization, sp::at_most(5).per(20s)},
                                           {"project", shared_by::project, sp::at_most(4).per(5s)}}),
        clock};
    auto const one = ask(gate, {.by = first, .project = "shop"});
    REQUIRE(one);
    CHECK(names(one.rates()) == std::vector<std::string>{"insights", "organization", "project"});
    CHECK(sp::tightest(one.rates())->name == "insights");
    CHECK(granted(gate, {.by = first}, 5) == 2);
    CHECK(ask(gate, {.by = first}).denial().budget == "insights");
    CHECK(granted(gate, {.by = second}, 5) == 1);

    auto const by_project = ask(gate, {.by = second});
    REQUIRE_FALSE(by_project);
    CHECK(by_project.denial().budget == "project");
    CHECK(by_project.denial().retry_after == 5s);
    CHECK(by_project.denial().api == "insights");
    CHECK(granted(gate, {.by = of_lab}, 5) == 1);
    auto const by_organization = ask(gate, {.by = of_lab});
    REQUIRE_FALSE(by_organization);
    CHECK(by_organization.denial().budget == "organization");
    CHECK(by_organization.denial().retry_after == 20s);
    CHECK(granted(gate, {.by = stranger}, 5) == 3);

    auto const answer = sp::http::responder{}.respond(by_organization);
    auto const value = [&answer](std::string_view field) {
        auto const at = std::find_if(answer.fields.begin(), answer.fields.end(),
                                     [field](auto const& each) { return each.name == field; });
        return at == answer.fields.end() ? std::string() : std::string(at->value);
    };
    CHECK(value("RateLimit-Policy") == R"("insights-10s";q=3;w=10, "organization-20s";q=5;w=20, "project-5s";q=4;w=5)");
    CHECK(value("RateLimit") == R"("insights-10s";r=2;t=10, "organization-20s";r=0;t=20, "project-5s";r=3;t=5)");
    CHECK(value("Retry-After") == "20");
    CHECK(value("X-RateLimit-Limit") == "5");
}

namespace {

/// A client fills its own limit, and tries on; its siblings want all that is left of the organisation's, one by one.
template <class Limiter>
void spares_the_siblings_of_a_full_client(Limiter& limiter) {
    auto const clients = all_clients();
    sp::authorizer gate{
        clients,
        rules_of(sp::at_most(10).per(10s), {{"organization", shared_by::organization, sp::at_most(35).per(10s)}}),
        sp::manual_clock(), limiter};
    REQUIRE(granted(gate, {.by = first}, 10) == 10);
    std::array const siblings{std::pair(second, 9U), std::pair(third, 8U), std::pair(fourth, 8U)};

    SECTION("in one thread") {
        for (auto const& [sibling, slots] : siblings) {
            for (unsigned i = 0; i < slots; ++i) {
                CHECK(granted(gate, {.by = first}, 3) == 0);
                CHECK(ask(gate, {.by = sibling}));
            }
        }
    }
    SECTION("in eight") {
        std::atomic<unsigned> refused{0};
        std::atomic<unsigned> admitted{0};
        std::atomic<bool> done{false};
        std::vector<std::thread> trying;
        for (int i = 0; i < 5; ++i) {
            trying.emplace_back([&] {
                while (!done) admitted += granted(gate, {.by = first}, 10);
            });
        }
        std::vector<std::thread> working;
        for (auto const& each : siblings) {
            working.emplace_back([&, sibling = each.first, slots = each.second] {
                refused += slots - granted(gate, {.by = sibling}, slots);
            });
        }
        for (auto& each : working) each.join();
        done = true;
        for (auto& each : trying) each.join();
        CHECK(refused == 0);
        CHECK(admitted == 0);
    }
    CHECK(granted(gate, {.by = of_lab}, 10) == 0);
    CHECK(ask(gate, {.by = of_lab}).denial().budget == "organization");
    CHECK(granted(gate, {.by = stranger}, 20) == 10);
}

}  // namespace

TEST_CASE("a full client under a nearly full organisation never costs its siblings a slot") {
    sp::sliding_log log;
    spares_the_siblings_of_a_full_client(log);
}

TEST_CASE("nor does it where usage is counted and not logged") {
    sp::sliding_counter counter;
    spares_the_siblings_of_a_full_client(counter);
}

TEST_CASE("threads of several clients are together admitted exactly what they share") {
    auto const clients = all_clients();
    sp::authorizer gate{
        clients,
        rules_of(sp::at_most(60).per(10s), {{"organization", shared_by::organization, sp::at_most(100).per(10s)},
                                            {"project", shared_by::project, sp::at_most(70).per(10s)}}),
        sp::manual_clock()};
    std::array<std::atomic<unsigned>, 4> by_client{};
    std::array const askers{first, second, of_lab, root};
    std::vector<std::thread> threads;
    for (unsigned n = 0; n < 8; ++n) {
        threads.emplace_back([&, n] {
            for (int i = 0; i < 60; ++i)
                by_client[n % 4] += ask(gate, {.by = askers[n % 4], .project = n % 4 == 2 ? "lab" : "shop"}) ? 1U : 0U;
        });
    }
    for (auto& each : threads) each.join();
    auto const in_shop = by_client[0] + by_client[1] + by_client[3];
    CHECK(in_shop + by_client[2] == 100);
    CHECK(in_shop <= 70);
    for (auto const& each : by_client) CHECK(each <= 60);
}

TEST_CASE("projects of one organisation have budgets of their own, and share the organisation's") {
    auto const clients = all_clients();
    sp::authorizer gate{clients,
                        rules_of(sp::unlimited, {{"project", shared_by::project, sp::at_most(2).per(10s)},
                                                 {"organization", shared_by::organization, sp::at_most(5).per(10s)}}),
                        sp::manual_clock()};
    SECTION("a client's calls use up its own project's, whether they name it or not") {
        CHECK(ask(gate, {.by = first, .project = "shop"}));
        CHECK(ask(gate, {.by = second}));
        CHECK(ask(gate, {.by = third}).denial().budget == "project");
        CHECK(granted(gate, {.by = of_lab}, 9) == 2);
    }
    SECTION("a root client's use up that of the project that they name, and none's if they name none") {
        CHECK(granted(gate, {.by = root, .project = "shop"}, 9) == 2);
        CHECK(granted(gate, {.by = first}, 9) == 0);
        CHECK(granted(gate, {.by = root, .project = "lab"}, 2) == 2);
        CHECK(granted(gate, {.by = root}, 9) == 1);
        CHECK(ask(gate, {.by = root}).denial().budget == "organization");
    }
    SECTION("what is out of scope uses nothing up") {
        for (int i = 0; i < 9; ++i) CHECK_FALSE(ask(gate, {.by = stranger, .project = "shop"}));
        CHECK(granted(gate, {.by = first}, 9) == 2);
    }
}

TEST_CASE("a group of APIs has one budget for each client") {
    auto const clients = all_clients();
    sp::authorizer gate{
        clients,
        rules_of(sp::at_most(4).per(10s),
                 {{"reports", shared_by::client, sp::at_most(6).per(10s), {op::api::export_, op::api::insights}}}),
        sp::manual_clock()};
    for (auto const each : {root, second}) {
        CHECK(granted(gate, {.by = each, .api = op::api::insights}, 9) == 4);
        CHECK(granted(gate, {.by = each, .api = op::api::export_}, 9) == 2);
        CHECK(ask(gate, {.by = each, .api = op::api::export_}).denial().budget == "reports");
    }
    auto const other = ask(gate, {.by = root, .api = op::api::manage});
    CHECK(names(other.rates()) == std::vector<std::string>{"manage"});
}

TEST_CASE(
    "a shared budget counts where the client itself has no limit, and beside four windows of its own and four shared") {
    auto own = record(first);
    own.limits = {{op::api::insights,
                   {sp::at_most(1).per(1s), sp::at_most(2).per(2s), sp::at_most(3).per(3s), sp::at_most(4).per(4s)}}};
    auto clients = all_clients();
    REQUIRE(clients.update(own));
    sp::manual_clock clock;
    sp::authorizer gate{
        clients,
        rules_of(sp::unlimited,
                 {{"organization", shared_by::organization, {sp::at_most(3).per(10s), sp::at_most(9).per(90s)}},
                  {"project", shared_by::project, {sp::at_most(4).per(10s), sp::at_most(8).per(90s)}}}),
        clock};
    CHECK(granted(gate, {.by = second}, 9) == 3);
    clock.advance(10s);
    CHECK(ask(gate, {.by = first}).rates().size() == 8);
    CHECK(ask(gate, {.by = first}).denial().budget == "insights");
    clock.advance(10s);
    for (int i = 0; i < 3; ++i, clock.advance(1s)) CHECK(ask(gate, {.by = first}));
    auto const refused = ask(gate, {.by = first});
    CHECK(refused.denial().budget == "organization");
    CHECK(refused.denial().retry_after == 7s);
}

TEST_CASE("an organisation's limit in shadow is counted, told, and refuses nobody") {
    auto const clients = all_clients();
    sp::authorizer gate{clients,
                        rules_of(sp::at_most(9).per(10s),
                                 {{"organization", shared_by::organization, sp::in_shadow(sp::at_most(2).per(10s))}}),
                        sp::manual_clock()};
    for (int i = 0; i < 3; ++i) {
        for (auto const each : {first, of_lab}) {
            auto const decided = ask(gate, {.by = each});
            REQUIRE(decided);
            CHECK(decided.would_refuse() == (i > 0));
            CHECK(decided.rates()[1].shadow);
            CHECK(sp::http::responder{}.respond(decided).fields[1].value == R"("insights";q=9;w=10)");
        }
    }
    CHECK(granted(gate, {.by = first}, 20) == 6);
    auto const refused = ask(gate, {.by = first});
    CHECK(refused.denial().budget == "insights");
    CHECK(refused.would_refuse());
}

TEST_CASE("a request let in without a secret uses up no shared budget, and needs none") {
    auto writer = record(first);
    writer.level = op::level::write;
    writer.origins.push_back(shop_origin);
    op::clients const clients{{writer, record(second)}, {{.id = "shop", .organization = "acme"}}};
    auto rules = op::rules();
    rules.shared = {{"organization", shared_by::organization, sp::at_most(2).per(10s)}};
    sp::authorizer gate{clients, rules, sp::manual_clock()};
    std::array<sp::header_line, 2> const lines{{{"openpanel-client-id", ids[first]}, {"origin", shop_origin}}};
    op::request const from_browser{.headers = lines, .api = op::api::track};
    for (int i = 0; i < 100; ++i) {
        auto const decided = gate.authorize(from_browser);
        REQUIRE(decided);
        CHECK(names(decided.rates()) == std::vector<std::string>{"track"});
    }
    CHECK(granted(gate, {.by = second}, 9) == 2);
    CHECK(gate.authorize(from_browser));
}

TEST_CASE("an exempt request uses up no shared budget either") {
    auto const clients = all_clients();
    sp::authorizer gate{
        clients,
        rules_of(sp::at_most(9).per(10s), {{"organization", shared_by::organization, sp::at_most(2).per(10s)}}),
        sp::manual_clock()};
    CHECK(granted(gate, {.by = first, .exempt = true}, 30) == 30);
    CHECK(granted(gate, {.by = second}, 9) == 2);
}

namespace {

/// Budgets by a plan that only the host knows of.
struct by_plan {
    sp::quota gold = sp::at_most(4).per(10s);

    sp::claim_list claims(sp::rules<op::level, op::api> const&, sp::principal<op::level> const& who,
                          sp::quotas const& own, op::request const& asked) const noexcept {
        auto made = sp::claims_of(who, own, asked);
        std::string_view const plan = who.organization == sp::name("acme") ? "gold" : "trial";
        sp::quotas const limits = plan == "gold" ? gold : sp::at_most(1).per(10s);
        static_cast<void>(sp::add_budget(made, sp::shared_key("plan", plan), limits, asked.cost, "plan"));
        return made;
    }
};

}  // namespace

TEST_CASE("a host says itself which budgets a request is measured by") {
    auto const clients = all_clients();
    SECTION("by a part that is borrowed or owned") {
        by_plan const plans{.gold = sp::at_most(5).per(10s)};
        sp::authorizer gate{clients, op::rules(), plans, sp::manual_clock()};
        CHECK(granted(gate, {.by = first}, 3) == 3);
        CHECK(granted(gate, {.by = of_lab}, 9) == 2);
        CHECK(ask(gate, {.by = root}).denial().budget == "plan");
        CHECK(granted(gate, {.by = stranger}, 9) == 1);
        sp::authorizer owning{clients, op::rules(), sp::manual_clock(), by_plan{}};
        CHECK(granted(owning, {.by = first}, 9) == 4);
    }
    SECTION("in a passage of its own too") {
        by_plan const plans;
        auto const rules = op::rules();
        op::request const asked{.api = op::api::insights};
        sp::passage way(rules, asked, {.id = ids[first], .secret = right}, plans);
        auto const found = clients.find(way.client(), "");
        way.answer(found);
        way.answer(sp::verification{.outcome = sp::verification::verdict::proven});
        REQUIRE(way.claims().size() == 2);
        CHECK(way.claims()[1].name == "plan");
    }
    SECTION("and what it says can be given back") {
        sp::authorizer gate{clients, op::rules(), by_plan{}, sp::manual_clock()};
        auto const taken = ask(gate, {.by = stranger});
        CHECK_FALSE(ask(gate, {.by = stranger}));
        CHECK(give_back(gate, taken, {.by = stranger}));
        CHECK(ask(gate, {.by = stranger}));
    }
}

TEST_CASE("there is no key of two budgets, whoever chose the names") {
    auto const key_of = [](shared_by by, sp::budget_name name, sp::name const& organization, sp::name const& project) {
        auto const rules = rules_of(sp::unlimited, {{name, by, sp::at_most(1).per(1s)}});
        sp::principal<op::level> const who{.id = record(first).id, .organization = organization, .project = project};
        op::request const asked{.api = op::api::insights};
        return sp::standard_budgets::claims(rules, who, {}, asked)[0].key;
    };
    std::vector<sp::rate_key> keys;
    for (auto const by : {shared_by::client, shared_by::project, shared_by::organization}) {
        for (sp::budget_name const name : {sp::budget_name("a"), sp::budget_name("b")}) {
            for (auto const& [organization, project] :
                 {std::pair("ab", "c"), std::pair("a", "bc"), std::pair("abc", "d")}) {
                if (by == shared_by::client && organization != std::string_view("ab")) continue;
                keys.push_back(key_of(by, name, organization, project));
            }
        }
    }
    for (sp::budget_name const name : {sp::budget_name("a"), sp::budget_name("b")}) {
        for (auto const of : {"", "a", "ab", "abc"}) keys.push_back(sp::shared_key(name, of));
    }
    // A client's own key, even one whose id is what stands for another's name: ids are given, and digests may be guessed.
    for (auto const& each : std::vector(keys)) {
        for (std::uint32_t api = 0; api < 64; ++api) keys.push_back({.client = each.client, .api = api});
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    // 2 of a client, 6 of projects, 6 of organisations, 8 of the host; and 64 for each of 1 + 3 + 3 + 8 digests.
    CHECK(keys.size() == 22 + 64 * 15);
    static_assert(sp::budget_name("tier-coded").tag() == sp::budget_name("per-nearly").tag());
    CHECK(sp::shared_key("tier-coded", "acme") != sp::shared_key("per-nearly", "acme"));
    CHECK(key_of(shared_by::project, "a", "ab", "c") == key_of(shared_by::project, "a", "ab", "c"));
}

TEST_CASE("of shared budgets, a list that nobody can have meant is refused and says why") {
    using budget = sp::shared_budget<op::api>;
    using list = sp::shared_budgets<op::api>;
    auto const one = sp::at_most(1).per(1s);
    sp::quotas const three{one, sp::at_most(2).per(2s), sp::at_most(3).per(3s)};
    sp::quotas const two{one, sp::at_most(2).per(2s)};
    list shared{{"organization", shared_by::organization, three, {op::api::export_, op::api::track}}};
    CHECK(shared.objection_to({"project", shared_by::project, two, {op::api::insights, op::api::track}}) ==
          "the shared budgets of an API have more than four windows in all");
    CHECK(shared.objection_to({"project", shared_by::project, two, {op::api::insights}}).empty());
    CHECK(shared.objection_to({"organization", shared_by::project, one}) ==
          "two shared budgets have the same name, or names that are too much alike");
    CHECK(shared.objection_to({"export", shared_by::project, one}) == "a shared budget is named as an API is");
    CHECK(shared.objection_to({"project", shared_by::project, one, {}}) == "a shared budget is for no API");
    CHECK(shared.objection_to(budget{}) == "a shared budget has no name");
    CHECK_FALSE(shared.add({"export", shared_by::project, one}));
    CHECK(std::distance(shared.begin(), shared.end()) == 1);
    CHECK_THROWS_AS((list{{"a", shared_by::client, one}, {"a", shared_by::client, one}}), sp::setup_error);

    list many;
    for (sp::budget_name const name :
         {sp::budget_name("a"), sp::budget_name("b"), sp::budget_name("c"), sp::budget_name("d"), sp::budget_name("e"),
          sp::budget_name("f"), sp::budget_name("g"), sp::budget_name("h")}) {
        CHECK(many.add({name, shared_by::client, sp::unlimited}));
    }
    CHECK(many.objection_to({"i", shared_by::client, sp::unlimited}) == "at most eight budgets are shared");
}

namespace {

using chain_model::budget;
using chain_model::window;

/// Which budgets a call is measured by, in words, and their windows.
struct measure {
    std::string key;
    std::string name;
    std::vector<window> windows;
};

std::vector<measure> measures(call const& of) {
    std::string const who(ids[of.by]);
    std::string const api = of.api == op::api::insights ? "insights" : "export";
    std::string const organization = of.by == stranger ? "umbrella" : "acme";
    std::string project = of.by == root ? "" : of.by == stranger ? "mill" : of.by == of_lab ? "lab" : "shop";
    if (of.project) project = *of.project;
    std::vector<measure> made{{api + " of " + who, api, {{4, 1s}}},
                              {"all of " + organization, "organization", {{7, 1s}, {16, 4s}}}};
    if (!project.empty()) made.push_back({"project " + project, "project", {{6, 2s}}});
    if (api == "export") made.push_back({"reports of " + who, "reports", {{5, 3s}}});
    return made;
}

auto modelled_rules() {
    auto rules = rules_of(sp::at_most(4).per(1s),
                          {{"organization", shared_by::organization, {sp::at_most(7).per(1s), sp::at_most(16).per(4s)}},
                           {"project", shared_by::project, sp::at_most(6).per(2s)},
                           {"reports", shared_by::client, sp::at_most(5).per(3s), {op::api::export_}}});
    rules.limits.set(op::api::export_, sp::at_most(4).per(1s));
    return rules;
}

}  // namespace

TEST_CASE("all budgets are used up or none, and given back or not, as the model has it") {
    auto const clients = all_clients();
    std::size_t admitted = 0;
    std::size_t returned = 0;
    std::map<std::string, std::size_t> refused;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        std::mt19937_64 random(seed);
        sp::manual_clock clock;
        sp::authorizer gate{clients, modelled_rules(), clock};
        std::map<std::string, budget> spent;
        struct grant {
            op::decision decision;
            call of;
            std::vector<std::chrono::nanoseconds> stamps;
        };
        std::vector<grant> grants;
        for (int i = 0; i < 250; ++i) {
            clock.advance(std::chrono::milliseconds(random() % 3 == 0 ? random() % 400 : 0));
            auto const now = clock.now().time_since_epoch();
            if (random() % 5 == 0 && !grants.empty()) {
                auto const which = grants.begin() + static_cast<std::ptrdiff_t>(random() % grants.size());
                bool const recent = which->stamps.front() > now - 1s;
                bool const back = give_back(gate, which->decision, which->of);
                if (recent) REQUIRE(back);
                auto const of = measures(which->of);
                for (std::size_t k = 0; k < of.size(); ++k)
                    spent[of[k].key].give_back(which->stamps[k], which->of.cost);
                grants.erase(which);
                ++returned;
            }
            call const of{.by = static_cast<member>(random() % ids.size()),
                          .api = random() % 2 == 0 ? op::api::insights : op::api::export_,
                          .project = std::nullopt,
                          .cost = 1 + static_cast<std::uint32_t>(random() % 2)};
            auto asked = of;
            if (of.by == root && random() % 3 != 0) asked.project = random() % 2 == 0 ? "shop" : "lab";
            auto const decided = ask(gate, asked);
            std::chrono::nanoseconds wait{0};
            for (auto const& each : measures(asked)) {
                for (auto const& window : each.windows) {
                    auto const fits = [&](std::chrono::nanoseconds at) {
                        return spent[each.key].admits(window, asked.cost, at);
                    };
                    wait = std::max(wait, spent[each.key].wait(window, now, fits));
                }
            }
            INFO("seed " << seed << ", call " << i);
            REQUIRE(static_cast<bool>(decided) == (wait == 0s));
            if (decided) {
                ++admitted;
                grants.push_back({decided, asked, {}});
                for (auto const& each : measures(asked)) {
                    spent[each.key].admit(asked.cost, now);
                    grants.back().stamps.push_back(spent[each.key].last());
                }
            } else {
                REQUIRE(decided.denial().retry_after == wait);
                ++refused[std::string(decided.denial().budget)];
            }
            std::size_t at = 0;
            for (auto const& each : measures(asked)) {
                for (auto const& window : each.windows) {
                    REQUIRE(decided.rates()[at].name == each.name);
                    REQUIRE(decided.rates()[at].remaining == window.limit - spent[each.key].used(window, now));
                    ++at;
                }
            }
            REQUIRE(decided.rates().size() == at);
        }
    }
    CHECK(admitted > 1000);
    CHECK(returned > 500);
    for (auto const* const name : {"insights", "export", "organization", "project", "reports"}) {
        INFO(name);
        CHECK(refused[name] > 10);
    }
}

TEST_CASE("what is given back of several budgets is each one's own, though their stamps differ") {
    auto const clients = all_clients();
    sp::manual_clock clock(sp::steady_time(100s));
    sp::authorizer gate{
        clients,
        rules_of(sp::at_most(2).per(10s), {{"organization", shared_by::organization, sp::at_most(4).per(10s)}}), clock};
    REQUIRE(ask(gate, {.by = second}));
    clock.set(sp::steady_time(95s));  // the organisation's last admission is ahead of it, the client's isn't
    auto const taken = ask(gate, {.by = first});
    REQUIRE(taken);
    REQUIRE(ask(gate, {.by = third}));
    CHECK(taken.rates()[0].stamp == sp::steady_time(95s));
    CHECK(taken.rates()[1].stamp == sp::steady_time(100s));
    auto const stands = [&](member by) {
        auto const rates = ask(gate, {.by = by, .cost = 5}).rates();
        return std::pair(rates[0].remaining, rates[1].remaining);
    };
    REQUIRE(stands(first) == std::pair(1U, 1U));
    CHECK(give_back(gate, taken, {.by = first}));
    CHECK(stands(first) == std::pair(2U, 2U));
    CHECK(stands(third) == std::pair(1U, 2U));
}

TEST_CASE("of a refusal nothing is given back, nor of a grant that no limit was asked for") {
    auto const clients = all_clients();
    sp::authorizer gate{clients, rules_of(sp::at_most(1).per(10s), {}), sp::manual_clock()};
    auto const taken = ask(gate, {});
    auto const refused = ask(gate, {});
    REQUIRE_FALSE(refused);
    CHECK_FALSE(give_back(gate, refused, {}));
    CHECK_FALSE(give_back(gate, ask(gate, {.exempt = true}), {}));
    CHECK_FALSE(ask(gate, {}));
    CHECK(give_back(gate, taken, {}));
    CHECK_FALSE(give_back(gate, taken, {}));
    CHECK(granted(gate, {}, 9) == 1);
}

TEST_CASE("what is given back of several budgets is there again where usage is counted and not logged") {
    auto const clients = all_clients();
    sp::sliding_counter counter;
    sp::authorizer gate{
        clients,
        rules_of(sp::at_most(2).per(10s), {{"organization", shared_by::organization, sp::at_most(3).per(60s)}}),
        counter, sp::manual_clock()};
    auto const taken = ask(gate, {.by = first});
    REQUIRE(granted(gate, {.by = first}, 9) == 1);
    REQUIRE(granted(gate, {.by = second}, 9) == 1);
    CHECK(give_back(gate, taken, {.by = first}));
    CHECK(granted(gate, {.by = first}, 9) == 1);
    CHECK(granted(gate, {.by = second}, 9) == 0);
}

TEST_CASE("under threads, what is given back is there for others, and no more than that") {
    auto const clients = all_clients();
    sp::authorizer gate{
        clients,
        rules_of(sp::at_most(30).per(10s), {{"organization", shared_by::organization, sp::at_most(50).per(10s)}}),
        sp::manual_clock()};
    std::atomic<unsigned> kept{0};
    std::atomic<unsigned> lost{0};
    std::vector<std::thread> threads;
    for (unsigned n = 0; n < 8; ++n) {
        threads.emplace_back([&, n] {
            call const of{.by = static_cast<member>(n % 4)};
            for (int i = 0; i < 100; ++i) {
                auto const decided = ask(gate, of);
                if (!decided) continue;
                if (i % 10 == 0) {
                    ++kept;
                } else if (!give_back(gate, decided, of)) {
                    ++lost;
                }
            }
        });
    }
    for (auto& each : threads) each.join();
    CHECK(lost == 0);
    CHECK(granted(gate, {.by = of_lab}, 90) == std::min(50U - kept, 30U));
}
