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

void serve(op::decision const& decision) {
// the snippet
    static_cast<void>(answer);
}
