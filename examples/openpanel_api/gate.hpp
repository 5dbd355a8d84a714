// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/openpanel.hpp>
#include <sallyport/with/openssl.hpp>

#include <optional>
#include <string_view>

namespace demo {

namespace sp = sallyport;
namespace op = sallyport::openpanel;

/// Which stored forms of secrets this server reads.
using secret_verifier = sp::verifier<sp::sha256_scheme, sp::openssl::openpanel_scrypt>;

using gate_rules = sp::rules<op::level, op::api>;
using gate = sp::authorizer<op::clients&, gate_rules, secret_verifier const&>;

/// The API of that name on the wire; none if there is no such API.
constexpr std::optional<op::api> api_named(std::string_view name) noexcept {
    for (auto const api : {op::api::track, op::api::export_, op::api::insights, op::api::manage}) {
        if (sp::enumerator_name(api) == name) return api;
    }
    return std::nullopt;
}

}  // namespace demo
