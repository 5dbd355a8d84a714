#include <sallyport/limit/sliding_counter.hpp>
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace std::chrono_literals;

op::clients make_clients();
void log(std::string_view what, unsigned status);

void answer(std::vector<sp::header_line> const& headers, std::uint32_t pages) {
    auto clients = make_clients();
    // the snippet
}
