#include <sallyport/openpanel.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

op::clients make_clients();
void log(std::string_view what, unsigned status);

void answer(std::vector<sp::header_line> const& headers) {
    // the snippet
}
