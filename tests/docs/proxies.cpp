#include <sallyport/openpanel.hpp>
#include <sallyport/trusted_proxies.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

template <class Gate>
void serve(Gate& gate, std::vector<std::pair<std::string, std::string>> const& headers, sp::peer_address socket_peer) {
    // the snippet
    static_cast<void>(decision);
}

void use(op::clients& clients) {
    sp::authorizer gate{clients, op::rules()};
    serve(gate, {}, {});
}
