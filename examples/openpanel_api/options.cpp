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
    std::string access_status = "401";
    std::string failed_attempts = "none";
    bool explain = false;
};

void add_options(CLI::App& app, typed& into) {
    app.add_option("--host", into.host, "Address to listen on")->capture_default_str();
    app.add_option("--port", into.port, "Port to listen on; 0 picks a free one")->capture_default_str();
    app.add_option("--clients", into.clients,
                   "JSON file of client records, read again on SIGHUP; without it three clients are made");
    app.add_option("--limit", into.limits,
                   "API=N/SECONDS[,N/SECONDS...] or API=none, repeatable; "
                   "track=1000/10 export=100/10 insights=100/10 manage=20/10 unless said otherwise")
        ->allow_extra_args(false);
    app.add_flag("--explain", into.explain, "A 401 says why, and so tells strangers which ids exist");
    app.add_option("--access-status", into.access_status,
                   "Status for a proven client that lacks access or scope, 401 or 403")
        ->capture_default_str();
    app.add_option("--failed-attempts", into.failed_attempts, "none: this version has no throttle")
        ->capture_default_str();
}

/// Options that are agreed on and not built yet: nobody who asks for one may believe to have it.
void add_later_options(CLI::App& app) {
    auto const refuse = [](std::string const& option) { sp::raise({option + " is not part of this version"}); };
    for (std::string const option :
         {"--store", "--limiter", "--on-limiter-failure", "--trusted-proxy", "--forwarded-field"}) {
        app.add_option_function<std::string>(option, [=](std::string const&) { refuse(option); })->group("");
    }
    app.add_flag_callback("--require-https", [=] { refuse("--require-https"); })->group("");
}

void set_limits(gate_rules& into, std::vector<std::string> const& texts) {
    std::array<bool, sp::enumerator_count<op::api>> seen{};
    for (std::string_view const text : texts) {
        auto const equals = text.find('=');
        auto const api = api_named(text.substr(0, equals));
        if (!api || equals == text.npos) {
            sp::raise({"--limit " + in_quotes(text) +
                       " names no API; expected track=, export=, insights= or manage= and a limit"});
        }
        if (std::exchange(seen[sp::enumerator_index(*api)], true)) {
            sp::raise(
                {"--limit " + in_quotes(text) + " is the second for its API; several windows are separated by commas"});
        }
        auto const limits = parse_limits(text.substr(equals + 1));
        if (!limits) sp::raise({"--limit " + std::string(sp::enumerator_name(*api)) + ": " + limits.message()});
        into.limits.set(*api, limits.value());
    }
}

sp::access_status access_status_of(std::string const& text) {
    if (text == "401") return sp::access_status::unauthorized;
    if (text == "403") return sp::access_status::forbidden;
    sp::raise({"--access-status " + in_quotes(text) + ": expected 401 or 403"});
}

options understood(typed const& from, bool has_clients) {
    options made{.host = from.host, .explain = from.explain};
    auto const port = parse_number(from.port, 0, 65535);
    if (!port) sp::raise({"--port " + in_quotes(from.port) + ": expected a number from 0 to 65535"});
    made.port = static_cast<std::uint16_t>(*port);
    if (has_clients) made.clients = from.clients;
    if (from.failed_attempts != "none") {
        sp::raise(
            {"--failed-attempts " + in_quotes(from.failed_attempts) + " is not part of this version; it accepts none"});
    }
    made.rules.when_not_allowed = access_status_of(from.access_status);
    set_limits(made.rules, from.limits);
    return made;
}

/// An error of one line, whatever was typed.
sp::error one_line(std::string text) {
    for (auto& c : text) {
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    }
    return {std::move(text)};
}

}  // namespace

sp::result<options> parse_options(int argc, char const* const* argv) {
    CLI::App app("An API server in OpenPanel's shape, guarded by Sallyport");
    typed from;
    add_options(app, from);
    add_later_options(app);
    try {
        app.parse(argc, argv);
        return understood(from, app.count("--clients") > 0);
    } catch (CLI::CallForHelp const& help) {
        std::exit(app.exit(help));
    } catch (CLI::ParseError const& mistake) {
        return one_line(mistake.what());
    } catch (sp::setup_error const& mistake) {
        return one_line(mistake.what());
    }
}

}  // namespace demo
