#pragma once

#include "budget_model.hpp"

#include <sallyport/openpanel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

/// The whole chain once more, slow and obviously right: each line is a sentence of what the gate promises, and none
/// was taken from its code. Secrets are plain text, limits are lists of everything that was ever admitted.
namespace chain_model {

namespace op = sallyport::openpanel;
using sallyport::denial_reason;
using std::chrono::nanoseconds;

struct known_secret {
    std::string text;
    std::optional<nanoseconds> not_before{};
    std::optional<nanoseconds> expires{};
};

struct client {
    std::string id;  ///< in lower case
    op::level type;
    std::string organization;
    std::string project;
    std::vector<known_secret> secrets;
    std::vector<std::string> origins;
    bool disabled = false;
    std::map<op::api, windows> limits;
};

struct world {
    std::vector<client> clients;
    std::map<std::string, std::string> projects;  ///< which organisation a project belongs to
    std::map<op::api, windows> limits;
    unsigned status_when_not_allowed = 401;
    bool require_https = false;
};

enum class breakdown { none, store, verifier, limiter };

struct question {
    std::vector<std::pair<std::string, std::string>> lines;
    op::api api = op::api::track;
    std::optional<std::string> project;
    std::string peer;
    std::string network;  ///< which peers share a budget with this one
    std::uint32_t cost = 1;
    std::optional<bool> https{};
    bool exempt = false;
    unsigned decoys = 1;  ///< how many digests the store would have derived for nobody
    nanoseconds steady{0};
    nanoseconds wall{0};
    breakdown broken = breakdown::none;
};

struct standing {
    std::string name;
    window of;
    std::uint32_t remaining = 0;
    nanoseconds reset{0};
    nanoseconds retry_after{0};
};

struct answer {
    std::optional<denial_reason> refused{};
    unsigned status = 200;
    nanoseconds retry_after{0};
    std::vector<standing> rates{};
    client const* who = nullptr;
    std::optional<std::string> secret{};  ///< the one that proved it; none: its origin let it in
    nanoseconds stamp{0};
    std::uint64_t position = 0;
    unsigned derivations = 0;
};

inline std::string lower(std::string text) {
    for (auto& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    return text;
}

/// The different values of a field: trimmed, and empty ones are none.
inline std::set<std::string> values_of(question const& asked, std::string_view name) {
    std::set<std::string> values;
    for (auto const& [field, text] : asked.lines) {
        auto const first = text.find_first_not_of(" \t");
        if (lower(field) != name || first == text.npos) continue;
        values.insert(text.substr(first, text.find_last_not_of(" \t") + 1 - first));
    }
    return values;
}

inline bool is_uuid_v4(std::string const& text) {
    std::string_view const shape = "xxxxxxxx-xxxx-4xxx-Nxxx-xxxxxxxxxxxx";
    if (text.size() != shape.size()) return false;
    auto const in = [](std::string_view set, char c) { return set.find(c) != set.npos; };
    for (std::size_t i = 0; i < shape.size(); ++i) {
        bool const fits = shape[i] == 'x'   ? in("0123456789abcdefABCDEF", text[i])
                          : shape[i] == 'N' ? in("89abAB", text[i])
                                            : text[i] == shape[i];
        if (!fits) return false;
    }
    return true;
}

/// Scheme, host and port of an origin; none for another form.
inline std::optional<std::tuple<std::string, std::string, std::string>> parts_of(std::string const& origin) {
    auto const text = lower(origin);
    auto const slashes = text.find("://");
    if (slashes == text.npos) return std::nullopt;
    auto const scheme = text.substr(0, slashes);
    auto const colon = text.find(':', slashes + 3);
    auto const host = text.substr(slashes + 3, colon == text.npos ? colon : colon - slashes - 3);
    auto port = colon == text.npos ? std::string() : text.substr(colon + 1);
    if (colon != text.npos && (port.empty() || port.find_first_not_of("0123456789") != port.npos)) return std::nullopt;
    if (colon == text.npos) port = scheme == "https" ? "443" : "80";
    if (host.empty() || host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") != host.npos)
        return std::nullopt;
    return std::tuple(scheme, host, port);
}

inline bool matches(std::string listed, std::string const& origin) {
    auto const star = listed.find("*.");
    if (star != listed.npos) listed.erase(star, 2);
    auto const ours = parts_of(listed);
    auto const theirs = parts_of(origin);
    if (!ours || !theirs) return false;
    auto const& [scheme, host, port] = *ours;
    auto const& [their_scheme, their_host, their_port] = *theirs;
    if (their_scheme != scheme || their_port != port) return false;
    return star == listed.npos ? their_host == host
                               : their_host.size() > host.size() + 1 && their_host.ends_with("." + host);
}

inline bool may_use(op::level type, op::api api) {
    switch (type) {
        case op::level::write: return api == op::api::track;
        case op::level::read: return api == op::api::export_ || api == op::api::insights;
        case op::level::root: return true;
    }
    return false;
}

class chain {
public:
    explicit chain(world const& of) : world_(of) {}

    /// The order of refusals, and what a grant says.
    answer decide(question const& asked) {
        auto const ids = values_of(asked, "openpanel-client-id");
        auto const secrets = values_of(asked, "openpanel-client-secret");
        if (ids.size() > 1 || secrets.size() > 1) return refuse(denial_reason::ambiguous_credentials);
        if (ids.empty()) return refuse(denial_reason::missing_client_id);
        if (!is_uuid_v4(*ids.begin())) return refuse(denial_reason::malformed_client_id);
        if (world_.require_https && asked.https != true) return refuse(denial_reason::insecure_transport);
        bool const by_origin = asked.api == op::api::track && !values_of(asked, "origin").empty();
        if (secrets.empty() && !by_origin) return refuse(denial_reason::missing_client_secret);
        if (asked.broken == breakdown::store) return refuse(denial_reason::store_failed);
        auto const* const client = find(lower(*ids.begin()));
        return secrets.empty() ? let_in(client, asked) : prove(client, *secrets.begin(), asked);
    }

private:
    using key = std::tuple<std::string, op::api, std::optional<std::string>>;

    answer refuse(denial_reason reason, unsigned derivations = 0) const {
        auto const on_status = [&] {
            if (reason == denial_reason::access_not_allowed || reason == denial_reason::out_of_scope) {
                return world_.status_when_not_allowed;
            }
            bool const failed = reason == denial_reason::store_failed || reason == denial_reason::verifier_failed ||
                                reason == denial_reason::limiter_failed;
            return failed ? 503U : reason == denial_reason::rate_limited ? 429U : 401U;
        };
        return {.refused = reason, .status = on_status(), .derivations = derivations};
    }

    client const* find(std::string const& id) const {
        for (auto const& each : world_.clients) {
            if (each.id == id) return &each;
        }
        return nullptr;
    }

    bool in_scope(client const& who, question const& asked) const {
        if (!asked.project) return true;
        auto const listed = world_.projects.find(*asked.project);
        if (listed == world_.projects.end() || listed->second != who.organization) return false;
        return who.type == op::level::root || who.project == *asked.project;
    }

    /// From an origin that its record lists a client may Track without a secret: that, and nothing else.
    answer let_in(client const* who, question const& asked) {
        bool const could = who && !who->disabled && may_use(who->type, asked.api) && !who->origins.empty();
        if (!could) return refuse(denial_reason::missing_client_secret);
        auto const origins = values_of(asked, "origin");
        bool const listed =
            origins.size() == 1 && std::any_of(who->origins.begin(), who->origins.end(),
                                               [&](auto const& each) { return matches(each, *origins.begin()); });
        if (!listed) return refuse(denial_reason::origin_not_allowed);
        if (!in_scope(*who, asked)) return refuse(denial_reason::missing_client_secret);
        return meter(*who, std::nullopt, asked, 0);
    }

    answer prove(client const* who, std::string const& presented, question const& asked) {
        auto const work = who && !who->secrets.empty() ? static_cast<unsigned>(who->secrets.size()) : asked.decoys;
        if (asked.broken == breakdown::verifier) return refuse(denial_reason::verifier_failed);
        if (!who) return refuse(denial_reason::unknown_client, work);
        bool right = false;
        bool valid = false;
        for (auto const& each : who->secrets) {
            if (each.text != presented || presented.size() > 1024) continue;
            right = true;
            bool const begun = !each.not_before || *each.not_before <= asked.wall;
            valid = valid || (begun && (!each.expires || asked.wall < *each.expires));
        }
        if (!right) return refuse(denial_reason::wrong_secret, work);
        if (!valid) return refuse(denial_reason::expired_secret, work);
        if (who->disabled) return refuse(denial_reason::client_disabled, work);
        if (!may_use(who->type, asked.api)) return refuse(denial_reason::access_not_allowed, work);
        if (!in_scope(*who, asked)) return refuse(denial_reason::out_of_scope, work);
        return meter(*who, presented, asked, work);
    }

    answer meter(client const& who, std::optional<std::string> const& secret, question const& asked, unsigned work) {
        auto const own = who.limits.find(asked.api);
        auto const& limits = own == who.limits.end() ? world_.limits.at(asked.api) : own->second;
        answer made{.who = &who, .secret = secret, .derivations = work};
        if (limits.empty() || asked.exempt) return made;
        if (asked.broken == breakdown::limiter) return refuse(denial_reason::limiter_failed, work);

        auto& spent = budgets_[{who.id, asked.api, secret ? std::nullopt : std::optional(asked.network)}];
        auto const fits = [&](window const& of) {
            return [&](nanoseconds when) { return asked.cost != 0 && spent.admits(of, asked.cost, when); };
        };
        for (auto const& of : limits) {
            made.rates.push_back({.name = std::string(name_of(asked.api)),
                                  .of = of,
                                  .retry_after = spent.wait(of, asked.steady, fits(of))});
            made.retry_after = std::max(made.retry_after, made.rates.back().retry_after);
        }
        if (made.retry_after == nanoseconds(0)) {
            made.position = spent.units();
            spent.admit(asked.cost, asked.steady);
            made.stamp = spent.last();
        } else {
            made.refused = denial_reason::rate_limited;
            made.status = 429;
        }
        for (auto& rate : made.rates) {
            auto const left = [&](nanoseconds when) {
                return rate.of.limit - std::min(rate.of.limit, spent.used(rate.of, when));
            };
            rate.remaining = left(asked.steady);
            bool const untouched = spent.used(rate.of, asked.steady) == 0;
            auto const grows = [&](nanoseconds when) { return untouched || left(when) > rate.remaining; };
            rate.reset = spent.wait(rate.of, asked.steady, grows);
        }
        return made;
    }

    static std::string_view name_of(op::api api) {
        switch (api) {
            case op::api::track: return "track";
            case op::api::export_: return "export";
            case op::api::insights: return "insights";
            case op::api::manage: return "manage";
        }
        return {};
    }

    world const& world_;
    std::map<key, budget> budgets_;
};

}  // namespace chain_model
