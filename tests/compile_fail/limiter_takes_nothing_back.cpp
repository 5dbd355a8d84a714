// expect: the limiter can't take anything back: it needs give_back(key, cost, receipt)
#include <sallyport/openpanel.hpp>

#include <span>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

#ifdef SALLYPORT_CONTROL
using limiter = sp::sliding_log;
#else
struct limiter {
    sp::allowance take(std::span<sp::claim const>, sp::steady_time) { return {}; }
};
#endif

bool work_failed(op::clients& clients, op::request const& asked) {
    sp::authorizer gate{clients, op::rules(), limiter()};
    return gate.give_back(gate.authorize(asked), asked);
}
