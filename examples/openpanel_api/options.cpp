// SPDX-License-Identifier: BSL-1.0
#include "options.hpp"

#include "in_quotes.hpp"
#include "limits.hpp"
#include "number.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

namespace demo {
namespace {

/// The options as they were typed.
struct typed {
    std::string host = "127.0.0.1";
    std::string port = "8080";
    std::string clients{};
    std::vector<std::string> limits{};
    std::vector<std::string> shadow_limits{};
    std::string access_status = "401";
    std::string failed_attempts = "10/60";
    std::vector<std::string> trusted_proxies{};
    std::string forwarded_field = "X-Forwarded-For";
    bool require_https = false;
    bool explain = false;
};

void add_options(CLI::App& app, typed& into) {
    app.add_option("--host", into.host, "Address to listen on")->capture_default_str();
    app.add_option("--port", into.port, "Port to listen on; 0 picks a free one")->capture_default_str();
    app.add_option("--clients", into.clients,
                   "JSON file of client records, read again on SIGHUP; without it three clients are made");
    app.add_option(
           "--limit", into.limits,
           "API=N/SECONDS[,N/SECONDS...] or API=none, repeatable; N from 1 to 10,000, SECONDS from 1 to 86,400; "
           "track=1000/10 export=100/10 insights=100/10 manage=20/10 unless said otherwise")
        ->allow_extra_args(false);
    app.add_option(
           "--shadow-limit", into.shadow_limits,
           "API=N/SECONDS[,N/SECONDS...], repeatable: limits on trial beside those of --limit, at most four windows of "
           "an API in all; they are counted, refuse nobody, and /metrics tells what they would have refused; the "
           "limits of a client's record replace them too")
        ->allow_extra_args(false);
    app.add_flag("--explain", into.explain, "A 401 says why, and so tells strangers which ids exist");
    app.add_option("--access-status", into.access_status,
                   "Status for a proven client that lacks access or scope, 401 or 403")
        ->capture_default_str();
    app.add_option(
           "--failed-attempts", into.failed_attempts,
           "N/SECONDS: how many wrong credentials one peer may send for one id, and ten times that over all ids; "
           "none for no throttle")
        ->capture_default_str();
    app.add_option("--trusted-proxy", into.trusted_proxies,
                   "CIDR of peers whose forwarding field is believed, repeatable")
        ->allow_extra_args(false);
    app.add_option("--forwarded-field", into.forwarded_field,
                   "The one field that is then read, X-Forwarded-For or Forwarded")
        ->capture_default_str();
    app.add_flag("--require-https", into.require_https,
                 "Credentials are refused unless a trusted proxy says that they came encrypted");
}

/// Options that are agreed on and not built yet: nobody who asks for one may believe to have it.
void add_later_options(CLI::App& app) {
    auto const refuse = [](std::string const& option) { sp::raise({option + " is not part of this version"}); };
    for (std::string const option : {"--store", "--limiter", "--on-limiter-failure"}) {
        app.add_option_function<std::string>(option, [=](std::string const&) { refuse(option); })->group("");
    }
}

/// Sets what each text of the option, `API=…`, makes of the API's limits: `parse` reads what is right of the `=`.
template <class Parse>
void set_limits(gate_rules& into, std::string const& option, std::vector<std::string> const& texts, Parse parse) {
    std::array<bool, sp::enumerator_count<op::api>> seen{};
    for (std::string_view const text : texts) {
        auto const equals = text.find('=');
        auto const api = api_named(text.substr(0, equals));
        if (!api || equals == text.npos) {
            sp::raise({option + " " + in_quotes(text) +
                       " names no API; expected track=, export=, insights= or manage= and a limit"});
        }
        if (std::exchange(seen[sp::enumerator_index(*api)], true)) {
            sp::raise({option + " " + in_quotes(text) +
                       " is the second for its API; several windows are separated by commas"});
        }
        auto const limits = parse(text.substr(equals + 1), into.limits[*api]);
        if (!limits) sp::raise({option + " " + std::string(sp::enumerator_name(*api)) + ": " + limits.message()});
        into.limits.set(*api, limits.value());
    }
}

sp::access_status access_status_of(std::string const& text) {
    if (text == "401") return sp::access_status::unauthorized;
    if (text == "403") return sp::access_status::forbidden;
    sp::raise({"--access-status " + in_quotes(text) + ": expected 401 or 403"});
}

std::optional<sp::quota> failed_attempts_of(std::string const& text) {
    auto const limits = parse_limits(text);
    if (!limits || limits.value().size() > 1) {
        sp::raise({"--failed-attempts " + in_quotes(text) +
                   ": expected N/SECONDS with N from 1 to 10000 and SECONDS from 1 to 86400, or none"});
    }
    return limits.value().unlimited() ? std::nullopt : std::optional(limits.value().begin()->quota);
}

sp::trusted_proxies proxies_of(typed const& from) {
    std::vector<sp::cidr> blocks;
    for (auto const& text : from.trusted_proxies) {
        auto const block = sp::cidr::make(text);
        if (!block) sp::raise({"--trusted-proxy: " + block.message()});
        blocks.push_back(block.value());
    }
    auto const is = [&from](std::string_view name) {
        return sp::ascii::equals_ignoring_case(from.forwarded_field, name);
    };
    if (is("x-forwarded-for")) return sp::trusted_proxies(std::move(blocks), sp::forwarded_field::x_forwarded_for);
    if (is("forwarded")) return sp::trusted_proxies(std::move(blocks), sp::forwarded_field::forwarded);
    sp::raise({"--forwarded-field " + in_quotes(from.forwarded_field) + ": expected X-Forwarded-For or Forwarded"});
}

options understood(typed const& from, bool has_clients) {
    options made{.host = from.host, .explain = from.explain};
    auto const port = parse_number(from.port, 0, 65535);
    if (!port) sp::raise({"--port " + in_quotes(from.port) + ": expected a number from 0 to 65535"});
    made.port = static_cast<std::uint16_t>(*port);
    if (has_clients) made.clients = from.clients;
    made.failed_attempts = failed_attempts_of(from.failed_attempts);
    made.proxies = proxies_of(from);
    made.rules.require_https = from.require_https;
    made.rules.when_not_allowed = access_status_of(from.access_status);
    auto const in_force = [](std::string_view text, sp::quotas const&) { return parse_limits(text); };
    set_limits(made.rules, "--limit", from.limits, in_force);
    set_limits(made.rules, "--shadow-limit", from.shadow_limits, parse_shadow_limits);
    return made;
}

}  // namespace

sp::result<options> parse_options(int argc, char const* const* argv) {
    CLI::App app("An API server in OpenPanel's shape, guarded by Sallyport");
    typed from;
    add_options(app, from);
    add_later_options(app);
    app.footer("GET /export/events?pages=N, with N from 1 to 10,000, costs N of the Export limit.");
    try {
        app.parse(argc, argv);
        return understood(from, app.count("--clients") > 0);
    } catch (CLI::CallForHelp const& help) {
        std::exit(app.exit(help));
    } catch (CLI::ParseError const& mistake) {
        return sp::error{mistake.what()};
    } catch (sp::setup_error const& mistake) {
        return sp::error{mistake.what()};
    }
}

}  // namespace demo
