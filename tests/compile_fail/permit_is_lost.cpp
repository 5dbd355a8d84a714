// expect: a permit would be given back at once
#include <sallyport/limit/concurrency_cap.hpp>
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;

bool ask(sp::openpanel::clients& clients, sp::concurrency_cap& cap, sp::openpanel::request const& asked) {
    sp::authorizer gate{clients, sp::openpanel::rules(), cap};
#ifdef SALLYPORT_CONTROL
    auto const decided = gate.authorize(asked);
#else
    sp::openpanel::decision const decided = gate.authorize(asked);
#endif
    return static_cast<bool>(decided);
}
