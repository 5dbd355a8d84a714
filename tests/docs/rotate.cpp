#include <sallyport/credential/issuer.hpp>
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace std::chrono_literals;

void show_once(sp::uuid const& id, std::string_view secret);

bool renew(op::clients& clients, sp::uuid const& id, sp::issuer<> const& issuer) {
    // the snippet
    return static_cast<bool>(changed);
}
