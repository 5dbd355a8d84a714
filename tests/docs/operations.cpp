#include <sallyport/limit/sliding_counter.hpp>
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace std::chrono_literals;

void log(char const* what);

std::uint32_t left_of(sp::sliding_counter& counter, sp::decision<op::level> const& decision, op::request const& request,
                      sp::steady_time now) {
    // the snippet
    return left;
}
