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

void test(op::clients& clients, op::request const& request) {
// the snippet
}
