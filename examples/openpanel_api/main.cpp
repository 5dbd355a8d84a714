// SPDX-License-Identifier: BSL-1.0
#include "made_clients.hpp"
#include "options.hpp"
#include "peppers.hpp"
#include "records.hpp"
#include "server.hpp"
#include "service.hpp"

#include <fmt/format.h>

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__GLIBC__)
#    include <malloc.h>
#endif

namespace {

namespace sp = sallyport;
namespace op = sallyport::openpanel;

constexpr int wrong_usage = 2;
constexpr int no_address = 1;

/// Says it in one line, whatever the text quotes.
void complain(std::string line) {
    std::replace_if(
        line.begin(), line.end(), [](unsigned char c) { return c < 0x20; }, ' ');
    fmt::print(stderr, "openpanel_api: {}\n", line);
    std::fflush(stderr);
}

int end_with(int status, std::string why) {
    complain(std::move(why));
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
void reload(op::clients& clients, std::string const& file, demo::hash_schemes const& schemes) {
    auto loaded = demo::load_records(file, schemes);
    if (!loaded) return complain(loaded.message() + "; the old records stay");
    auto& [records, projects] = loaded.value();
    if (auto const replaced = clients.replace(std::move(records), std::move(projects)); !replaced) {
        return complain(fmt::format("{}: {}; the old records stay", file, replaced.message()));
    }
    complain(fmt::format("{}: {} clients are served from now on", file, clients.size()));
}

/// The records that the server starts with: the file's, or those of clients that are made for this run.
sp::result<demo::records> first_records(demo::options const& options, demo::hash_schemes const& schemes,
                                        std::vector<demo::made_client>& made) {
    if (options.clients) return demo::load_records(*options.clients, schemes);
    made = demo::make_clients();
    return demo::records_of(made);
}

void introduce(std::vector<demo::made_client> const& made, std::string_view url) {
    if (made.empty()) return;
    say("# Three clients of the project demo, made for this run. Their ids and secrets are shown this once.");
    say(demo::curl_lines(made, url));
}

/// Has the memory of an expensive hash given back as soon as it is done. glibc would learn to keep it, once per thread.
void keep_no_large_blocks() {
#if defined(__GLIBC__)
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

int serve(demo::options const& options) {
    auto peppered = demo::hmac_scheme_of_environment();
    if (!peppered) return end_with(wrong_usage, peppered.message());
    demo::hash_schemes const schemes({}, peppered.value(), {}, {}, {});
    std::vector<demo::made_client> made;
    auto loaded = first_records(options, schemes, made);
    if (!loaded) return end_with(wrong_usage, loaded.message());
    auto& [records, projects] = loaded.value();
    auto stored = op::clients::make(std::move(records), std::move(projects));
    if (!stored) return end_with(wrong_usage, fmt::format("{}: {}", options.clients.value_or(""), stored.message()));
    auto& clients = stored.value();

    auto const endpoint = demo::find_endpoint(options.host, options.port);
    if (!endpoint) return end_with(wrong_usage, "--host " + options.host + ": expected an address or a known name");
    sp::guard_options const bounds;
    demo::secret_verifier verifier(schemes, sp::throttle({.failures = options.failed_attempts}), bounds);
    demo::service service(clients, options.rules, verifier, options.proxies, options.explain);
    // Those who wait for an equal attempt hold a thread, too: with so many, the others are soon heard.
    auto const hashing_threads = bounds.hashing.running + bounds.hashing.waiting + 1 + 64;
    demo::server server(*endpoint, service, hashing_threads, [&] {
        if (options.clients) reload(clients, *options.clients, schemes);
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
    keep_no_large_blocks();
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
