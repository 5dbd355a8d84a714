#include <sallyport/credential/issuer.hpp>
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace std::chrono_literals;

void tell(sp::uuid const& client, std::string_view secret);

void renew(op::clients& clients, op::client record, sp::wall_time now) {
    sp::issuer const issuer{sp::secret_format{"acme_"}};
    // the snippet
}
