// SPDX-License-Identifier: BSL-1.0
#include "records.hpp"

#include "in_quotes.hpp"
#include "json_node.hpp"
#include "limits.hpp"
#include "timestamp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace demo {
namespace {

std::string contents_of(std::string const& file) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> const in(std::fopen(file.c_str(), "rb"), &std::fclose);
    std::string text;
    std::array<char, 4096> part;
    while (in) {
        auto const size = std::fread(part.data(), 1, part.size(), in.get());
        text.append(part.data(), size);
        if (size < part.size()) break;
    }
    if (!in || std::ferror(in.get())) sp::raise({fmt::format("can't be read: {}", std::strerror(errno))});
    return text;
}

/// The value, or its error at the node's place.
template <class T>
T valid(json_node const& at, sp::result<T> parsed) {
    if (!parsed) at.mistake(parsed.message());
    return std::move(parsed).value();
}

/// Text that the library's own messages can quote as it is and stay one line.
std::string const& plain_text(json_node const& from) {
    auto const& text = from.text();
    bool const plain = std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (!plain) from.mistake(in_quotes(text) + " has a control character; expected none");
    return text;
}

sp::name read_name(json_node const& from) {
    if (from.text().empty()) from.mistake("expected a name of 1 to 63 bytes");
    return valid(from, sp::name::make(plain_text(from)));
}

std::optional<sp::wall_time> read_moment(std::optional<json_node> const& from) {
    if (!from) return std::nullopt;
    auto const moment = parse_timestamp(from->text());
    // Of what stands beside a secret nothing is quoted: it could be the secret.
    if (!moment) from->mistake("expected a moment in UTC as 2026-01-31T00:00:00Z");
    return moment;
}

sp::stored_secret read_secret(json_node const& from, hash_schemes const& verifier) {
    from.allow_members({"hash", "not_before", "expires"});
    auto made = valid(from.at("hash"), verifier.parse(from.at("hash").text()));
    made.not_before = read_moment(from.find("not_before"));
    made.expires = read_moment(from.find("expires"));
    return made;
}

op::level read_level(json_node const& from) {
    for (auto const level : {op::level::write, op::level::read, op::level::root}) {
        if (sp::enumerator_name(level) == from.text()) return level;
    }
    from.mistake("unknown type " + in_quotes(from.text()) + "; expected write, read or root");
}

sp::quota_override<op::api> read_limit(std::string const& name, json_node const& from) {
    auto const api = api_named(name);
    if (!api) from.mistake("unknown API " + in_quotes(name) + "; expected track, export, insights or manage");
    return {*api, valid(from, parse_limits(from.text()))};
}

sp::uuid read_id(json_node const& from) {
    auto const id = sp::parse_uuid_v4(from.text());
    if (!id) from.mistake(in_quotes(from.text()) + " is no id; expected a version 4 UUID");
    return *id;
}

op::client read_client(json_node const& from, hash_schemes const& verifier) {
    from.allow_members({"id", "type", "organization", "project", "secrets", "origins", "disabled", "limits"});
    op::client made{.id = read_id(from.at("id")),
                    .level = read_level(from.at("type")),
                    .organization = read_name(from.at("organization"))};
    auto const project = from.at("project");
    if (!project.is_null()) made.project = read_name(project);
    for (auto const& secret : from.at("secrets").elements()) made.secrets.push_back(read_secret(secret, verifier));
    if (auto const origins = from.find("origins")) {
        for (auto const& origin : origins->elements()) {
            made.origins.push_back(valid(origin, sp::origin_pattern::make(plain_text(origin))));
        }
    }
    if (auto const disabled = from.find("disabled")) made.disabled = disabled->flag();
    if (auto const limits = from.find("limits")) {
        for (auto const& [name, limit] : limits->members()) made.limits.push_back(read_limit(name, limit));
    }
    return made;
}

/// The record, its place named with the id that it gives, where it gives one.
json_node named(json_node const& client) {
    auto const id = client.find("id");
    if (!id || !id->is_text()) return client;
    return client.renamed(fmt::format("{} (id {})", client.where(), in_quotes(id->text())));
}

records read_all(nlohmann::json const& document, hash_schemes const& verifier) {
    json_node const file(document, "");
    file.allow_members({"projects", "clients"});
    records made;
    for (auto const& project : file.at("projects").elements()) {
        project.allow_members({"id", "organization"});
        made.projects.push_back({read_name(project.at("id")), read_name(project.at("organization"))});
    }
    for (auto const& client : file.at("clients").elements())
        made.clients.push_back(read_client(named(client), verifier));
    return made;
}

}  // namespace

sp::result<records> load_records(std::string const& file, hash_schemes const& verifier) {
    try {
        return read_all(parse_json(contents_of(file)), verifier);
    } catch (sp::setup_error const& mistake) {
        return sp::error{fmt::format("{}: {}", file, mistake.what())};
    }
}

}  // namespace demo
