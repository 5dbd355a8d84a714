// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/client.hpp>
#include <sallyport/model/result.hpp>

#include <string>
#include <string_view>

namespace sallyport {

/// What is wrong with a client, by its id.
inline error client_error(uuid const& id, std::string_view what) {
    auto const text = id.text();
    return {std::string("client ").append(text.data(), text.size()).append(": ").append(what)};
}

/// The first mistake in a record, if it has one: an error that names the record.
template <enumeration Level, enumeration Api>
outcome check_record(client_record<Level, Api> const& record) {
    auto const wrong = [&record](std::string_view what) { return client_error(record.id, what); };
    auto const id = record.id.text();
    if (!parse_uuid_v4({id.data(), id.size()})) return wrong("the id is no version 4 UUID");
    if (!is_enumerator(record.level)) return wrong("its level is none");
    if (record.organization.empty()) return wrong("it belongs to no organisation");
    bool const wide = level_reach(record.level) == reach::organization;
    auto const a_client = std::string("a ").append(enumerator_name(record.level)).append(" client ");
    if (wide && !record.project.empty()) return wrong(a_client + "belongs to no project");
    if (!wide && record.project.empty()) return wrong(a_client + "needs a project");
    if (record.secrets.size() > max_secrets) return wrong("it has more than four secrets");
    for (auto const& stored : record.secrets) {
        if (stored.hash.scheme.empty()) return wrong("one of its secrets is of no scheme");
        if (stored.hash.digest.size() < hash_form::min_digest)
            return wrong("one of its secrets has a digest of under 16 bytes");
    }
    enumerator_set<Api> limited;
    for (auto const& own : record.limits) {
        if (!is_enumerator(own.api)) return wrong("a limit of its own is for no API");
        auto const api = enumerator_name(own.api);
        if (limited.contains(own.api)) return wrong(std::string("two limits of its own are for ").append(api));
        limited.insert(own.api);
    }
    return {};
}

}  // namespace sallyport
