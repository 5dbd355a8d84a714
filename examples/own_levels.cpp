// SPDX-License-Identifier: BSL-1.0
// Somebody else's product: levels, APIs and limits of its own, a bearer token, problem details, and an observer.
#include <sallyport/sallyport.hpp>

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <vector>

namespace sp = sallyport;
using namespace sp::literals;
using namespace std::chrono_literals;

namespace notes {

enum class level { viewer, editor, admin };
enum class api { read, write, invite };

/// An admin belongs to no project, and reaches every one of its organisation.
constexpr sp::reach reach_of(level of) noexcept {
    return of == level::admin ? sp::reach::organization : sp::reach::project;
}

constexpr sp::policy<level, api> permissions{{
    {level::viewer, {api::read}},
    {level::editor, {api::read, api::write}},
    {level::admin, {api::read, api::write, api::invite}},
}};

constexpr sp::limit_table<api> limits{{
    {api::read, sp::at_most(100).per(1s)},
    {api::write, {sp::at_most(2).per(5s), sp::at_most(100).per(1h), sp::in_shadow(sp::at_most(1).per(5s))}},
    {api::invite, sp::unlimited},
}};

/// Beside what each client may: all of an organisation together, and all who write in one diary.
constexpr sp::shared_budgets<api> shared{{"organization", sp::shared_by::organization, sp::at_most(1000).per(1s)},
                                         {"edits", sp::shared_by::project, sp::at_most(3).per(5s), {api::write}}};

constexpr sp::rules<level, api> rules{
    .permissions = permissions, .limits = limits, .shared = shared, .when_not_allowed = sp::access_status::forbidden};

using clients = sp::memory_clients<level, api>;

/// Counts what happened to requests. The gate tells it the exact reason, whatever the caller is told.
struct counters {
    std::atomic<unsigned> granted = 0;
    std::atomic<unsigned> would_be_refused = 0;  ///< of those: if the limit in shadow were in force
    std::array<std::atomic<unsigned>, sp::enumerator_count<sp::denial_reason>> denied{};

    void on_decision(sp::observation<level, api> const& seen) noexcept {
        if (seen.decision && seen.decision.would_refuse()) ++would_be_refused;
        ++(seen.decision ? granted : denied[sp::enumerator_index(seen.decision.denial().reason)]);
    }
};

}  // namespace notes

int main() {
    notes::clients clients{{{.id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid,
                             .level = notes::level::editor,
                             .organization = "acme",
                             .project = "diary",
                             .secrets = {{sp::sha256_scheme::store("sec_5b1e8d0c2f7a4e6990d3")}}},
                            {.id = "2c624232-cc4f-4b5e-9a63-7f1e0d3c2b1a"_uuid,
                             .level = notes::level::admin,
                             .organization = "acme",
                             .secrets = {{sp::sha256_scheme::store("sec_c4a97d21e85b4f03b6aa")}}}},
                           {{.id = "diary", .organization = "acme"}, {.id = "recipes", .organization = "acme"}}};
    notes::counters seen;
    sp::authorizer gate{clients, notes::rules, sp::bearer{}, seen};
    sp::http::responder<sp::http::problem_json> const responder{.challenge = "Bearer"};

    auto const ask = [&](std::string_view token, notes::api api, std::string_view project) {
        auto const authorization = fmt::format("Bearer {}", token);
        std::vector<sp::header_line> const headers{{"Authorization", authorization}};
        auto const decision = gate.authorize({.headers = headers, .api = api, .project = project});
        if (decision) {
            fmt::print("200 for an {} of {}\n", sp::enumerator_name(decision.principal().level), project);
        } else {
            auto const& budget = decision.denial().budget;
            fmt::print("{}{}{}\n", budget, budget.empty() ? "" : " is used up: ", responder.respond(decision).body);
        }
    };
    std::string_view const editor = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60.sec_5b1e8d0c2f7a4e6990d3";
    std::string_view const admin = "2c624232-cc4f-4b5e-9a63-7f1e0d3c2b1a.sec_c4a97d21e85b4f03b6aa";
    ask(editor, notes::api::read, "diary");
    ask(editor, notes::api::read, "recipes");
    ask(editor, notes::api::invite, "diary");
    ask(admin, notes::api::invite, "recipes");
    for (int i = 0; i < 3; ++i) ask(editor, notes::api::write, "diary");
    for (int i = 0; i < 2; ++i) ask(admin, notes::api::write, "diary");
    ask("8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60.a-guess", notes::api::read, "diary");

    fmt::print("granted: {}, of which a limit in shadow would refuse {}\n", seen.granted.load(),
               seen.would_be_refused.load());
    for (std::size_t i = 0; i < seen.denied.size(); ++i) {
        auto const reason = static_cast<sp::denial_reason>(i);
        if (seen.denied[i] != 0) fmt::print("{}: {}\n", sp::reason_name(reason), seen.denied[i].load());
    }
}
