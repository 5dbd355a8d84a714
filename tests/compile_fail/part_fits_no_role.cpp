// expect: a part fits no role
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;

struct clock_of_another_kind {
#ifdef SALLYPORT_CONTROL
    sp::steady_time now() const noexcept { return {}; }
#else
    long now() const noexcept { return 0; }
#endif
};

void build(sp::openpanel::clients& clients) {
    sp::authorizer gate{clients, sp::openpanel::rules(), clock_of_another_kind{}};
}
