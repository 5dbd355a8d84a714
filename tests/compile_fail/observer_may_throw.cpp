// expect: all but take and enter are noexcept
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;

struct audit_log {
#ifdef SALLYPORT_CONTROL
    void on_decision(sp::openpanel::observation const&) noexcept {}
#else
    void on_decision(sp::openpanel::observation const&) {}
#endif
};

void build(sp::openpanel::clients& clients) { sp::authorizer gate{clients, sp::openpanel::rules(), audit_log{}}; }
