// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/sha256.hpp>
#include <sallyport/decision.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/shared_budget.hpp>
#include <sallyport/request.hpp>
#include <sallyport/rules.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>

namespace sallyport {

/// Says which budgets a request is measured by: a key, windows and a name each. It is asked about who has access, and
/// about no exempt request; a pure function, so that what was used up can be given back. The claims of a request let in
/// without a secret have keys that are not `proven`, and all others proven ones; no two budgets have one name.
template <class T, class Level, class Api>
concept request_budgets = requires(T const& budgets, rules<Level, Api> const& rules, principal<Level> const& who,
                                   quotas const& own, request<Api> const& asked) {
    { budgets.claims(rules, who, own, asked) }
    noexcept->std::same_as<claim_list>;
};

/// Adds all windows of a budget; false, and nothing was added, if there is no room for them.
[[nodiscard]] constexpr bool add_budget(claim_list& claims, rate_key const& key, quotas const& limits,
                                        std::uint32_t cost, std::string_view name) noexcept {
    if (limits.size() > claim_list::capacity() - claims.size()) return false;
    for (auto const& window : limits) {
        static_cast<void>(
            claims.push_back({.key = key, .quota = window.quota, .cost = cost, .shadow = window.shadow, .name = name}));
    }
    return true;
}

/// Whose own usage is counted. Nobody's but the client's: a request that proved nothing has one by its peer.
template <class Level, class Api>
constexpr rate_key key_of(principal<Level> const& who, request<Api> const& asked) noexcept {
    return {.client = who.id,
            .peer = who.proven() ? peer_address() : asked.peer.network(),
            .api = static_cast<std::uint32_t>(enumerator_index(asked.api)),
            .proven = who.proven()};
}

/// The client's own budget for the API.
template <class Level, class Api>
constexpr claim_list claims_of(principal<Level> const& who, quotas const& own, request<Api> const& asked) noexcept {
    claim_list claims;
    static_cast<void>(add_budget(claims, key_of(who, asked), own, asked.cost, enumerator_name(asked.api)));
    return claims;
}

/// Who shares a budget, as the first three bits of a key's `api`. With 0 there a key is a client's own, for one API.
enum class key_kind : std::uint32_t { client = 1, project, organization, other };

constexpr std::uint32_t shared_place(key_kind kind, budget_name name) noexcept {
    return static_cast<std::uint32_t>(kind) << 29 | name.tag();
}

/// 16 bytes that stand for two texts: of their SHA-256, in which the length of the first says where the second begins.
/// Whoever chooses names can't choose them so that they stand for another's.
constexpr uuid digest_of_names(std::string_view first, std::string_view second) noexcept {
    std::array<std::uint8_t, 8> length{};
    for (std::size_t i = 0; i < length.size(); ++i) length[i] = static_cast<std::uint8_t>(first.size() >> (8 * i));
    crypto::sha256_state text;
    text.update(length);
    text.update(first);
    text.update(second);
    uuid::bytes_type bytes{};
    std::copy_n(text.finish().begin(), bytes.size(), bytes.begin());
    return uuid(bytes);
}

/// The key of a budget that all share whom the host gives one name: a plan, a region. No key of a client, a project or
/// an organisation is ever the same, nor that of a budget of another name.
constexpr rate_key shared_key(budget_name name, std::string_view of) noexcept {
    return {.client = digest_of_names(of, name.view()), .api = shared_place(key_kind::other, name)};
}

/// The budgets that most hosts want: the client's own, and those that the rules say are shared. A project's is used up by
/// calls for it, and by its own clients' calls that name none. A request let in without a secret uses up its own alone:
/// a stranger can starve nobody.
struct standard_budgets {
    template <class Level, class Api>
    static constexpr claim_list claims(rules<Level, Api> const& rules, principal<Level> const& who, quotas const& own,
                                       request<Api> const& asked) noexcept {
        auto made = claims_of(who, own, asked);
        if (rules.shared.empty() || !who.proven()) return made;
        for (auto const& each : rules.shared) {
            if (each.apis.contains(asked.api)) add(made, each, who, asked);
        }
        return made;
    }

private:
    // What the list of shared budgets promises leaves room.
    template <class Level, class Api>
    static constexpr void add(claim_list& to, shared_budget<Api> const& shared, principal<Level> const& who,
                              request<Api> const& asked) noexcept {
        auto const add_for = [&](key_kind kind, uuid const& of) {
            rate_key const key{.client = of, .api = shared_place(kind, shared.name)};
            static_cast<void>(add_budget(to, key, shared.limits, asked.cost, shared.name.view()));
        };
        std::string_view const organization = who.organization;
        std::string_view const project = asked.project.value_or(who.project);
        switch (shared.by) {
            case shared_by::client: return add_for(key_kind::client, who.id);
            case shared_by::project:
                if (!project.empty()) add_for(key_kind::project, digest_of_names(organization, project));
                return;
            case shared_by::organization:
                if (!organization.empty()) add_for(key_kind::organization, digest_of_names(organization, {}));
                return;
        }
    }
};

/// The windows of its own that a client's use of an API was measured by, as a decision shows them.
template <enumeration Api>
constexpr quotas own_windows(rate_states const& rates, Api api) noexcept {
    quotas own;
    for (auto const& each : rates) {
        budget_window window(each.quota);
        window.shadow = each.shadow;
        if (each.name == enumerator_name(api)) static_cast<void>(own.add(window));
    }
    return own;
}

/// Gives back, of what a grant has used up, once for each budget; whether it was still there in each. Of a budget that
/// no claim is for any more nothing is given back.
template <class Limiter>
bool give_back_each(Limiter& limiter, rate_states const& rates, claim_list const& claims) {
    bool all = !rates.empty();
    for (auto const& state : rates) {
        auto const is_its = [&state](auto const& other) { return other.name == state.name; };
        if (std::find_if(rates.begin(), rates.end(), is_its) != &state) continue;
        auto const* const claim = std::find_if(claims.begin(), claims.end(), is_its);
        bool const known = claim != claims.end() && state.stamp != steady_time::min();
        all = known && limiter.give_back(claim->key, claim->cost, receipt{.stamp = state.stamp}) && all;
    }
    return all;
}

}  // namespace sallyport
