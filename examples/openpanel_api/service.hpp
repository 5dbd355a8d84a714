// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "gate.hpp"
#include "identity.hpp"
#include "routes.hpp"

#include <sallyport/http/response.hpp>
#include <sallyport/with/beast.hpp>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>

namespace demo {

using request_head = boost::beast::http::request_header<>;
using answer = boost::beast::http::response<boost::beast::http::string_body>;

/// What requests are answered with: here the gate is asked, in one line. Knows nothing of connections. Thread-safe.
class service {
public:
    service(op::clients& clients, gate_rules const& rules, secret_verifier const& verifier, bool explain)
        : gate_{clients, rules, verifier}, responder_{.challenge = "OpenPanel realm=\"api\"", .explain = explain} {}

    /// Whether the gate is asked about such a request: its answer may take tens of milliseconds.
    static bool asks_the_gate(request_head const& asked, std::optional<route> const& to) {
        return to && to->api && to->serves(sp::beast::method_of(asked));
    }

    /// The answer to a request that was read to its end.
    answer respond(request_head const& asked, std::optional<route> const& to, sp::peer_address const& peer);

    /// The answer to a request that was not, or for which there is nothing here.
    static answer refuse(boost::beast::http::status status, std::optional<route> const& to);

private:
    answer respond_guarded(request_head const& asked, route const& to, sp::peer_address const& peer);

    gate gate_;
    sp::http::responder<> responder_;
    identity identity_;
};

}  // namespace demo
