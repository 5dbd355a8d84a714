#include <sallyport/credential/issuer.hpp>
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

void show_once(sp::uuid const& id, std::string_view secret);

void add_client(op::clients& clients) {
    // the snippet
}
