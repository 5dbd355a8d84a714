#pragma once

#include "chain_model.hpp"

#include <sallyport/openpanel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

/// Random worlds and the requests that arrive there, near every edge that the contract draws; the same for the same
/// seed.
namespace random_traffic {

namespace op = sallyport::openpanel;
using chain_model::breakdown;
using chain_model::nanoseconds;
using std::chrono::milliseconds;

class dice {
public:
    explicit dice(std::uint64_t seed) : bits_(seed) {}

    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(bits_() % bound); }
    bool one_in(std::size_t chances) { return below(chances) == 0; }
    template <class T>
    T const& of(std::vector<T> const& choices) {
        return choices[below(choices.size())];
    }

private:
    std::mt19937_64 bits_;
};

inline std::string longest_secret() { return std::string(1024, 'l'); }
inline std::string too_long_secret() { return std::string(1025, 'l'); }

inline std::string id_number(std::size_t n) { return fmt::format("8f14e45f-ceea-467f-a3a5-1c2b3d4e{:04x}", n); }

inline chain_model::windows random_windows(dice& roll) {
    chain_model::windows made;
    std::uint32_t limit = 0;
    for (std::size_t left = roll.below(4); left > 0; --left) {
        limit += static_cast<std::uint32_t>(1 + roll.below(6));
        made.push_back({limit, milliseconds(1 + made.size() * 40 + roll.below(40))});
    }
    return made;
}

inline chain_model::client random_client(dice& roll, std::size_t number) {
    chain_model::client made{.id = id_number(number),
                             .type = roll.of(std::vector{op::level::write, op::level::read, op::level::root}),
                             .organization = roll.of(std::vector<std::string>{"acme", "umbrella"}),
                             .project = {},
                             .secrets = {},
                             .origins = {},
                             .disabled = roll.one_in(6),
                             .limits = {}};
    if (made.type != op::level::root) made.project = roll.of(std::vector<std::string>{"shop", "lab", "unlisted"});
    std::vector<std::string> const texts{"sec_1",       "sec_2",          "sec_3",          "a, comma",
                                         "caf\xc3\xa9", longest_secret(), too_long_secret()};
    for (std::size_t left = roll.one_in(8) ? 0 : 1 + roll.below(4); left > 0; --left) {
        chain_model::known_secret secret{.text = roll.of(texts)};
        if (roll.one_in(5)) secret.not_before = nanoseconds(50 + roll.below(3));
        if (roll.one_in(5)) secret.expires = nanoseconds(51 + roll.below(3));
        made.secrets.push_back(secret);
    }
    std::vector<std::string> const origins{"https://shop.example", "https://*.example.org", "http://localhost:8080"};
    for (auto const& origin : origins) {
        if (roll.one_in(3)) made.origins.push_back(origin);
    }
    for (auto const api : {op::api::track, op::api::export_, op::api::insights, op::api::manage}) {
        if (roll.one_in(6)) made.limits[api] = random_windows(roll);
    }
    return made;
}

inline chain_model::world random_world(dice& roll) {
    chain_model::world made{.clients = {},
                            .projects = {{"shop", "acme"}, {"lab", "acme"}, {"mill", "umbrella"}},
                            .limits = {},
                            .status_when_not_allowed = roll.one_in(2) ? 401U : 403U,
                            .require_https = roll.one_in(8)};
    for (std::size_t n = 0; n < 8; ++n) made.clients.push_back(random_client(roll, n));
    for (auto const api : {op::api::track, op::api::export_, op::api::insights, op::api::manage}) {
        made.limits[api] = random_windows(roll);
    }
    return made;
}

inline sallyport::quotas quotas_of(chain_model::windows const& windows) {
    sallyport::quotas made;
    for (auto const& [limit, length] : windows) {
        auto const one = sallyport::quota::make(limit, std::chrono::duration_cast<milliseconds>(length));
        static_cast<void>(made.add(one.value()));
    }
    return made;
}

inline op::client record_of(chain_model::client const& of) {
    op::client made{.id = sallyport::parse_uuid_v4(of.id).value(),
                    .level = of.type,
                    .organization = of.organization,
                    .project = of.project,
                    .disabled = of.disabled};
    for (auto const& secret : of.secrets) {
        // As a store may have it, one too that no scheme would store.
        sallyport::stored_secret stored{.hash = sallyport::sha256_scheme::store("another")};
        auto const digest = sallyport::crypto::sha256(secret.text);
        std::copy(digest.begin(), digest.end(), stored.hash.digest.begin());
        stored.id = stored.hash.id();
        if (secret.not_before) stored.not_before = sallyport::wall_time(*secret.not_before);
        if (secret.expires) stored.expires = sallyport::wall_time(*secret.expires);
        made.secrets.push_back(stored);
    }
    for (auto const& origin : of.origins) made.origins.emplace_back(origin);
    for (auto const& [api, windows] : of.limits) made.limits.push_back({api, quotas_of(windows)});
    return made;
}

inline op::clients store_of(chain_model::world const& of) {
    std::vector<op::client> records;
    for (auto const& client : of.clients) records.push_back(record_of(client));
    std::vector<sallyport::project> projects;
    for (auto const& [id, organization] : of.projects) projects.push_back({id, organization});
    return op::clients{std::move(records), std::move(projects)};
}

inline sallyport::rules<op::level, op::api> rules_of(chain_model::world const& of) {
    auto made = op::rules();
    for (auto const& [api, windows] : of.limits) made.limits.set(api, quotas_of(windows));
    made.require_https = of.require_https;
    if (of.status_when_not_allowed == 403) made.when_not_allowed = sallyport::access_status::forbidden;
    return made;
}

