// SPDX-License-Identifier: BSL-1.0
#include "made_clients.hpp"
#include "options.hpp"
#include "records.hpp"
#include "server.hpp"
#include "service.hpp"

#include <fmt/format.h>

#include <boost/system/system_error.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace sp = sallyport;
namespace op = sallyport::openpanel;

constexpr int wrong_usage = 2;
constexpr int no_address = 1;

void complain(std::string_view what) {
    fmt::print(stderr, "openpanel_api: {}\n", what);
    std::fflush(stderr);
}

int end_with(int status, std::string_view why) {
    complain(why);
    return status;
}

void say(std::string_view what) {
    fmt::print("{}\n", what);
    std::fflush(stdout);
}

std::string url_of(std::string const& host, std::uint16_t port) {
    bool const is_v6 = host.find(':') != host.npos;
    return is_v6 ? fmt::format("http://[{}]:{}", host, port) : fmt::format("http://{}:{}", host, port);
}

/// Puts the records of the file in the place of those that are served; if it has a mistake, they stay.
void reload(op::clients& clients, std::string const& file, demo::secret_verifier const& verifier) {
    auto loaded = demo::load_records(file, verifier);
    if (!loaded) return complain(loaded.message() + "; the old records stay");
    auto& [records, projects] = loaded.value();
    if (auto const replaced = clients.replace(std::move(records), std::move(projects)); !replaced) {
        return complain(fmt::format("{}: {}; the old records stay", file, replaced.message()));
    }
    complain(fmt::format("{}: {} clients are served from now on", file, clients.size()));
}

/// The records that the server starts with: the file's, or those of clients that are made for this run.
sp::result<demo::records> first_records(demo::options const& options, demo::secret_verifier const& verifier,
                                        std::vector<demo::made_client>& made) {
    if (options.clients) return demo::load_records(*options.clients, verifier);
    made = demo::make_clients();
    return demo::records_of(made);
}

void introduce(std::vector<demo::made_client> const& made, std::string_view url) {
    if (made.empty()) return;
    say("# Three clients of the project demo, made for this run. Their ids and secrets are shown this once.");
    say(demo::curl_lines(made, url));
}

int serve(demo::options const& options) {
    demo::secret_verifier const verifier;
    std::vector<demo::made_client> made;
    auto loaded = first_records(options, verifier, made);
    if (!loaded) return end_with(wrong_usage, loaded.message());
    auto& [records, projects] = loaded.value();
    auto stored = op::clients::make(std::move(records), std::move(projects));
    if (!stored) return end_with(wrong_usage, fmt::format("{}: {}", options.clients.value_or(""), stored.message()));
    auto& clients = stored.value();

    auto const endpoint = demo::find_endpoint(options.host, options.port);
    if (!endpoint) return end_with(wrong_usage, "--host " + options.host + ": expected an address or a known name");
    demo::service service(clients, options.rules, verifier, options.explain);
    demo::server server(*endpoint, service, [&] {
        if (options.clients) reload(clients, *options.clients, verifier);
    });
    auto const url = url_of(options.host, server.port());
    introduce(made, url);
    made.clear();
    say("listening on " + url);
    server.run();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    auto const options = demo::parse_options(argc, argv);
    if (!options) return end_with(wrong_usage, options.message());
    auto const& understood = options.value();
    try {
        return serve(understood);
    } catch (boost::system::system_error const& problem) {
        return end_with(no_address, fmt::format("can't listen on {}: {}", url_of(understood.host, understood.port),
                                                problem.code().message()));
    } catch (std::exception const& problem) {
        return end_with(no_address, fmt::format("can't serve: {}", problem.what()));
    }
}
