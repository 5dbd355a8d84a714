#include <sallyport/openpanel.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using need = sp::passage<op::level, op::api>::need;

op::decision answer(op::clients const& clients, op::request const& request) {
    auto const rules = op::rules();
    sp::verifier const secrets{sp::sha256_scheme{}};
    sp::sliding_log limiter;
    sp::steady_clock const steady;
    sp::wall_clock const wall;
    // the snippet
    return decision;
}
