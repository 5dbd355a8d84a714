// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/budgets.hpp>
#include <sallyport/limit/concurrency_limiter.hpp>
#include <sallyport/observer.hpp>
#include <sallyport/steps.hpp>
#include <sallyport/store/client_store.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sallyport {

/// The way of one request through the gate: the order of the doors, written once. It does no input or output;
/// `next` says what it needs, and `answer` takes it:
///
///     screen → the record (store) → the proof (verifier) → judge → the permit → the allowance (limiter) → meter
///
/// The permit is asked for where the host counts who runs. Whoever is refused by the limiter has to give it back.
///
/// A shell is a loop around a switch: it may call, wait or be called back, and each gives the same decision. An answer
/// to what was not asked counts as a failure of what was; one after the decision changes nothing. Rules, request and
/// budgets are borrowed while the passage is asked. Not thread-safe: one request is one passage.
template <enumeration Level, enumeration Api, request_budgets<Level, Api> Budgets = standard_budgets>
class passage {
public:
    enum class need : std::uint8_t {
        record,     ///< the store's answer for `client()` and `project()`
        proof,      ///< the verifier's answer to `attempt(…)`
        permit,     ///< the concurrency limiter's answer for `key()`
        allowance,  ///< the limiter's answer to `claims()`
        nothing,    ///< `decided()` says the decision
    };

    using record_type = client_record<Level, Api>;

    /// `counts_running`: whether a permit is to be asked for.
    constexpr passage(rules<Level, Api> const& rules, request<Api> const& asked, presented_credentials const& presented,
                      Budgets const& budgets = those_of_rules, bool counts_running = false) noexcept
        : rules_(&rules), request_(&asked), budgets_(&budgets), counts_running_(counts_running) {
        if (auto const refused = screen(rules, presented, asked, credentials_)) deny(*refused);
    }

    constexpr need next() const noexcept { return need_; }

    constexpr uuid const& client() const noexcept { return credentials_.client; }
    constexpr std::string_view project() const noexcept { return request_->project.value_or(std::string_view()); }

    /// The store's answer. What is judged later is copied; the attempt borrows from the answer, which has to live
    /// until the proof is answered.
    constexpr void answer(lookup_of<record_type> auto const& found) {
        if (need_ != need::record) return answer_failed();
        if (found.status() == lookup_status::failed) return deny(denial_reason::store_failed);
        take_record(found.record(), found.organization());
        if (!credentials_.secret.empty()) {
            need_ = need::proof;
            return;
        }
        auto const refused = judge_origin(*rules_, credentials_.origin, request_->api, found.record());
        if (refused) return deny(*refused);
        who_.by = proof::origin;
        judge();
    }

    /// What the verifier is asked, with the secrets and decoys of the store's answer: at the moment by which secrets
    /// expire, and at the one by which attempts are counted.
    constexpr proof_attempt attempt(lookup_of<record_type> auto const& found, wall_time now, steady_time at) const {
        auto const* record = found.record();
        return {.client = credentials_.client,
                .peer = request_->peer,
                .presented = credentials_.secret,
                .secrets = record ? std::span<stored_secret const>(record->secrets) : std::span<stored_secret const>(),
                .decoys = found.decoys(),
                .now = now,
                .at = at,
                .exempt = request_->exempt,
                .barred = record && record->disabled};
    }

    constexpr void answer(verification const& verified) noexcept {
        if (need_ != need::proof) return answer_failed();
        derivations_ = verified.derivations;
        remembered_ = verified.remembered;
        auto const refused = judge_proof(verified.outcome, known_, disabled_);
        if (refused) return deny(*refused, verified.retry_after);
        who_.secret = verified.secret;
        who_.needs_rehash = verified.needs_rehash;
        judge();
    }

    constexpr rate_key key() const noexcept { return key_of(who_, *request_); }

    /// The key of the client's own budget, should it be who it says.
    constexpr rate_key key_if_proven() const noexcept {
        return key_of(principal<Level>{.id = credentials_.client}, *request_);
    }

