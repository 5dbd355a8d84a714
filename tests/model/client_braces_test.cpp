#include "../catch.hpp"

#include <sallyport/model/client.hpp>

#include <cstddef>
#include <vector>

namespace sp = sallyport;
using namespace sp::literals;

namespace {

enum class level { viewer };
enum class api { read };
using client = sp::client_record<level, api>;

std::vector<client> returned() { return {{.id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid, .organization = "acme"}}; }

struct holder {
    std::vector<client> held{{.id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid, .secrets = {}}};
};

std::size_t count(std::vector<client> const& records) { return records.size(); }

}  // namespace

TEST_CASE("records are written in braces wherever a list of them is expected") {
    std::vector<client> const copied = {{.organization = "acme"}, {.organization = "acme", .limits = {}}};
    CHECK(copied.size() == 2);
    CHECK(returned().size() == 1);
    CHECK(holder{}.held.size() == 1);
    CHECK(count({{.organization = "acme", .project = "shop"}}) == 1);
}
