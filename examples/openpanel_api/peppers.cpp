// SPDX-License-Identifier: BSL-1.0
#include "peppers.hpp"

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace demo {

namespace sp = sallyport;

sp::result<sp::hmac_scheme> hmac_scheme_of_environment() {
    auto const* const pepper = std::getenv("SALLYPORT_PEPPER");
    auto const* const id = std::getenv("SALLYPORT_PEPPER_KEYID");
    if (!pepper && !id) return sp::hmac_scheme();
    if (id && *id == '\0') return sp::error{"SALLYPORT_PEPPER_KEYID is empty; expected a name, or leave it out"};
    if (!pepper) return sp::error{"SALLYPORT_PEPPER_KEYID names a pepper, and SALLYPORT_PEPPER gives none"};
    std::vector<sp::pepper> peppers;
    if (id) peppers.push_back({id, sp::secret(pepper)});
    peppers.push_back({"", sp::secret(pepper)});
    auto made = sp::hmac_scheme::make(std::move(peppers));
    if (!made) return sp::error{"SALLYPORT_PEPPER: " + made.message()};
    return made;
}

}  // namespace demo
