// Somebody else's program, of two files that both include everything.
#include <sallyport/openpanel.hpp>
#include <sallyport/sallyport.hpp>

#include <array>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace sp::literals;

unsigned status_of(std::string_view secret);

int main() {
    std::vector<op::client> const records{{.id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid,
                                           .level = op::level::root,
                                           .organization = "acme",
                                           .secrets = {{sp::sha256_scheme::store("right")}}}};
    auto made = op::clients::make(records, {{.id = "shop", .organization = "acme"}});
    if (!made) return 1;
    sp::authorizer gate{std::move(made).value(), op::rules()};

    std::array<sp::header_line, 2> const headers{
        {{"openpanel-client-id", "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"}, {"openpanel-client-secret", "right"}}};
    auto const decision = gate.authorize({.headers = headers, .api = op::api::manage, .project = "shop"});

    bool const as_expected = decision && status_of("right") == 200 && status_of("wrong") == 401;
    std::puts(as_expected ? "a grant, a grant, a denial" : "something else");
    return as_expected ? 0 : 1;
}
