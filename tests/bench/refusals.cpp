// SPDX-License-Identifier: BSL-1.0
#include "contest.hpp"
#include "population.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

// What a refusal costs beside a grant, at 1,000 clients.

namespace {

namespace sp = sallyport;
namespace op = sallyport::openpanel;

struct village {
    std::vector<bench::credentials> clients = bench::random_clients(1000);
    op::clients store = bench::store_of(clients);
};

/// Asks with these credentials for decisions that all come to the same.
contest::side all(std::optional<sp::denial_reason> expected_reason, std::shared_ptr<village> in,
                  std::vector<bench::credentials> const& from, sp::rules<op::level, op::api> const& rules) {
    struct gate_of {
        std::vector<bench::credentials> requests;
        sp::authorizer<op::clients&, sp::rules<op::level, op::api>> gate;
    };
    auto const at = std::make_shared<gate_of>(gate_of{bench::requests_of(from), {in->store, rules}});
    auto const side = [in, at, expected_reason](unsigned, std::size_t first, std::size_t count) {
        bench::request_lines lines;
        std::size_t expected = 0;
        for (std::size_t i = first; i < first + count; ++i) {
            auto const& sent = lines.of(at->requests[i & (at->requests.size() - 1)]);
            auto const decision = at->gate.authorize({.headers = sent, .api = op::api::insights});
            expected += (decision ? std::nullopt : std::optional(decision.denial().reason)) == expected_reason ? 1 : 0;
        }
        return expected;
    };
    if (expected_reason == sp::denial_reason::rate_limited) {
        bench::request_lines lines;
        for (auto const& each : from) {
            for (std::uint32_t i = 0; i < bench::usual_limit; ++i)
                static_cast<void>(at->gate.authorize({.headers = lines.of(each), .api = op::api::insights}));
        }
    }
    return side;
}

/// The refusal of clients that are changed a little, beside the grant of the same.
template <class Change>
contest::sides refused(sp::denial_reason reason, std::chrono::milliseconds window, Change change) {
    auto const in = std::make_shared<village>();
    auto changed = in->clients;
    for (auto& each : changed) change(each);
    return {all(reason, in, changed, bench::rules_of(bench::usual_limit, window)),
            all({}, in, in->clients, bench::rules_of(bench::usual_limit, bench::usual_window(1000)))};
}

constexpr auto grant = "a grant at 1,000 clients";
constexpr auto long_window = std::chrono::hours(24);
constexpr auto short_window = std::chrono::milliseconds(1);

contest::row const malformed({"refused: malformed id", grant, 1.0}, [] {
    return refused(sp::denial_reason::malformed_client_id, short_window,
                   [](auto& sent) { sent.id[bench::random()() % 36] = 'x'; });
});
contest::row const unknown({"refused: unknown id", grant, 1.0}, [] {
    return refused(sp::denial_reason::unknown_client, short_window,
                   [](auto& sent) { sent.id = bench::random_id().text(); });
});
contest::row const wrong({"refused: wrong secret", grant, 1.0}, [] {
    return refused(sp::denial_reason::wrong_secret, short_window, [](auto& sent) { sent.secret[23] ^= 1; });
});
contest::row const limited({"refused: over the limit", grant, 1.0},
                           [] { return refused(sp::denial_reason::rate_limited, long_window, [](auto&) {}); });

}  // namespace
