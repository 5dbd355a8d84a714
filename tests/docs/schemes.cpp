#include <sallyport/openpanel.hpp>
#include <sallyport/with/openssl.hpp>
#include <sallyport/with/sodium.hpp>

namespace sp = sallyport;

sp::stored_secret load(std::string_view text_in_the_store) {
    // the snippet
    return stored.value();
}
