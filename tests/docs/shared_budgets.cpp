#include <sallyport/openpanel.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace std::chrono_literals;

op::clients make_clients();
void log(std::string_view what, unsigned status);
bool work();

void answer(op::request const& request) {
    auto clients = make_clients();
    // the snippet
}
