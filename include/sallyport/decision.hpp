// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/claim.hpp>
#include <sallyport/model/enumerators.hpp>
#include <sallyport/model/name.hpp>
#include <sallyport/model/stored_secret.hpp>
#include <sallyport/model/uuid.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>

namespace sallyport {

/// What happened to a request that was refused. The host's log may know; the caller is told by `http/`.
enum class denial_reason : std::uint8_t {
    ambiguous_credentials,
    missing_client_id,
    malformed_client_id,
    insecure_transport,
    missing_client_secret,
    origin_not_allowed,
    unknown_client,
    wrong_secret,
    expired_secret,  ///< run out, or not yet begun
    client_disabled,
    too_many_failures,  ///< of this peer, to prove this client or any
    overloaded,         ///< no room for one more expensive verification
    access_not_allowed,
    out_of_scope,
    too_many_at_once,  ///< as many requests of the client run as may
    rate_limited,
    store_failed,
    verifier_failed,
    limiter_failed,
};

/// The reason's name, as it is written in logs and explanations.
constexpr std::string_view reason_name(denial_reason reason) noexcept { return enumerator_name(reason); }

/// What a refusal is about. Each kind has one status, and one thing to say to the caller.
enum class denial_kind : std::uint8_t {
    unproven,     ///< who asks has not proven who it is
    not_allowed,  ///< it has, and lacks access or scope
    over_limit,
    unavailable,  ///< what the decision depends on failed, or has no room
};

constexpr denial_kind kind_of(denial_reason reason) noexcept {
    switch (reason) {
        case denial_reason::access_not_allowed:
        case denial_reason::out_of_scope: return denial_kind::not_allowed;
        case denial_reason::too_many_failures:
        case denial_reason::too_many_at_once:
        case denial_reason::rate_limited: return denial_kind::over_limit;
        case denial_reason::overloaded:
        case denial_reason::store_failed:
        case denial_reason::verifier_failed:
        case denial_reason::limiter_failed: return denial_kind::unavailable;
        case denial_reason::ambiguous_credentials:
        case denial_reason::missing_client_id:
        case denial_reason::malformed_client_id:
        case denial_reason::insecure_transport:
        case denial_reason::missing_client_secret:
        case denial_reason::origin_not_allowed:
        case denial_reason::unknown_client:
        case denial_reason::wrong_secret:
        case denial_reason::expired_secret:
        case denial_reason::client_disabled: break;
    }
    return denial_kind::unproven;
}

/// Whether the caller had proven who it is when it was refused. To one who hadn't, nothing is said.
constexpr bool is_after_proof(denial_reason reason) noexcept {
    return kind_of(reason) == denial_kind::not_allowed || reason == denial_reason::too_many_at_once ||
           reason == denial_reason::rate_limited || reason == denial_reason::limiter_failed;
}

/// How a client was let in.
enum class proof : std::uint8_t {
    secret,  ///< it presented a right one
    origin,  ///< it presented none, and came from an origin that its record lists: it is not proven
};

/// Who is asking. Owns all that it says.
template <enumeration Level>
struct principal {
    uuid id{};
    Level level{};
    name organization{};
    name project{};  ///< the client's own; empty for a level that reaches its organisation
    proof by = proof::secret;
    secret_id secret{};         ///< which of the client's secrets proved it
    bool needs_rehash = false;  ///< that one is stored by a form that costs less than the host wants by now

    constexpr bool proven() const noexcept { return by == proof::secret; }
};

/// A refusal: why, and what to answer.
struct denial {
    denial_reason reason = denial_reason::store_failed;
    std::uint16_t status = 503;               ///< 401, 403, 429 or 503
    std::chrono::nanoseconds retry_after{0};  ///< 0: there is nothing to wait for; `never`: waiting does not help
    std::string_view api{};                   ///< the name of the API asked for, in static storage
    std::string_view budget{};                ///< of a limit: the budget that holds it up longest, in static storage
    name project{};  ///< the project that is out of scope, where its name is no longer than a name
};

/// What the gate answers: a grant with who is asking, or a denial; and how the limits stand. It owns all that
/// it says, and outlives the request, the store and the gate.
template <enumeration Level>
class [[nodiscard]] decision {
public:
    static constexpr decision grant(principal<Level> const& who, rate_states const& rates = {},
                                    sallyport::receipt const& admitted = {}) noexcept {
        return decision(who, rates, admitted);
    }
    static constexpr decision deny(sallyport::denial const& why, rate_states const& rates = {}) noexcept {
        return decision(why, rates, {});
    }

    /// Stops the compiler where a decision that holds more, a permit, would lose it by becoming one that doesn't.
    template <class Larger>
    requires(std::derived_from<Larger, decision> && !std::same_as<std::remove_cv_t<Larger>, decision>)
        decision(Larger&&) {
        static_assert(sizeof(Larger) == 0, "a permit would be given back at once: keep what authorize returns by auto");
    }

    constexpr explicit operator bool() const noexcept { return outcome_.index() == 0; }

    /// Who is asking. Only of a grant: `std::bad_variant_access` otherwise.
    constexpr sallyport::principal<Level> const& principal() const { return std::get<0>(outcome_); }

    /// Why not. Only of a denial: `std::bad_variant_access` otherwise.
    constexpr sallyport::denial const& denial() const { return std::get<1>(outcome_); }

    /// How each limit stands that the request was measured by, in force or in shadow; empty if none was.
    constexpr rate_states const& rates() const noexcept { return rates_; }

    /// Whether a limit in shadow would have refused the request, whatever was decided: it had no part in that.
    constexpr bool would_refuse() const noexcept {
        return std::any_of(rates_.begin(), rates_.end(),
                           [](rate_state const& each) { return each.shadow && each.exceeded(); });
    }

    /// The place of a grant among its key's admissions.
    constexpr sallyport::receipt const& receipt() const noexcept { return receipt_; }

private:
    template <class Outcome>
    constexpr decision(Outcome const& outcome, rate_states const& rates, sallyport::receipt const& admitted) noexcept
        : outcome_(outcome), rates_(rates), receipt_(admitted) {}

    std::variant<sallyport::principal<Level>, sallyport::denial> outcome_;
    rate_states rates_;
    sallyport::receipt receipt_;
};

}  // namespace sallyport
