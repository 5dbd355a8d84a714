// SPDX-License-Identifier: BSL-1.0
#include <sallyport/openpanel.hpp>

#include <fmt/format.h>

#include <chrono>
#include <string_view>
#include <vector>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace sp::literals;
using namespace std::chrono_literals;

int main() {
    std::vector<op::client> records(2);
    records[0] = {.id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid, .level = op::level::read};
    records[0].secrets = {{sp::sha256_scheme::store("sec_5b1e8d0c2f7a4e6990d3")}};
    records[1] = {.id = "2c624232-cc4f-4b5e-9a63-7f1e0d3c2b1a"_uuid, .level = op::level::write};
    records[1].secrets = {{sp::sha256_scheme::store("sec_c4a97d21e85b4f03b6aa")}};
    for (auto& record : records) record.organization = "acme", record.project = "shop";
    std::vector<sp::project> const projects{{.id = "shop", .organization = "acme"}};

    sp::memory_clients clients{records, projects};
    auto rules = op::rules();
    rules.limits.set(op::api::export_, {sp::at_most(100).per(10s), sp::at_most(2000).per(1h),  // both must admit
                                        sp::in_shadow(sp::at_most(60).per(10s))});             // tried, never refuses
    sp::authorizer gate{clients, rules};

    auto const ask = [&gate](op::api api, std::string_view secret, unsigned cost = 1) {
        std::vector<sp::header_line> const headers{{"openpanel-client-id", "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"},
                                                   {"openpanel-client-secret", secret}};
        auto const decision = gate.authorize({.headers = headers, .api = api, .project = "shop", .cost = cost});
        if (decision) {
            fmt::print("200 for {}, {} left{}\n", decision.principal().id, decision.rates()[0].remaining,
                       decision.would_refuse() ? "; the limit in shadow would refuse" : "");
        } else {
            auto const& why = decision.denial();
            fmt::print("{} {}{}\n", why.status, sp::reason_name(why.reason),
                       why.retry_after == sp::never ? ", for good" : "");
        }
    };
    ask(op::api::insights, "sec_5b1e8d0c2f7a4e6990d3");
    ask(op::api::insights, "a wrong secret");
    ask(op::api::manage, "sec_5b1e8d0c2f7a4e6990d3");
    for (unsigned const pages : {50U, 50U, 50U, 150U}) ask(op::api::export_, "sec_5b1e8d0c2f7a4e6990d3", pages);
}
