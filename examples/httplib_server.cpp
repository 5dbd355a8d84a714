// SPDX-License-Identifier: BSL-1.0
// A server of cpp-httplib gains a gate. Its handlers stay as they were; each line that is for the gate says so.
#include <sallyport/sallyport.hpp>     // gate
#include <sallyport/with/httplib.hpp>  // gate

#include <fmt/format.h>

#include <chrono>

namespace sp = sallyport;      // gate
using namespace sp::literals;  // gate
using namespace std::chrono_literals;

enum class level { reader, writer };  // gate: who calls
enum class api { read, write };       // gate: what they call

// gate: which level may use which API, and how often
constexpr sp::rules<level, api> note_rules{
    .permissions = {{{level::reader, {api::read}}, {level::writer, {api::read, api::write}}}},
    .limits = {{{api::read, sp::at_most(100).per(10s)}, {api::write, sp::at_most(10).per(10s)}}},
};

void list_notes(httplib::Request const&, httplib::Response& response) {
    response.set_content("[\"buy milk\"]", "application/json");
}

void add_note(httplib::Request const& request, httplib::Response& response) {
    response.status = 201;
    response.set_content(request.body, "text/plain");
}

int main() {
    // gate: who is known
    sp::memory_clients<level, api> clients{{{.id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid,
                                             .level = level::reader,
                                             .organization = "acme",
                                             .project = "shop",
                                             .secrets = {{sp::sha256_scheme::store("sec_5b1e8d0c2f7a4e6990d3")}}}}};
    sp::authorizer gate{clients, note_rules};  // gate
    sp::httplib::guard guarded{gate};          // gate

    httplib::Server server;
    sp::httplib::harden(server);                           // gate
    server.Get("/notes", guarded(api::read, list_notes));  // gate: was list_notes
    server.Post("/notes", guarded(api::write, add_note));  // gate: was add_note
    server.Get("/healthz", [](auto const&, auto& response) { response.set_content("ok", "text/plain"); });

    fmt::print(
        "curl -H 'client-id: 8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60' -H 'client-secret: sec_5b1e8d0c2f7a4e6990d3' "
        "http://127.0.0.1:8081/notes\n");
    if (server.listen("127.0.0.1", 8081)) return 0;
    fmt::print(stderr, "127.0.0.1:8081 is taken\n");
    return 1;
}
