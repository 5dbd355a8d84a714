#include <sallyport/openpanel.hpp>
#include <sallyport/with/openssl.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

struct audit_log {
    void on_decision(op::observation const& seen) noexcept;
};

op::decision answer(op::clients const& clients, op::request const& request) {
    // the snippet
    return gate.authorize(request);
}
