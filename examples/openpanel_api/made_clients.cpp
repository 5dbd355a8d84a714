// SPDX-License-Identifier: BSL-1.0
#include "made_clients.hpp"

#include <fmt/format.h>

#include <iterator>

namespace demo {
namespace {

constexpr sp::name organization = "acme";
constexpr sp::name project = "demo";

/// What each type of client is made to call.
std::string_view request_of(op::level level) {
    switch (level) {
        case op::level::write: return "-X POST -d '{\"type\":\"track\",\"payload\":{\"name\":\"hello\"}}'";
        case op::level::read: return "-X GET";
        case op::level::root: return "-X GET";
    }
    return {};
}
std::string_view path_of(op::level level) {
    switch (level) {
        case op::level::write: return "/track";
        case op::level::read: return "/export/events?projectId=demo";
        case op::level::root: return "/manage/projects/demo";
    }
    return {};
}

}  // namespace

std::vector<made_client> make_clients() {
    sp::issuer const issuer{sp::secret_format{"demo_"}};
    std::vector<made_client> made;
    for (auto const level : {op::level::write, op::level::read, op::level::root}) {
        bool const narrow = sp::level_reach(level) == sp::reach::project;
        made.push_back(issuer.issue<op::client>(level, organization, narrow ? project : sp::name()).value());
    }
    return made;
}

records records_of(std::vector<made_client> const& made) {
    records all{.clients = {}, .projects = {{project, organization}}};
    for (auto const& client : made) all.clients.push_back(client.record);
    return all;
}

std::string curl_lines(std::vector<made_client> const& made, std::string_view url) {
    std::string lines;
    for (auto const& [record, plain] : made) {
        fmt::format_to(std::back_inserter(lines),
                       "# {}\ncurl {} -H 'openpanel-client-id: {}' -H 'openpanel-client-secret: {}' '{}{}'\n",
                       sp::enumerator_name(record.level), request_of(record.level), record.id, plain.reveal(), url,
                       path_of(record.level));
    }
    return lines;
}

}  // namespace demo
