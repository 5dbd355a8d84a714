#include <sallyport/credential/issuer.hpp>
#include <sallyport/openpanel.hpp>
#include <sallyport/with/sodium.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

bool hash_anew(op::clients& clients, op::decision const& decision, op::client record, std::string_view presented,
               sp::sodium::argon2id const& wanted) {
    // the snippet
    return static_cast<bool>(changed);
}
