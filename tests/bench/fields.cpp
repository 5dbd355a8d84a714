// SPDX-License-Identifier: BSL-1.0
#include "contest.hpp"
#include "population.hpp"

#include <sallyport/with/httplib.hpp>

#include <cstddef>
#include <memory>
#include <string>

// What it costs to find the credentials among ten lines of cpp-httplib's own container.

namespace {

contest::row const fields({"two fields among ten, cpp-httplib's container", "its own getters", 0.1}, [] {
    auto const client = bench::random_credentials();
    auto const request = std::make_shared<httplib::Request>();
    bench::request_lines lines;
    for (auto const& [name, value] : lines.of(client)) request->set_header(std::string(name), std::string(value));
    auto const way = bench::op::rules().fields;
    return contest::sides{contest::each([request, client, way](std::size_t) {
                              auto const read = way.read(*request);
                              return read.id == client.id_text() && read.secret == client.secret_text();
                          }),
                          contest::each([request, client](std::size_t) {
                              auto const id = request->get_header_value("openpanel-client-id");
                              auto const secret = request->get_header_value("openpanel-client-secret");
                              return id == client.id_text() && secret == client.secret_text();
                          })};
});

}  // namespace
