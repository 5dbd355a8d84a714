// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/client.hpp>

#include <optional>
#include <string_view>

namespace sallyport {

/// The project that a request is for.
struct asked_project {
    std::string_view id;
    std::string_view organization;  ///< empty if the project is not known
};

/// Whether a client may act on the project asked for: on its own, or with a level that reaches further on every
/// project of its organisation; on a project that is not known, nobody. A request that asks for none passes.
template <enumeration Level>
constexpr bool in_scope(Level level, std::string_view organization, std::string_view project,
                        std::optional<asked_project> const& asked) noexcept {
    if (!asked) return true;
    if (asked->id.empty() || asked->organization.empty() || asked->organization != organization) return false;
    return level_reach(level) == reach::organization || asked->id == project;
}

}  // namespace sallyport
