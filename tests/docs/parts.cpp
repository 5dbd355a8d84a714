#include <sallyport/openpanel.hpp>
#include <sallyport/with/openssl.hpp>

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

struct audit_log {
    void on_decision(op::observation const&) noexcept {}
};

void serve(op::clients& clients) {
// the snippet
    static_cast<void>(gate);
}
