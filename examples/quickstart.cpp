// SPDX-License-Identifier: BSL-1.0
#include <sallyport/openpanel.hpp>

#include <fmt/format.h>

#include <string_view>
#include <vector>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace sp::literals;

int main() {
    std::vector<op::client> records(2);
    records[0] = {.id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid, .level = op::level::read};
    records[0].secrets = {{sp::sha256_scheme::store("sec_5b1e8d0c2f7a4e6990d3")}};
    records[1] = {.id = "2c624232-cc4f-4b5e-9a63-7f1e0d3c2b1a"_uuid, .level = op::level::write};
    records[1].secrets = {{sp::sha256_scheme::store("sec_c4a97d21e85b4f03b6aa")}};
    for (auto& record : records) record.organization = "acme", record.project = "shop";
    std::vector<sp::project> const projects{{.id = "shop", .organization = "acme"}};

    sp::memory_clients clients{records, projects};
    sp::authorizer gate{clients, op::rules()};

    auto const ask = [&gate](op::api api, std::string_view secret) {
        std::vector<sp::header_line> const headers{{"openpanel-client-id", "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"},
                                                   {"openpanel-client-secret", secret}};
        auto const decision = gate.authorize({.headers = headers, .api = api, .project = "shop"});
        if (decision) {
            fmt::print("200 for {}, {} left\n", decision.principal().id, decision.rates()[0].remaining);
        } else {
            fmt::print("{} {}\n", decision.denial().status, sp::reason_name(decision.denial().reason));
        }
    };
    ask(op::api::insights, "sec_5b1e8d0c2f7a4e6990d3");
    ask(op::api::insights, "a wrong secret");
    ask(op::api::manage, "sec_5b1e8d0c2f7a4e6990d3");
}
