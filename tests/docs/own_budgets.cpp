#include <sallyport/openpanel.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

using gate_rules = sp::rules<op::level, op::api>;

struct plan {
    sp::quotas limits{};
};

struct plan_list {
    plan const& of(std::string_view organization) const noexcept;
};

// the snippet

void build(op::clients& clients) { sp::authorizer gate{clients, op::rules(), by_plan{}}; }
