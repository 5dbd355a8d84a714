// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "limiter_conformance.hpp"
#include "model_agreement.hpp"

#include <sallyport/limit/sliding_log.hpp>

namespace {

sallyport::sliding_log make() { return sallyport::sliding_log({.max_clients = 1000, .max_unproven = 1000}); }

}  // namespace

TEST_CASE("a sliding log limits any window, exactly") {
    limits_any_window(make);
    counts_exactly(make);
}

TEST_CASE("a sliding log takes several claims at once, all or none") {
    takes_all_or_none(make);
    takes_several_claims(make);
}

TEST_CASE("a sliding log trusts no clock") {
    trusts_no_clock(make);
    waits_for_its_clock(make);
}

TEST_CASE("a sliding log answers as the model does, whatever limits each call names, and windows up to the longest") {
    agrees_with_the_model(make, {.max_limit = 6, .max_cost = 8, .whole_budgets = true}, 1400, 150);
    agrees_with_the_model(make, {.max_limit = 31, .max_cost = 40, .whole_budgets = true}, 350, 300);
}

TEST_CASE("a sliding log answers as the model does when limits of thousands are raised and lowered") {
    agrees_with_the_model(make, {.max_limit = 6000, .max_cost = 900, .whole_budgets = true}, 350, 300);
}

TEST_CASE(
    "a window longer than any that a key was asked for counts what is remembered: a full limit, or all there was") {
    auto limiter = make();
    auto const claim_of = [](std::int64_t limit, std::int64_t window) {
        return sallyport::claim{.key = limits::client(1), .quota = limits::quota(limit, window)};
    };
    for (int i = 0; i < 10; ++i) {
        REQUIRE(limits::admitted(limiter, claim_of(50, limits::ms), i * limits::ms, 60) == 50);
    }
    CHECK_FALSE(limits::passes(limiter, claim_of(50, limits::s), 10 * limits::ms));
    auto const raised = limits::admitted(limiter, claim_of(1000, limits::s), 10 * limits::ms, 2000);
    CHECK(raised >= 1000 - 500);
    CHECK(raised <= 1000 - 50);
}
