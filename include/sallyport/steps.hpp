// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/access/scope.hpp>
#include <sallyport/credential/presentation.hpp>
#include <sallyport/credential/verifier.hpp>
#include <sallyport/decision.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/client.hpp>
#include <sallyport/request.hpp>
#include <sallyport/rules.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport {

/// The credentials of a request whose shape is right. Nothing in them is proven.
struct credentials {
    uuid client{};
    std::string_view secret{};  ///< empty: the request came from an origin, to an API that is open to some
    std::string_view origin{};
};

/// The first step: why the request's own shape can be nobody's; none if it can. What could be read is put into `into`.
/// Looks at no record.
template <class Level, class Api>
constexpr std::optional<denial_reason> screen(rules<Level, Api> const& rules, presented_credentials const& presented,
                                              request<Api> const& asked, credentials& into) noexcept {
    if (presented.ambiguous) return denial_reason::ambiguous_credentials;
    if (presented.id.empty()) return denial_reason::missing_client_id;
    auto const id = parse_uuid_v4(presented.id);
    if (!id) return denial_reason::malformed_client_id;
    into = {.client = *id, .secret = presented.secret, .origin = presented.origin};
    if (rules.require_https && !asked.https.value_or(false)) return denial_reason::insecure_transport;
    bool const may_come_by_origin = presented.has_origin && rules.open_to_origins.contains(asked.api);
    if (presented.secret.empty() && !may_come_by_origin) return denial_reason::missing_client_secret;
    return std::nullopt;
}

/// Why a client that presented no secret is not let in by its origin; none if it is.
template <class Level, class Api>
constexpr std::optional<denial_reason> judge_origin(rules<Level, Api> const& rules, std::string_view origin, Api api,
                                                    client_record<Level, Api> const* record) noexcept {
    bool const may_list = record && !record->disabled && rules.permissions.permits(record->level, api);
    if (!may_list || record->origins.empty()) return denial_reason::missing_client_secret;
    for (auto const& listed : record->origins) {
        if (listed.matches(origin)) return std::nullopt;
    }
    return denial_reason::origin_not_allowed;
}

/// Why a client that presented a secret is not proven; none if it is. Who is not known is nobody, whatever a verifier
/// says.
constexpr std::optional<denial_reason> judge_proof(verification::verdict verdict, bool known, bool disabled) noexcept {
    using enum denial_reason;
    switch (verdict) {
        case verification::verdict::proven:
            if (!known) return unknown_client;
            return disabled ? std::optional(client_disabled) : std::nullopt;
        case verification::verdict::wrong: return known ? wrong_secret : unknown_client;
        case verification::verdict::expired: return known ? expired_secret : unknown_client;
        case verification::verdict::throttled: return too_many_failures;
        case verification::verdict::overloaded: return overloaded;
        case verification::verdict::failed: break;
    }
    return verifier_failed;
}

/// Why a client may not do what it asks for; none if it may. Access first, then scope. Neither is told to one that
/// proved nothing: what its origin doesn't open takes a secret.
template <class Level, class Api>
constexpr std::optional<denial_reason> judge_access(rules<Level, Api> const& rules, principal<Level> const& who,
                                                    Api api, std::optional<asked_project> const& asked) noexcept {
    bool const permitted = rules.permissions.permits(who.level, api);
    if (permitted && in_scope(who.level, who.organization, who.project, asked)) return std::nullopt;
    if (!who.proven()) return denial_reason::missing_client_secret;
    return permitted ? denial_reason::out_of_scope : denial_reason::access_not_allowed;
}

/// The windows of a client's own for an API, which stand in the place of the rules'; null if its record has none.
template <class Level, class Api>
constexpr quotas const* own_limits(client_record<Level, Api> const& record, Api api) noexcept {
    for (auto const& own : record.limits) {
        if (own.api == api) return &own.limits;
    }
    return nullptr;
}

/// The windows by which the rules measure the use of an API. One that is none has none: nobody has access to it.
template <class Level, class Api>
constexpr quotas const& limits_of(rules<Level, Api> const& rules, Api api) noexcept {
    return is_enumerator(api) ? rules.limits[api] : unlimited;
}

/// Whether a claim can stand in the way. Where all are in shadow nothing can, not even a limiter that fails.
constexpr bool any_in_force(claim_list const& claims) noexcept {
    return std::any_of(claims.begin(), claims.end(), [](claim const& each) { return !each.shadow; });
}

/// Whether the claims can ever be admitted. One that costs 0, or more than a limit in force, is refused for good.
constexpr bool can_pass(claim_list const& claims) noexcept {
    return std::all_of(claims.begin(), claims.end(), [](claim const& each) {
        return each.shadow || (each.cost != 0 && each.cost <= each.quota.limit());
    });
}

/// What is made of the limiter's answer to a request of a cost of 0, which fits every limit: refused for good.
constexpr allowance refused_for_good(allowance answer) noexcept {
    if (answer.outcome == allowance::verdict::failed) return answer;
    answer.outcome = allowance::verdict::refused;
    answer.receipt = {};
    for (auto& state : answer.states) state.retry_after = never;
    return answer;
}

/// The denial that a reason stands for. How long to wait for a limit is added by `meter`.
template <class Level, class Api>
constexpr denial denial_for(denial_reason reason, rules<Level, Api> const& rules, request<Api> const& asked) noexcept {
    denial made{.reason = reason, .api = enumerator_name(asked.api)};
    switch (kind_of(reason)) {
        case denial_kind::unproven: made.status = 401; break;
        case denial_kind::not_allowed: made.status = static_cast<std::uint16_t>(rules.when_not_allowed); break;
        case denial_kind::over_limit: made.status = 429; break;
        case denial_kind::unavailable: made.status = 503; break;
    }
    if (reason == denial_reason::out_of_scope) made.project = name::if_fits(asked.project.value_or(""));
    return made;
}

/// The last step: a grant, or the denial that the limiter's answer stands for.
template <class Level, class Api>
constexpr decision<Level> meter(principal<Level> const& who, allowance const& answer, rules<Level, Api> const& rules,
                                request<Api> const& asked) noexcept {
    switch (answer.outcome) {
        case allowance::verdict::admitted: return decision<Level>::grant(who, answer.states, answer.receipt);
        case allowance::verdict::refused: {
            auto refused = denial_for(denial_reason::rate_limited, rules, asked);
            if (auto const* const worst = tightest(answer.states)) {
                refused.retry_after = worst->retry_after;
                refused.budget = worst->name;
            }
            return decision<Level>::deny(refused, answer.states);
        }
        case allowance::verdict::failed: break;
    }
    return decision<Level>::deny(denial_for(denial_reason::limiter_failed, rules, asked));
}

}  // namespace sallyport
