#include <sallyport/credential/hmac_scheme.hpp>
#include <sallyport/openpanel.hpp>

#include <string_view>

namespace sp = sallyport;

std::string_view read_key(std::string_view name);

sp::hash_form store(std::string_view plain) {
    // the snippet
    return peppered.store(plain);
}
