// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "limiter_conformance.hpp"

#include <sallyport/limit/sliding_log.hpp>

namespace {

sallyport::sliding_log make() { return sallyport::sliding_log({.max_clients = 1000, .max_unproven = 1000}); }

}  // namespace

TEST_CASE("a sliding log counts exactly") { counts_exactly(make); }

TEST_CASE("a sliding log takes several claims at once, all or none") { takes_several_claims(make); }

TEST_CASE("a sliding log trusts no clock") { trusts_no_clock(make); }

TEST_CASE("a sliding log answers as the model does, whatever quota each call names") {
    agrees_with_the_model(make, {.max_limit = 6, .max_cost = 8, .whole_budgets = false}, 1400, 150);
    agrees_with_the_model(make, {.max_limit = 31, .max_cost = 40, .whole_budgets = false}, 350, 300);
}

TEST_CASE("a sliding log answers as the model does when limits of thousands are raised and lowered") {
    agrees_with_the_model(make, {.max_limit = 6000, .max_cost = 900, .whole_budgets = true}, 350, 300);
}
