// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "gate.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace demo {

/// Where a request goes.
struct route {
    std::optional<op::api> api{};           ///< the API that the gate is asked for; none: everybody may
    bool counts = false;                    ///< whether it is the one that shows the counts
    std::optional<std::string> project{};   ///< the project that the request names, in path or query
    std::optional<std::uint32_t> cost = 1;  ///< what it uses of its API's limit; none: what it asks for can't be told

    /// Browsers on other people's pages may call this one, and this one alone.
    bool open_to_browsers() const { return api == op::api::track; }

    std::string_view allowed_methods() const { return open_to_browsers() ? "OPTIONS, POST" : "GET, HEAD, OPTIONS"; }

    /// Whether the method is the one that does the route's work.
    bool serves(std::string_view method) const {
        return open_to_browsers() ? method == "POST" : method == "GET" || method == "HEAD";
    }
};

/// The route of a request's target, as it was sent; none if there is nothing at that path.
std::optional<route> find_route(std::string_view target);

}  // namespace demo
