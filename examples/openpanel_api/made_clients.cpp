// SPDX-License-Identifier: BSL-1.0
#include "made_clients.hpp"

#include <sallyport/crypto/hex.hpp>
#include <sallyport/crypto/random.hpp>
#include <sallyport/crypto/wipe.hpp>

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <iterator>

namespace demo {
namespace {

constexpr std::string_view organization = "acme";
constexpr std::string_view project = "demo";

template <std::size_t Size>
std::array<std::uint8_t, Size> random_bytes() {
    std::array<std::uint8_t, Size> bytes{};
    if (!sp::crypto::fill_random(bytes)) sp::raise({"the system has no randomness to give"});
    return bytes;
}

/// RFC 9562 §5.4.
sp::uuid random_id() {
    auto bytes = random_bytes<16>();
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0fU) | 0x40U);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3fU) | 0x80U);
    return sp::uuid(bytes);
}

sp::secret random_secret() {
    auto bytes = random_bytes<32>();
    std::array<char, 64> digits{};
    sp::crypto::encode_hex(bytes, digits);
    sp::secret made({digits.data(), digits.size()});
    sp::crypto::wipe_value(bytes);
    sp::crypto::wipe_value(digits);
    return made;
}

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
    std::vector<made_client> made;
    for (auto const level : {op::level::write, op::level::read, op::level::root}) {
        auto secret = random_secret();
        op::client record{.id = random_id(), .level = level, .organization = organization};
        if (sp::level_reach(level) == sp::reach::project) record.project = project;
        record.secrets.push_back({sp::sha256_scheme::store(secret.reveal())});
        made.push_back({std::move(record), std::move(secret)});
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
    for (auto const& [record, secret] : made) {
        fmt::format_to(std::back_inserter(lines),
                       "# {}\ncurl {} -H 'openpanel-client-id: {}' -H 'openpanel-client-secret: {}' '{}{}'\n",
                       sp::enumerator_name(record.level), request_of(record.level), record.id, secret.reveal(), url,
                       path_of(record.level));
    }
    return lines;
}

}  // namespace demo
