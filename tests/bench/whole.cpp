// SPDX-License-Identifier: BSL-1.0
#include "cache_miss.hpp"
#include "contest.hpp"
#include "population.hpp"

#include <cstddef>
#include <memory>
#include <vector>

// What a whole decision costs that grants: ten header lines, SHA-256 secrets, one limit. Clients are drawn at random.

namespace {

namespace sp = sallyport;
namespace op = sallyport::openpanel;

/// The same clients, in the library's store and in the ordinary one. Each has asked before: what a limiter remembers of
/// it is there already.
struct town {
    std::vector<bench::credentials> requests;
    op::clients store;
    ordinary::clients known;
    std::chrono::milliseconds window;
    sp::authorizer<op::clients&, sp::rules<op::level, op::api>> gate{store,
                                                                     bench::rules_of(bench::usual_limit, window)};
    ordinary::limiter limiter{bench::usual_limit, window};
    ordinary::pipeline<ordinary::id_by_regex> by_regex{known, limiter};
    ordinary::pipeline<ordinary::id_by_loop> by_loop{known, limiter};

    explicit town(std::vector<bench::credentials> const& clients)
        : requests(bench::requests_of(clients)),
          store(bench::store_of(clients)),
          window(bench::usual_window(clients.size())) {
        bench::add_all(known, clients);
        bench::request_lines lines;
        for (auto const& each : clients) {
            static_cast<void>(gate.authorize({.headers = lines.of(each), .api = op::api::insights}));
            static_cast<void>(by_loop.authorize(lines.of(each), ordinary::api::insights));
        }
    }
};

template <class Grants>
contest::side asking(std::shared_ptr<town> in, Grants grants) {
    return [in, grants](unsigned, std::size_t first, std::size_t count) {
        bench::request_lines lines;
        std::size_t expected = 0;
        for (std::size_t i = first; i < first + count; ++i) {
            expected += grants(*in, lines.of(in->requests[i & (in->requests.size() - 1)])) ? 1 : 0;
        }
        return expected;
    };
}

contest::side ours(std::shared_ptr<town> in) {
    return asking(in, [](town& at, auto const& lines) {
        auto const decision = at.gate.authorize({.headers = lines, .api = op::api::insights});
        return decision && decision.rates().size() == 1;
    });
}

template <auto Pipeline>
contest::side ordinarily(std::shared_ptr<town> in) {
    return asking(in, [](town& at, auto const& lines) {
        auto const answer = (at.*Pipeline).authorize(lines, ordinary::api::insights);
        return answer.status == 200 && answer.who != nullptr;
    });
}

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
