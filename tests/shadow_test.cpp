#include "catch.hpp"
#include "chain_model.hpp"
#include "faulty_parts.hpp"
#include "random_traffic.hpp"

#include <sallyport/http/response.hpp>
#include <sallyport/openpanel.hpp>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
namespace rt = random_traffic;
using namespace std::chrono_literals;

namespace {

/// Every byte of an answer.
std::string wire(op::decision const& made) {
    auto const answer = sp::http::responder<>{}.respond(made);
    auto told = fmt::format("{}\n", answer.status);
    for (auto const& [name, value] : answer.fields) told += fmt::format("{}: {}\n", name, value);
    return told + answer.body;
}

/// The same windows in force, and others in shadow at random places among them.
sp::quotas with_shadows(rt::dice& roll, sp::quotas const& in_force) {
    std::vector<sp::budget_window> windows(in_force.begin(), in_force.end());
    sp::quotas shadows;
    for (auto left = roll.below(1 + sp::quotas::max_windows - windows.size()); left > 0; --left) {
        bool const same_length = !windows.empty() && roll.one_in(3);
        auto const length =
            same_length ? windows.front().quota.window() : std::chrono::milliseconds(1 + roll.below(150));
        auto const tried =
            sp::in_shadow(sp::quota::make(1 + static_cast<std::int64_t>(roll.below(20)), length).value());
        if (!shadows.add(tried)) continue;
        windows.insert(windows.begin() + static_cast<std::ptrdiff_t>(roll.below(windows.size() + 1)), tried);
    }
    sp::quotas made;
    for (auto const& window : windows) REQUIRE(made.add(window));
    return made;
}

constexpr std::array apis{op::api::track, op::api::export_, op::api::insights, op::api::manage};

using budget_key = std::tuple<sp::uuid, op::api, std::optional<std::string>>;

/// Whose budget a request would use: the client's, or without a secret the client's and its network's.
budget_key key_of(chain_model::question const& asked, std::optional<sp::uuid> const& client) {
    bool const has_secret = !chain_model::values_of(asked, "openpanel-client-secret").empty();
    return {client.value_or(sp::uuid()), asked.api, has_secret ? std::nullopt : std::optional(asked.network)};
}

/// Keeps whom it was told of last, and whether a limit in shadow would have refused.
struct witness {
    std::optional<sp::uuid> client{};
    bool would_refuse = false;

    void on_decision(op::observation const& seen) noexcept {
        client = seen.client;
        would_refuse = seen.decision.would_refuse();
    }
};

}  // namespace

TEST_CASE("a limit in shadow changes no answer, and says when it would have refused") {
    std::size_t warned = 0;
    std::size_t refused = 0;
    std::size_t silent_failures = 0;
    for (std::uint64_t seed = 3000; seed < 3040; ++seed) {
        rt::dice roll(seed);
        auto const world = rt::random_world(roll);
        auto const rules = rt::rules_of(world);
        auto tried_rules = rules;
        for (auto const api : apis) tried_rules.limits.set(api, with_shadows(roll, rules.limits[api]));

        faulty::fault fault;
        faulty::store const store{rt::store_of(world), fault};
        faulty::store tried_store{rt::store_of(world), fault};
        for (auto const& client : world.clients) {
            auto record = rt::record_of(client);
            for (auto& own : record.limits) own.limits = with_shadows(roll, own.limits);
            REQUIRE(tried_store.clients.update(record));
        }
        faulty::verifier const verifier{fault};
        faulty::limiter limiter{fault};
        faulty::limiter tried_limiter{fault};
        sp::manual_clock steady;
        sp::manual_wall_clock wall;
        witness seen;
        sp::authorizer gate{store, rules, limiter, verifier, steady, wall};
        sp::authorizer trial{tried_store, tried_rules, tried_limiter, verifier, steady, wall, seen};
        std::map<budget_key, chain_model::budget> spent;
        rt::requests arriving(roll, world);

        for (std::size_t n = 0; n < 2500; ++n) {
            auto const question = arriving.next();
            fault = {.now = question.broken, .thrown = roll.one_in(2)};
            steady.set(sp::steady_time(question.steady));
            wall.set(sp::wall_time(question.wall));
            auto const asked = rt::request_of(question);
            auto const decided = gate.authorize(asked);
            auto const tried = trial.authorize(asked);
            if (!decided) arriving.told_to_wait(decided.denial().retry_after);

            INFO("seed " << seed << ", request " << n);
            if (wire(tried) != wire(decided)) REQUIRE(wire(tried) == wire(decided));
            if (!decided && tried.denial().retry_after != decided.denial().retry_after) {
                REQUIRE(tried.denial().retry_after == decided.denial().retry_after);
            }

            auto& budget = spent[key_of(question, seen.client)];
            bool would_refuse = false;
            for (auto const& rate : tried.rates()) {
                chain_model::window const of{rate.quota.limit(), rate.quota.window()};
                bool const fits = question.cost != 0 && budget.admits(of, question.cost, question.steady);
                would_refuse = would_refuse || (rate.shadow && !fits);
            }
            bool const counted = tried && !tried.rates().empty() && question.cost != 0;
            if (counted) budget.admit(question.cost, question.steady);
            if (tried.would_refuse() != would_refuse || seen.would_refuse != would_refuse) {
                CHECK(seen.would_refuse == would_refuse);
                REQUIRE(tried.would_refuse() == would_refuse);
            }
            if (would_refuse) ++(tried ? warned : refused);
            if (decided && question.broken == chain_model::breakdown::limiter) ++silent_failures;
        }
    }
    CHECK(warned > 1000);
    CHECK(refused > 1000);
    CHECK(silent_failures > 100);
}
