// expect: a part fits no role
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

#ifdef SALLYPORT_CONTROL
#    define SALLYPORT_MAY_THROW noexcept
#else
#    define SALLYPORT_MAY_THROW
#endif

struct nobodys_budget {
    sp::claim_list claims(sp::rules<op::level, op::api> const&, sp::principal<op::level> const&, sp::quotas const&,
                          op::request const&) const SALLYPORT_MAY_THROW {
        return {};
    }
};

void build(op::clients& clients) { sp::authorizer gate{clients, op::rules(), nobodys_budget{}}; }
