// SPDX-License-Identifier: BSL-1.0
#include "figure.hpp"
#include "memory_in_use.hpp"
#include "population.hpp"

#include <sallyport/limit/sliding_log.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

// How much memory a key of a limiter takes that is used up.

namespace {

namespace sp = sallyport;

/// Bytes a key, of so many that have used up their limit.
double bytes_a_key(std::uint32_t limit, std::size_t keys) {
    auto const before = bench::bytes_in_use();
    sp::sliding_log limiter;
    auto const quota = sp::quota::make(limit, std::chrono::seconds(10)).value();
    for (std::size_t i = 0; i < keys; ++i) {
        std::array<sp::claim, 1> const claims{{{.key = {.client = bench::random_id()}, .quota = quota}}};
        for (std::uint32_t used = 0; used < limit; ++used) {
            auto const answer = limiter.take(claims, sp::steady_time(std::chrono::nanoseconds(used)));
            if (answer.outcome != sp::allowance::verdict::admitted) throw std::runtime_error("it refuses too early");
        }
    }
    if (limiter.size() != keys) throw std::runtime_error("it forgets what is in use");
    return (bench::bytes_in_use() - before) / static_cast<double>(keys);
}

std::string name_of(std::uint32_t limit) { return "memory: a key of sliding_log, limit " + std::to_string(limit); }

contest::figure const at_20({name_of(20), "bytes", 8 * 20 + 64}, [] { return bytes_a_key(20, 50'000); });
contest::figure const at_100({name_of(100), "bytes", 8 * 100 + 64}, [] { return bytes_a_key(100, 50'000); });
contest::figure const at_1000({name_of(1000), "bytes", 8 * 1000 + 64}, [] { return bytes_a_key(1000, 10'000); });

}  // namespace
