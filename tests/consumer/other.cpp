#include <sallyport/openpanel.hpp>
#include <sallyport/sallyport.hpp>

#include <array>
#include <string_view>
#include <vector>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace sp::literals;

unsigned status_of(std::string_view secret) {
    std::vector<op::client> const records{{.id = "2c624232-cc4f-4b5e-9a63-7f1e0d3c2b1a"_uuid,
                                           .level = op::level::read,
                                           .organization = "acme",
                                           .project = "shop",
                                           .secrets = {{sp::sha256_scheme::store("right")}}}};
    op::clients const clients{records, {{.id = "shop", .organization = "acme"}}};
    sp::authorizer gate{clients, op::rules()};
    std::array<sp::header_line, 2> const headers{
        {{"OpenPanel-Client-Id", "2C624232-CC4F-4B5E-9A63-7F1E0D3C2B1A"}, {"OpenPanel-Client-Secret", secret}}};
    auto const decision = gate.authorize({.headers = headers, .api = op::api::insights, .project = "shop"});
    return decision ? 200 : decision.denial().status;
}
