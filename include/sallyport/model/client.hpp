// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/bounded_list.hpp>
#include <sallyport/model/enumerators.hpp>
#include <sallyport/model/name.hpp>
#include <sallyport/model/origin.hpp>
#include <sallyport/model/quota.hpp>
#include <sallyport/model/secret_list.hpp>
#include <sallyport/model/uuid.hpp>

#include <cstddef>
#include <vector>

namespace sallyport {

/// How far a level's clients reach: their own project, or every project of their organisation.
enum class reach { project, organization };

/// The reach of a level. A host says which levels reach further by a function beside its enumeration,
/// `constexpr sallyport::reach reach_of(level)`; without one a client reaches its own project only.
template <enumeration Level>
constexpr reach level_reach(Level level) noexcept {
    if constexpr (requires { reach_of(level); }) {
        return reach_of(level);
    } else {
        return reach::project;
    }
}

/// A limit of one client's own; it replaces all windows that the rules give the API.
template <enumeration Api>
struct quota_override {
    Api api;
    quotas limits;
};

/// At most this many secrets a client, so that the work of one verification is bounded.
inline constexpr std::size_t max_secrets = 4;

/// What a store holds of one client.
template <enumeration Level, enumeration Api>
struct client_record {
    using level_type = Level;
    using api_type = Api;

#if defined(__GNUC__) && !defined(__clang__)
    // g++ 12 breaks off on a list of records in braces unless these constructors have been used before.
    static_assert(secret_list().empty() && std::vector<origin_pattern>().empty() &&
                  std::vector<quota_override<Api>>().empty());
#endif

    uuid id{};
    Level level{};
    name organization{};
    name project{};         ///< empty for a level that reaches its organisation
    secret_list secrets{};  ///< at most `max_secrets`; without one the client can't prove itself
    std::vector<origin_pattern> origins{};
    bool disabled = false;
    std::vector<quota_override<Api>> limits{};
};

/// A project, and the organisation that it belongs to. One that no store lists is in nobody's scope.
struct project {
    name id;
    name organization;
};

}  // namespace sallyport
