#include "thread_pool.hpp"

#include <sallyport/credential/guarded_verifier.hpp>
#include <sallyport/exempt_peers.hpp>
#include <sallyport/limit/throttle.hpp>
#include <sallyport/openpanel.hpp>
#include <sallyport/trusted_proxies.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

void reply(op::decision const& decision);

template <class Gate>
void serve(Gate& gate, std::vector<sp::header_line> const& headers, sp::peer_address socket_peer, bool socket_is_tls,
           sp::trusted_proxies const& proxies, sp::exempt_peers const& exempt, thread_pool& hashers) {
    // the snippet
}

void use(op::clients const& clients, sp::trusted_proxies const& proxies, sp::exempt_peers const& exempt,
         thread_pool& hashers) {
    sp::authorizer gate{clients, op::rules(), sp::guarded_verifier{sp::verifier{sp::sha256_scheme{}}, sp::throttle{}}};
    serve(gate, {}, {}, true, proxies, exempt, hashers);
}
