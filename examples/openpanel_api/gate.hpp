// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "metrics.hpp"

#include <sallyport/credential/guarded_verifier.hpp>
#include <sallyport/credential/hmac_scheme.hpp>
#include <sallyport/limit/throttle.hpp>
#include <sallyport/openpanel.hpp>
#include <sallyport/with/openssl.hpp>
#include <sallyport/with/sodium.hpp>

#include <optional>
#include <string_view>

namespace demo {

namespace sp = sallyport;
namespace op = sallyport::openpanel;

/// Which stored forms of secrets this server reads.
using hash_schemes = sp::verifier<sp::sha256_scheme, sp::hmac_scheme, sp::openssl::openpanel_scrypt,
                                  sp::openssl::scrypt, sp::sodium::argon2id>;
using secret_verifier = sp::guarded_verifier<hash_schemes, sp::throttle>;

using gate_rules = sp::rules<op::level, op::api>;
using gate = sp::authorizer<op::clients&, gate_rules, secret_verifier&, metrics&>;

/// The API of that name on the wire; none if there is no such API.
constexpr std::optional<op::api> api_named(std::string_view name) noexcept {
    for (auto const api : {op::api::track, op::api::export_, op::api::insights, op::api::manage}) {
        if (sp::enumerator_name(api) == name) return api;
    }
    return std::nullopt;
}

}  // namespace demo
