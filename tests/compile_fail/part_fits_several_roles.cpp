// expect: a part fits several roles: give one part for each role
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;

struct watched_clock : sp::manual_clock {
#ifndef SALLYPORT_CONTROL
    void on_decision(sp::openpanel::observation const&) noexcept {}
#endif
};

void build(sp::openpanel::clients& clients) { sp::authorizer gate{clients, sp::openpanel::rules(), watched_clock{}}; }
