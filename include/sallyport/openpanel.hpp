// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/authorize.hpp>
#include <sallyport/store/memory_clients.hpp>

#include <chrono>

/// The ready-made configuration: the levels, APIs, limits and field names of OpenPanel's API.
namespace sallyport::openpanel {

/// A client's type.
enum class level { write, read, root };

/// The APIs, named on the wire `track`, `export`, `insights` and `manage`.
enum class api { track, export_, insights, manage };

/// A root client belongs to no project, and reaches every one of its organisation.
constexpr reach reach_of(level of) noexcept { return of == level::root ? reach::organization : reach::project; }

inline constexpr policy<level, api> permissions{{
    {level::write, {api::track}},
    {level::read, {api::export_, api::insights}},
    {level::root, {api::track, api::export_, api::insights, api::manage}},
}};

inline constexpr limit_table<api> limits{{
    {api::track, at_most(1000).per(std::chrono::seconds(10))},
    {api::export_, at_most(100).per(std::chrono::seconds(10))},
    {api::insights, at_most(100).per(std::chrono::seconds(10))},
    {api::manage, at_most(20).per(std::chrono::seconds(10))},
}};

/// The rules. A host may change any of them in its copy before it builds the gate, or later in a `reloadable`.
constexpr sallyport::rules<level, api> rules() noexcept {
    return {
        .permissions = permissions,
        .limits = limits,
        .fields = {.id = "openpanel-client-id", .secret = "openpanel-client-secret"},
        .open_to_origins = {api::track},
    };
}

using client = client_record<level, api>;
using clients = memory_clients<level, api>;
using request = sallyport::request<api>;
using decision = sallyport::decision<level>;
using observation = sallyport::observation<level, api>;

}  // namespace sallyport::openpanel
