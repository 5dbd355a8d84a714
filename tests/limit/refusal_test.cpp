// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "claims.hpp"
#include "counted_memory.hpp"

#include <sallyport/limit/compact_sliding_log.hpp>
#include <sallyport/limit/sliding_counter.hpp>
#include <sallyport/limit/sliding_log.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

using namespace limits;

namespace {

sallyport::claim over(std::int64_t window, std::uint32_t number = 1, std::uint32_t cost = 1) {
    return {.key = client(number), .quota = quota(5, window), .cost = cost};
}

/// Of a limiter all that it holds: itself, its table, and each key's words with what lies behind them.
template <class Limiter>
std::vector<std::byte> memory_of(Limiter const& limiter, counted::given_memory const& given) {
    auto all = given.content();
    auto const own = std::as_bytes(std::span(&limiter, 1));
    all.insert(all.end(), own.begin(), own.end());
    return all;
}

/// Fills the limits of the first client, uses some of the second's, and has a call refused at several moments.
template <class Limiter>
void leaves_all_as_it_was(std::span<sallyport::claim const> filling, std::span<sallyport::claim const> refused) {
    counted::given_memory const given;
    Limiter limiter({.max_clients = 10, .max_unproven = 10, .max_blocked = 10});
    for (int i = 0; i < 5; ++i) static_cast<void>(limiter.take(filling, at(i * ms)));
    static_cast<void>(limiter.take(std::array{over(s, 2)}, at(0)));
    auto const before = memory_of(limiter, given);
    for (auto const now : {5 * ms, 4 * ms, std::int64_t{0}, 3 * ms + 1, s - 1}) {
        CHECK(limiter.take(refused, at(now)).outcome == verdict::refused);
        bool const is_as_before = memory_of(limiter, given) == before;
        CHECK(is_as_before);
    }
    CHECK(limiter.take(refused, at(3 * s)).outcome == verdict::admitted);
    bool const is_as_before = memory_of(limiter, given) == before;
    CHECK_FALSE(is_as_before);
}

}  // namespace

TEMPLATE_TEST_CASE("a refused call leaves every byte of its limiter as it was", "", sallyport::sliding_log,
                   sallyport::compact_sliding_log, sallyport::sliding_counter) {
    std::array const one{over(s)};
    SECTION("of one window, whatever it costs") {
        for (std::uint32_t const cost : {1U, 2U, 5U}) leaves_all_as_it_was<TestType>(one, std::array{over(s, 1, cost)});
    }
    SECTION("of several budgets, one of which is used up, whatever their order") {
        leaves_all_as_it_was<TestType>(one, std::array{over(s), over(s, 2)});
        leaves_all_as_it_was<TestType>(one, std::array{over(s, 2), over(s)});
    }
}

TEMPLATE_TEST_CASE("a call that a log refuses over several windows leaves every byte as it was", "",
                   sallyport::sliding_log, sallyport::compact_sliding_log) {
    std::array const two{over(s), over(2 * s)};
    leaves_all_as_it_was<TestType>(two, two);
    leaves_all_as_it_was<TestType>(two, std::array{over(s), over(2 * s), over(s, 2)});
}