    constexpr void answer(entry const& entered) noexcept {
        if (need_ != need::permit) return answer_failed();
        entered.admitted ? ask_limiter() : deny(denial_reason::too_many_at_once, entered.retry_after);
    }

    constexpr claim_list const& claims() const noexcept { return claims_; }

    constexpr void answer(allowance const& answered) noexcept {
        if (need_ != need::allowance) return answer_failed();
        request_->cost == 0 ? measured(refused_for_good(answered)) : measured(answered);
    }

    /// A dependency that was asked could not answer at all: it threw, say.
    constexpr void answer_failed() noexcept {
        switch (need_) {
            case need::record: return deny(denial_reason::store_failed);
            case need::proof: return deny(denial_reason::verifier_failed);
            case need::permit: return deny(denial_reason::limiter_failed);
            case need::allowance: return measured({});
            case need::nothing: return;
        }
    }

    /// The decision, once nothing more is needed; before that, no grant.
    constexpr decision<Level> decided() const noexcept {
        return refused_ ? decision<Level>::deny(*refused_) : meter(who_, allowance_, *rules_, *request_);
    }

    /// The decision that was made with what led to it.
    constexpr observation<Level, Api> observed(decision<Level> const& made) const noexcept {
        bool const in_clear = !made && made.denial().reason == denial_reason::insecure_transport;
        return {.decision = made,
                .api = request_->api,
                .client = credentials_.client == uuid() ? std::nullopt : std::optional(credentials_.client),
                .project = request_->project,
                .peer = request_->peer,
                .derivations = derivations_,
                .remembered = remembered_,
                .shape = made || in_clear ? secret_shape::foreign : rules_->issued.shape_of(credentials_.secret),
                .secret_in_clear = in_clear && !credentials_.secret.empty()};
    }

private:
    static constexpr standard_budgets those_of_rules{};
    static constexpr record_type nobody{};

    constexpr void take_record(record_type const* record, std::string_view organization) noexcept {
        if (request_->project) project_organization_ = name::if_fits(organization);
        known_ = record != nullptr;
        auto const& shown = known_ ? *record : nobody;  // as much for an unknown id: it takes as long
        who_.id = shown.id;
        who_.level = shown.level;
        who_.organization = shown.organization;
        who_.project = shown.project;
        disabled_ = shown.disabled;
        if (auto const* own = own_limits(shown, request_->api)) {
            own_limits_ = *own;
            has_own_limits_ = true;
        }
    }

    constexpr void judge() noexcept {
        std::optional<asked_project> asked;
        if (request_->project) asked = asked_project{*request_->project, project_organization_};
        if (auto const refused = judge_access(*rules_, who_, request_->api, asked)) return deny(*refused);
        auto const& limits = has_own_limits_ ? own_limits_ : limits_of(*rules_, request_->api);
        if (!request_->exempt) claims_ = budgets_->claims(*rules_, who_, limits, *request_);
        if (!counts_running_ || request_->exempt || !can_pass(claims_)) return ask_limiter();
        need_ = need::permit;
    }

    constexpr void ask_limiter() noexcept {
        if (claims_.empty()) return measured({});
        need_ = need::allowance;
    }

    constexpr void measured(allowance const& answered) noexcept {
        allowance_ = answered;
        if (!any_in_force(claims_)) allowance_.outcome = allowance::verdict::admitted;
        need_ = need::nothing;
    }

    constexpr void deny(denial_reason reason, std::chrono::nanoseconds retry_after = {}) noexcept {
        refused_ = denial_for(reason, *rules_, *request_);
        refused_->retry_after = retry_after;
        need_ = need::nothing;
    }

    rules<Level, Api> const* rules_;
    request<Api> const* request_;
    Budgets const* budgets_;
    credentials credentials_{};
    principal<Level> who_{};
    quotas own_limits_{};
    bool has_own_limits_ = false;
    name project_organization_{};
    claim_list claims_{};
    std::optional<denial> refused_{};
    allowance allowance_{};  ///< failed until there is one
    unsigned derivations_ = 0;
    bool remembered_ = false;
    need need_ = need::record;
    bool counts_running_ = false;
    bool known_ = false;
    bool disabled_ = false;
};

}  // namespace sallyport