/// Requests near every edge: one after the other, on clocks that mostly run forward.
class requests {
public:
    requests(dice& roll, chain_model::world const& of) : roll_(roll), world_(of) {}

    chain_model::question next() {
        bool const again = told_ && !roll_.one_in(3);
        auto made = again ? last_ : another();
        made.steady = moment();
        last_ = made;
        return made;
    }

    /// The next request may be the same once more: exactly when it was told to come back, or just before.
    void told_to_wait(nanoseconds wait) {
        if (wait > nanoseconds(0) && wait != sallyport::never) told_ = wait;
    }

private:
    chain_model::question another() {
        chain_model::question made;
        auto const& client = roll_.of(world_.clients);
        for (std::size_t times = roll_.one_in(20) ? roll_.below(3) : 1; times > 0; --times) {
            made.lines.push_back({spelled("openpanel-client-id"), padded(id(client))});
        }
        for (std::size_t times = roll_.one_in(5) ? roll_.below(3) : 1; times > 0; --times) {
            made.lines.push_back({spelled("openpanel-client-secret"), padded(secret(client))});
        }
        for (std::size_t times = roll_.one_in(2) ? 1 + roll_.below(6) / 5 : 0; times > 0; --times) {
            made.lines.push_back({spelled("origin"), padded(origin())});
        }
        for (std::size_t i = made.lines.size(); i > 1; --i) std::swap(made.lines[i - 1], made.lines[roll_.below(i)]);
        made.api = api(client);
        if (roll_.one_in(3)) made.project = project(client);
        std::tie(made.peer, made.network) =
            roll_.of(std::vector<std::pair<std::string, std::string>>{{"198.51.100.7", "a"},
                                                                      {"::ffff:198.51.100.7", "a"},
                                                                      {"198.51.100.8", "b"},
                                                                      {"2001:db8::1", "c"},
                                                                      {"2001:db8::2", "c"},
                                                                      {"2001:db8:0:1::1", "d"},
                                                                      {"", "unknown"}});
        if (roll_.one_in(2)) made.https = !roll_.one_in(4);
        made.exempt = roll_.one_in(40);
        if (roll_.one_in(4)) made.cost = static_cast<std::uint32_t>(roll_.below(14));
        if (roll_.one_in(20))
            made.broken = roll_.of(std::vector{breakdown::store, breakdown::verifier, breakdown::limiter});
        made.wall = nanoseconds(49 + roll_.below(6));
        return made;
    }

    std::string spelled(std::string name) {
        auto& any = name[roll_.below(name.size())];
        if (any >= 'a' && roll_.one_in(3)) any = static_cast<char>(any - 'a' + 'A');
        return roll_.one_in(60) ? name + "s" : name;
    }
    std::string padded(std::string const& text) { return roll_.one_in(8) ? " \t" + text + "\t " : text; }

    std::string id(chain_model::client const& of) {
        auto id = of.id;
        switch (roll_.below(60)) {
            case 0: return "";
            case 1: return id_number(0xffff);
            case 2: return id.substr(1);
            case 3: return id + "," + id;
            case 4: id[14] = '1'; return id;
            case 5: id[19] = 'c'; return id;
            case 6: return "{" + id + "}";
            case 7:
                for (auto& c : id) c = static_cast<char>(c >= 'a' && c <= 'f' ? c - 'a' + 'A' : c);
                return id;
            default: return id;
        }
    }
    std::string secret(chain_model::client const& of) {
        if (!of.secrets.empty() && !roll_.one_in(8)) return roll_.of(of.secrets).text;
        return roll_.of(std::vector<std::string>{"sec_1", "SEC_1", "sec_", "sec_2", "", too_long_secret(), "\xff\x01"});
    }
    std::string origin() {
        return roll_.of(
            std::vector<std::string>{"https://shop.example", "HTTPS://SHOP.EXAMPLE:443", "https://shop.example:444",
                                     "http://shop.example", "https://a.example.org", "https://a.b.example.org",
                                     "https://example.org", "https://.example.org", "http://localhost:8080", "null",
                                     "https://shop.example/", "https://shop.example, https://a.example.org", ""});
    }
    op::api api(chain_model::client const& of) {
        if (of.type == op::level::read && roll_.one_in(2)) return op::api::insights;
        if (of.type == op::level::write && roll_.one_in(2)) return op::api::track;
        return roll_.of(std::vector{op::api::track, op::api::export_, op::api::insights, op::api::manage});
    }
    std::string project(chain_model::client const& of) {
        if (!of.project.empty() && !roll_.one_in(3)) return of.project;
        return roll_.of(std::vector<std::string>{"shop", "lab", "mill", "unlisted", "", std::string(80, 'p')});
    }
    nanoseconds moment() {
        if (told_) {
            now_ += *told_ - nanoseconds(roll_.below(2));
        } else if (roll_.one_in(30)) {
            now_ -= milliseconds(roll_.below(100));
        } else {
            now_ += nanoseconds(roll_.below(4'000'000));
        }
        told_.reset();
        return now_;
    }

    dice& roll_;
    chain_model::world const& world_;
    chain_model::question last_;
    nanoseconds now_{0};
    std::optional<nanoseconds> told_;
};

/// The request that a question is. Borrows from it.
inline op::request request_of(chain_model::question const& asked) {
    op::request made{.headers = asked.lines,
                     .api = asked.api,
                     .peer = sallyport::peer_address::parse(asked.peer),
                     .https = asked.https,
                     .exempt = asked.exempt,
                     .cost = asked.cost};
    if (asked.project) made.project = *asked.project;
    return made;
}

}  // namespace random_traffic
