#include <sallyport/credential/guarded_verifier.hpp>
#include <sallyport/exempt_peers.hpp>
#include <sallyport/limit/throttle.hpp>
#include <sallyport/openpanel.hpp>
#include <sallyport/trusted_proxies.hpp>
#include <sallyport/with/openssl.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace std::chrono_literals;

struct audit_log {
    void on_decision(op::observation const& seen) noexcept;
};

op::decision answer(op::clients const& clients, op::request const& request) {
    audit_log audit;
    // the snippet
    return gate.authorize(
        {.headers = request.headers, .api = request.api, .exempt = exempt.contains(proxies.resolve({}, {}))});
}
