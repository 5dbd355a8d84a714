#include <sallyport/openpanel.hpp>

#include <cassert>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace std::chrono_literals;

#include <memory>

struct row {
    bool failed;
    std::shared_ptr<op::client const> client;
    sp::name organization;
};
struct database {
    row query(sp::uuid const& id, std::string_view project) const;
};

// the snippet

static_assert(sp::client_store<my_store>);
