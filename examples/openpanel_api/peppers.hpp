// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/hmac_scheme.hpp>

namespace demo {

/// The scheme for `hmac-sha256:` forms, under the pepper that the environment holds: SALLYPORT_PEPPER, whose bytes are
/// the key, and SALLYPORT_PEPPER_KEYID, by which stored forms may name it. Without a pepper it reads none of them.
sallyport::result<sallyport::hmac_scheme> hmac_scheme_of_environment();

}  // namespace demo
