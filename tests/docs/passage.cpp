#include <sallyport/openpanel.hpp>

#include <cassert>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace std::chrono_literals;

using need = sp::passage<op::level, op::api>::need;

op::decision decide(sp::rules<op::level, op::api> const& rules, op::request const& request, op::clients const& clients,
                    sp::verifier<sp::sha256_scheme> const& secrets, sp::sliding_log& limiter, sp::steady_clock const& steady,
                    sp::wall_clock const& wall) {
// the snippet
    return decision;
}
