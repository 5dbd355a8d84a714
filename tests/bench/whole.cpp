// SPDX-License-Identifier: BSL-1.0
#include "cache_miss.hpp"
#include "contest.hpp"
#include "population.hpp"
#include "town.hpp"

#include <memory>

// What a whole decision costs that grants: ten header lines, SHA-256 secrets, one limit. Clients are drawn at random.

namespace {

using bench::ordinarily, bench::ours, bench::town;

std::shared_ptr<town> village() {
    static auto const made = std::make_shared<town>(bench::random_clients(1000));
    return made;
}

std::shared_ptr<town> city() {
    static auto const made = std::make_shared<town>(bench::random_clients(1'000'000));
    return made;
}

constexpr auto regex = "ordinary pipeline with regex";
constexpr auto loop = "ordinary pipeline with loop";

contest::row const small_regex({"authorize, 1,000 clients", regex, 1 / 10.0}, [] {
    return contest::sides{ours(village()), ordinarily<&town::by_regex>(village())};
});
contest::row const small_loop({"authorize, 1,000 clients", loop, 1 / 5.5}, [] {
    return contest::sides{ours(village()), ordinarily<&town::by_loop>(village())};
});
contest::row const large_regex({"authorize, 1M clients", regex, 1 / 6.0}, [] {
    return contest::sides{ours(city()), ordinarily<&town::by_regex>(city())};
});
contest::row const large_loop({"authorize, 1M clients", loop, 1 / 5.0}, [] {
    return contest::sides{ours(city()), ordinarily<&town::by_loop>(city())};
});
contest::row const misses({"authorize, 1M clients", "one dependent cache miss in 64 bytes a client", 2.3}, [] {
    return contest::sides{ours(city()), bench::dependent_misses(1'000'000)};
});
contest::row const two_regex({"authorize, 1M clients, 2 threads", regex, 1 / 15.0, 2}, [] {
    return contest::sides{ours(city()), ordinarily<&town::by_regex>(city())};
});
contest::row const two_loop({"authorize, 1M clients, 2 threads", loop, 1 / 15.0, 2}, [] {
    return contest::sides{ours(city()), ordinarily<&town::by_loop>(city())};
});

}  // namespace
