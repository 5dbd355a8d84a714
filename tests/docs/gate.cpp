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

op::clients make_clients();
void log(std::string_view what, unsigned status);

void serve(std::vector<std::pair<std::string, std::string>> const& headers) {
// the snippet
}
