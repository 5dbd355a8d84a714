#include <sallyport/openpanel.hpp>
#include <sallyport/with/openssl.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace std::chrono_literals;

struct row {
    sp::uuid id;
    std::string project;
    std::string organization;
    std::string secret;
};

bool answer(row const& row, std::vector<sp::project> const& projects, op::request const& request) {
    // the snippet
    return static_cast<bool>(gate.authorize(request));
}
