// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "gate.hpp"
#include "identity.hpp"
#include "routes.hpp"

#include <sallyport/http/response.hpp>
#include <sallyport/trusted_proxies.hpp>
#include <sallyport/with/beast.hpp>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>
#include <utility>

namespace demo {

using request_head = boost::beast::http::request_header<>;
using answer = boost::beast::http::response<boost::beast::http::string_body>;

/// What requests are answered with: here the gate is asked, in one line. Knows nothing of connections. Thread-safe.
class service {
public:
    service(op::clients& clients, gate_rules const& rules, secret_verifier& verifier, sp::trusted_proxies proxies,
            bool explain)
        : metrics_(explain),
          gate_{clients, rules, verifier, metrics_},
          proxies_(std::move(proxies)),
          responder_{.challenge = "OpenPanel realm=\"api\"", .explain = explain} {}

    /// Whether the gate is asked about such a request.
    static bool asks_the_gate(request_head const& asked, std::optional<route> const& to) {
        return to && to->api && to->cost && to->serves(sp::beast::method_of(asked));
    }

    /// The answer to a request that was read to its end, which came from a socket's peer; none if that takes a hash of
    /// tens of milliseconds, or waiting for one.
    std::optional<answer> respond_at_once(request_head const& asked, std::optional<route> const& to,
                                          sp::peer_address const& peer);

    /// The answer, however long it takes.
    answer respond(request_head const& asked, route const& to, sp::peer_address const& peer);

    /// The answer to a request that was not, or for which there is nothing here.
    static answer refuse(boost::beast::http::status status, std::optional<route> const& to);

private:
    gate::request question(request_head const& asked, route const& to, sp::peer_address const& peer) const;
    answer answer_to(gate::request const& asked, route const& to, gate::decision const& decided) const;

    metrics metrics_;
    gate gate_;
    sp::trusted_proxies proxies_;
    sp::http::responder<> responder_;
    identity identity_;
};

}  // namespace demo
