#include <sallyport/credential/issuer.hpp>
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

bool shut_out(op::clients& clients, op::client record, sp::secret_id leaked, bool altogether) {
    // the snippet
    return static_cast<bool>(changed);
}
