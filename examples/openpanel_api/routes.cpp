// SPDX-License-Identifier: BSL-1.0
#include "routes.hpp"

#include "number.hpp"
#include "path.hpp"

namespace demo {
namespace {

/// An export costs what it holds: each page is a unit of the limit.
std::optional<std::uint32_t> cost_of_export(std::string_view query) {
    auto const pages = parameter_of(query, "pages");
    if (!pages) return 1;
    return parse_number(*pages, 1, 10'000);
}

}  // namespace

std::optional<route> find_route(std::string_view target) {
    auto const question = target.find('?');
    auto const query = question == target.npos ? std::string_view() : target.substr(question + 1);
    auto const found = segments_of(target.substr(0, question));
    if (!found) return std::nullopt;
    auto const& at = *found;

    if (at.size() == 1 && at[0] == "track") return route{.api = op::api::track};
    if (at.size() == 1 && at[0] == "healthz") return route{};
    if (at.size() == 1 && at[0] == "metrics") return route{.counts = true};
    if (at.size() == 2 && at[0] == "export" && (at[1] == "events" || at[1] == "charts")) {
        route made{.api = op::api::export_, .project = parameter_of(query, "projectId")};
        if (at[1] == "events") made.cost = cost_of_export(query);
        return made;
    }
    if (at.size() == 3 && at[0] == "insights" && at[2] == "metrics")
        return route{.api = op::api::insights, .project = at[1]};
    if (at.size() == 2 && at[0] == "manage" && at[1] == "projects") return route{.api = op::api::manage};
    if (at.size() == 3 && at[0] == "manage" && at[1] == "projects")
        return route{.api = op::api::manage, .project = at[2]};
    return std::nullopt;
}

}  // namespace demo
