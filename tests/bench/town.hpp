// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "contest.hpp"
#include "population.hpp"

#include <sallyport/limit/sliding_log.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

/// Whole decisions that grant, by the library and by the ordinary pipeline, about the same clients.
namespace bench {

struct town_terms {
    std::size_t header_lines = 10;
    std::uint32_t limit = usual_limit;
    bool ours_alone = false;
};

/// Each client has asked before: what a limiter remembers of it is there already.
struct town {
    std::size_t clients;
    std::vector<credentials> requests;
    town_terms terms;
    std::chrono::milliseconds window;
    op::clients store;
    sp::sliding_log limits{{.max_clients = clients}};
    sp::authorizer<op::clients&, sp::rules<op::level, op::api>, sp::sliding_log&> gate{
        store, rules_of(terms.limit, window), limits};
    ordinary::clients known;
    ordinary::limiter limiter{terms.limit, window};
    ordinary::pipeline<ordinary::id_by_regex> by_regex{known, limiter};
    ordinary::pipeline<ordinary::id_by_loop> by_loop{known, limiter};

    explicit town(std::vector<credentials> const& all, town_terms const& of = {})
        : clients(all.size()),
          requests(requests_of(all)),
          terms(of),
          window(usual_window(clients)),
          store(store_of(all)) {
        if (!terms.ours_alone) add_all(known, all);
        request_lines lines;
        for (auto const& each : all) {
            static_cast<void>(gate.authorize({.headers = lines.of(each), .api = op::api::insights}));
            if (terms.ours_alone) continue;
            static_cast<void>(by_loop.authorize(lines.of(each), ordinary::api::insights));
        }
    }
};

template <class Grants>
contest::side asked_of(std::shared_ptr<town> in, Grants grants) {
    return [in, grants](unsigned, std::size_t first, std::size_t count) {
        request_lines lines(in->terms.header_lines);
        std::size_t expected = 0;
        for (std::size_t i = first; i < first + count; ++i) {
            expected += grants(*in, lines.of(in->requests[i & (in->requests.size() - 1)])) ? 1 : 0;
        }
        return expected;
    };
}

inline contest::side ours(std::shared_ptr<town> in) {
    return asked_of(in, [](town& at, auto const& lines) {
        auto const decision = at.gate.authorize({.headers = lines, .api = op::api::insights});
        return decision && decision.rates().size() == 1;
    });
}

template <auto Pipeline>
contest::side ordinarily(std::shared_ptr<town> in) {
    return asked_of(in, [](town& at, auto const& lines) {
        auto const answer = (at.*Pipeline).authorize(lines, ordinary::api::insights);
        return answer.status == 200 && answer.who != nullptr;
    });
}

}  // namespace bench
