// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/fields.hpp>

namespace demo {

/// What lets a page of any origin read an answer, and the fields by which it learns how its limit stands.
inline void let_browsers_read(boost::beast::http::fields& into) {
    using boost::beast::http::field;
    into.set(field::access_control_allow_origin, "*");
    into.set(field::access_control_expose_headers,
             "Retry-After, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset");
}

/// The answer to a browser's preflight. The secret is not among the fields: it has no place in a page.
inline void let_browsers_call(boost::beast::http::fields& into) {
    using boost::beast::http::field;
    into.set(field::access_control_allow_methods, "POST");
    into.set(field::access_control_allow_headers,
             "content-type, openpanel-client-id, openpanel-sdk-name, openpanel-sdk-version");
    into.set(field::access_control_max_age, "86400");
}

}  // namespace demo
