#include "catch.hpp"
#include "chain_model.hpp"
#include "faulty_parts.hpp"
#include "in_words.hpp"
#include "random_traffic.hpp"
#include "sanitizer.hpp"

#include <sallyport/openpanel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
namespace rt = random_traffic;

namespace {

/// What the model answers, in the words of a decision.
std::string words_of(chain_model::answer const& made, chain_model::question const& asked) {
    std::string told;
    auto const add = std::back_inserter(told);
    if (!made.refused) {
        auto const& who = *made.who;
        auto const secret = made.secret ? sp::sha256_scheme::store(*made.secret).id() : sp::secret_id();
        fmt::format_to(add, "200 {} {} of {}/{} by {} {:08x}, admitted at {} after {}", who.id,
                       sp::enumerator_name(who.type), who.organization, who.project, made.secret ? "secret" : "origin",
                       secret.value(), made.stamp.count(), made.position);
    } else {
        bool const names_project = made.refused == sp::denial_reason::out_of_scope && asked.project->size() < 64;
        fmt::format_to(add, "{} {} on {} for \"{}\", wait {}", made.status, sp::reason_name(*made.refused),
                       sp::enumerator_name(asked.api), names_project ? *asked.project : "", made.retry_after.count());
    }
    for (auto const& rate : made.rates) {
        fmt::format_to(add, "; {}: {} in {}, {} left, more in {}, again in {}", rate.name, rate.of.limit,
                       rate.of.length.count(), rate.remaining, rate.reset.count(), rate.retry_after.count());
    }
    return told;
}

/// Keeps what it was told last.
struct witness {
    std::string told{};
    unsigned derivations = 0;
    std::optional<sp::uuid> client{};
    std::size_t times = 0;

    void on_decision(op::observation const& seen) noexcept {
        told = in_words(seen.decision);
        derivations = seen.derivations;
        client = seen.client;
        ++times;
    }
};

/// How many digests are derived for the id of the question if it is nobody's.
unsigned decoys_for(chain_model::question const& asked, op::clients const& store) {
    auto const presented = op::rules().fields.read(asked.lines);
    auto const found = store.find(sp::parse_uuid_v4(presented.id).value_or(sp::uuid()), "");
    return std::max(1U, static_cast<unsigned>(found.decoys().size()));
}

constexpr std::size_t worlds = 120 / slowness;
constexpr std::size_t least = sanitized ? 25 : 500;  // of each reason; few worlds differ more
constexpr std::size_t requests_a_world = 2500;

}  // namespace

TEST_CASE("the gate decides like the model of its contract") {
    std::array<std::size_t, sp::enumerator_count<sp::denial_reason> + 1> seen{};
    for (std::uint64_t seed = 0; seed < worlds; ++seed) {
        rt::dice roll(seed);
        auto world = rt::random_world(roll);
        faulty::fault fault;
        faulty::store store{rt::store_of(world), fault};
        faulty::verifier verifier{fault};
        faulty::limiter limiter{fault};
        sp::manual_clock steady;
        sp::manual_wall_clock wall;
        witness observer;
        sp::authorizer gate{store, rt::rules_of(world), limiter, verifier, steady, wall, observer};
        chain_model::chain model(world);
        rt::requests arriving(roll, world);

        for (std::size_t n = 0; n < requests_a_world; ++n) {
            if (roll.one_in(100)) {
                auto& changed = world.clients[roll.below(world.clients.size())];
                changed.disabled = roll.one_in(5);
                REQUIRE(store.clients.update(rt::record_of(changed)));
            }
            auto asked = arriving.next();
            asked.decoys = decoys_for(asked, store.clients);
            fault = {.now = asked.broken, .thrown = roll.one_in(2)};
            steady.set(sp::steady_time(asked.steady));
            wall.set(sp::wall_time(asked.wall));

            auto const expected = model.decide(asked);
            auto const decided = gate.authorize(rt::request_of(asked));
            arriving.told_to_wait(expected.retry_after);
            ++seen[expected.refused ? static_cast<std::size_t>(*expected.refused) : seen.size() - 1];

            auto const words = words_of(expected, asked);
            bool const same = in_words(decided) == words && observer.told == words && observer.times == n + 1 &&
                              observer.derivations == expected.derivations;
            if (same) continue;
            INFO("seed " << seed << ", request " << n);
            CHECK(in_words(decided) == words);
            CHECK(observer.told == words);
            CHECK(observer.times == n + 1);
            REQUIRE(observer.derivations == expected.derivations);
        }
    }
    for (std::size_t reason = 0; reason < seen.size(); ++reason) {
        auto const why = static_cast<sp::denial_reason>(reason);
        INFO(sp::reason_name(why));
        bool const is_of_absent_part = why == sp::denial_reason::too_many_failures ||
                                       why == sp::denial_reason::overloaded ||
                                       why == sp::denial_reason::too_many_at_once;
        CHECK((seen[reason] > least || is_of_absent_part));
    }
}
