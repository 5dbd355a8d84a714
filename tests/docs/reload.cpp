#include <sallyport/openpanel.hpp>
#include <sallyport/reloadable.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace std::chrono_literals;

op::clients make_clients();
void log(std::string_view what, unsigned status);

void serve() {
    auto clients = make_clients();
    // the snippet
}
