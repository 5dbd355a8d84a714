// expect: two parts were given for one role
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;

#ifdef SALLYPORT_CONTROL
using second_clock = sp::manual_wall_clock;
#else
using second_clock = sp::steady_clock;
#endif

bool ask(sp::openpanel::clients& clients, sp::openpanel::request const& asked) {
    sp::authorizer gate{clients, sp::openpanel::rules(), sp::manual_clock{}, second_clock{}};
    return static_cast<bool>(gate.authorize(asked));
}
