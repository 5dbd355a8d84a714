#include <sallyport/openpanel.hpp>

#include <cassert>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

void test(op::clients const& clients, op::request const& request) {
    // the snippet
}
