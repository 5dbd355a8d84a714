#include <sallyport/openpanel.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

struct database {
    struct row {
        bool failed;
        std::shared_ptr<op::client const> client;
        sp::name organization;
    };
    row query(sp::uuid const& id, std::string_view project) const;
};

// the snippet

static_assert(sp::client_store<my_store>);
