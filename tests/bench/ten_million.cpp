// SPDX-License-Identifier: BSL-1.0
#include "figure.hpp"
#include "memory_in_use.hpp"
#include "population.hpp"

#include <sallyport/limit/sliding_log.hpp>

#include <chrono>
#include <cstddef>
#include <stdexcept>

// How much memory ten million clients take that are all in use.

namespace {

namespace sp = sallyport;

/// All of it resident and in use: each client is granted a request.
double bytes_of_ten_million() {
    constexpr std::size_t clients = 10'000'000;
    constexpr std::size_t needed = std::size_t{18} << 30;  // the store, and what it is made from
    if (bench::available_memory() < needed) throw std::runtime_error("18 GiB of memory are not free");
    auto const credentials = bench::random_clients(clients);
    auto const before = bench::bytes_in_use(true);
    auto const store = bench::store_of(credentials);
    sp::sliding_log limiter({.max_clients = clients});
    sp::authorizer gate{store, bench::rules_of(20, std::chrono::hours(1)), limiter};
    bench::request_lines lines;
    for (auto const& each : credentials) {
        if (!gate.authorize({.headers = lines.of(each), .api = bench::op::api::insights}))
            throw std::runtime_error("one is refused");
    }
    return (bench::bytes_in_use(true) - before) / static_cast<double>(clients);
}

// Its limiter's keys may hold 20 uses, its records the names that they hold: about 400 bytes.
contest::figure const ten_million({"memory: 10 million clients and their limits, each", "bytes", 1024},
                                  bytes_of_ten_million);

}  // namespace
