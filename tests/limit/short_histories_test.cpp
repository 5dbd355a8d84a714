// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"
#include "counter_bounds.hpp"
#include "limiter_bounds.hpp"
#include "model_agreement.hpp"

#include <sallyport/limit/compact_sliding_log.hpp>
#include <sallyport/limit/sliding_counter.hpp>
#include <sallyport/limit/sliding_log.hpp>

#include <chrono>
#include <cstdint>
#include <span>

using namespace limits;

namespace {

/// Where a compact log is exact: windows are whole ticks, and each moment is the last of one. It tells the first.
constexpr std::int64_t whole_ticks = 1024 * ms;
constexpr std::int64_t tick =
    sallyport::compact_sliding_log::tick(std::chrono::milliseconds(4 * whole_ticks / ms)).count();
static_assert(whole_ticks % tick == 0);

class log_of_last_moments {
public:
    sallyport::allowance take(std::span<sallyport::claim const> claims, sallyport::steady_time now) {
        auto answer = log_.take(claims, now);
        answer.receipt.stamp = last_moment(answer.receipt.stamp);
        for (auto& each : answer.states) {
            if (answer.outcome == verdict::admitted) each.stamp = last_moment(each.stamp);
        }
        return answer;
    }
    bool give_back(sallyport::rate_key const& key, std::uint32_t cost, sallyport::receipt const& of) {
        return log_.give_back(key, cost, of);
    }

private:
    static sallyport::steady_time last_moment(sallyport::steady_time of) {
        return at(of.time_since_epoch().count() | (tick - 1));
    }

    sallyport::compact_sliding_log log_{{.max_clients = 10, .max_unproven = 10, .max_blocked = 10}};
};

template <class Limiter>
Limiter small() {
    return Limiter({.max_clients = 10, .max_unproven = 10, .max_blocked = 10});
}
template <>
log_of_last_moments small() {
    return {};
}

/// So many short histories of budgets with several windows, and of calls with one claim, with give-backs and without.
template <class Limiter>
void agrees_in_short_histories(limiter_history::shape of, std::uint64_t histories) {
    auto const agrees = [&](std::uint32_t max_limit, std::uint32_t max_cost, bool one_window, give_backs gives) {
        of.max_limit = max_limit;
        of.max_cost = max_cost;
        of.whole_budgets = !one_window;
        of.one_window = one_window;
        auto const told = agrees_with_the_model(small<Limiter>, of, histories / 4, 22, gives);
        CHECK(told.refused > told.calls / 10);
        if (gives == give_backs::some) CHECK(told.given_back > told.calls / 50);
    };
    agrees(6, 8, false, give_backs::none);
    agrees(4, 3, false, give_backs::some);
    agrees(5, 3, true, give_backs::none);
    agrees(6, 5, true, give_backs::some);
}

}  // namespace

TEST_CASE("where moments are the last of their ticks and its clock steps back nowhere, a compact log is exact") {
    agrees_in_short_histories<log_of_last_moments>({.unit = whole_ticks, .steps_back = false, .tick = tick}, 8000);
}

TEST_CASE("in two million short histories, a sliding log answers as the model does", "[.long]") {
    agrees_in_short_histories<sallyport::sliding_log>({}, 2'000'000);
}

TEST_CASE("in two million short histories of whole ticks, a compact log answers as the model does", "[.long]") {
    agrees_in_short_histories<log_of_last_moments>({.unit = whole_ticks, .steps_back = false, .tick = tick}, 2'000'000);
}

TEST_CASE("two million short histories keep a sliding counter's bounds, with give-backs too", "[.long]") {
    for (auto const unit : {7 * ms, s}) {
        limiter_history::shape const any{.max_limit = 6, .max_cost = 8, .whole_budgets = false, .unit = unit};
        limiter_history::shape const budgets{.max_limit = 6, .max_cost = 8, .whole_budgets = true, .unit = unit};
        keeps_its_bounds(small<sallyport::sliding_counter>, counter_reach(), any, 250'000, 22, one_a_key);
        keeps_its_bounds(small<sallyport::sliding_counter>, counter_reach(), budgets, 250'000, 22, two_a_key);
        keeps_its_bounds_whatever_the_host_does(any, 250'000, 22, one_a_key);
        keeps_its_bounds_whatever_the_host_does(budgets, 250'000, 22, two_a_key);
    }
}
