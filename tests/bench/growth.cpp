// SPDX-License-Identifier: BSL-1.0
#include "cache_miss.hpp"
#include "contest.hpp"
#include "memory_in_use.hpp"
#include "population.hpp"
#include "town.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <vector>

// How the cost of a whole decision grows: with the clients, the threads, and the lines of a request. For plot.py.

namespace {

using bench::ordinarily, bench::ours, bench::town;

constexpr std::size_t most_for_both = 1'000'000;

/// The last one that was asked for: there is no room for several large ones.
std::shared_ptr<town> town_of(std::size_t clients, std::size_t lines) {
    static std::shared_ptr<town> last;
    if (last && last->clients == clients && last->terms.header_lines == lines) return last;
    last.reset();
    bool const alone = clients > most_for_both;
    if (alone && bench::available_memory() < std::size_t{18} << 30)
        throw std::runtime_error("18 GiB of memory are not free");
    last = std::make_shared<town>(
        bench::random_clients(clients),
        bench::town_terms{.header_lines = lines, .limit = alone ? 20 : bench::usual_limit, .ours_alone = alone});
    return last;
}

struct rows {
    std::vector<std::unique_ptr<contest::row>> made;

    rows() {
        for (std::size_t const clients : {1'000UL, 10'000UL, 100'000UL, 1'000'000UL, 10'000'000UL}) {
            for (unsigned const threads : {1U, 2U}) add("clients", clients, clients, 10, threads);
        }
        for (std::size_t const lines : {3UL, 5UL, 10UL, 20UL, 30UL}) add("header lines", lines, 1'000, lines, 1);
    }

    void add(char const* by, std::size_t at, std::size_t clients, std::size_t lines, unsigned threads) {
        bool const alone = clients > most_for_both;
        contest::terms const of{
            .what = fmt::format("growth by {}: {}, threads: {}", by, at, threads),
            .yardstick = alone ? "one dependent cache miss in 64 bytes a client" : "ordinary pipeline with loop",
            .threads = threads};
        made.push_back(std::make_unique<contest::row>(of, [clients, lines, alone] {
            auto const in = town_of(clients, lines);
            return contest::sides{ours(in), alone ? bench::dependent_misses(clients) : ordinarily<&town::by_loop>(in)};
        }));
    }
};

rows const all;

}  // namespace
