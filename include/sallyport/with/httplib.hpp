// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/decision.hpp>
#include <sallyport/headers.hpp>
#include <sallyport/http/response.hpp>
#include <sallyport/model/peer_address.hpp>

#include <httplib.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/// The lines of a request of cpp-httplib, as 0.11 hands them out: it drops empty ones and percent-decodes values, so
/// that `%41` arrives as `A`. The bytes sent are gone by then. Nobody gets in by that who doesn't know the secret, but
/// one that holds a `%` is not read as it was sent: give out secrets without (hex, base64url).
template <>
struct sallyport::header_access<::httplib::Request> {
    static constexpr bool joins_lines = false;

    template <class Visit>
    static void for_each(::httplib::Request const& request, Visit&& visit) {
        for (auto const& [name, value] : request.headers) visit(std::string_view(name), std::string_view(value));
    }
};

/// Guards the routes of a server of cpp-httplib (0.11 and later; Debian's needs its package's own compile flags).
///
///     sallyport::httplib::harden(server);
///     sallyport::httplib::guard guarded{gate};
///     server.Get("/notes", guarded(api::read, list_notes));
namespace sallyport::httplib {

/// Where a request came from.
inline peer_address peer_of(::httplib::Request const& request) noexcept {
    return peer_address::parse(request.remote_addr);
}

/// Puts a decision into an answer: its fields, in the place of those of the same name, and of a denial the status and
/// the body too. The request is the one that httplib handed to its handler: a denial clears the ranges that it asks
/// for, or httplib would cut the denial's body to them. A host's error handler sees denials as well.
template <class Body, class Level>
void write(http::responder<Body> const& how, decision<Level> const& made, ::httplib::Request const& request,
           ::httplib::Response& response) {
    // Each look into the headers compares names letter by letter, and most answers have none yet.
    bool const anew = response.headers.empty();
    how.for_each_field(made, [&response, anew](std::string_view field, std::string_view value) {
        if (!anew) response.headers.erase(std::string(field));
        response.headers.emplace(field, value);
    });
    if (made) return;
    response.status = made.denial().status;
    response.body.clear();
    how.append_body(response.body, made.denial());
    const_cast<::httplib::Request&>(request).ranges.clear();  // the server's own object, which is not const
}

/// Puts a gate before handlers. It borrows the gate, and is copied into what it makes. As thread-safe as the gate.
template <class Gate, http::body_form Body = http::error_json>
class guard {
public:
    using api_type = typename Gate::api_type;

    explicit guard(Gate& gate, http::responder<Body> responder = {}) : gate_(&gate), responder_(responder) {}

    /// A handler that calls the given one if the gate grants, as `handler(request, response, principal)` or as
    /// `handler(request, response)`, and else answers with the denial. By then httplib has read the body.
    template <class Handler>
    ::httplib::Server::Handler operator()(api_type api, Handler handler) const {
        return (*this)(
            api, [](::httplib::Request const&) { return std::optional<std::string>(); }, std::move(handler));
    }

    /// The same for a route whose requests are for a project: `project_of(request)` is its id.
    template <class ProjectOf, class Handler>
    ::httplib::Server::Handler operator()(api_type api, ProjectOf project_of, Handler handler) const {
        return [*this, api, project_of = std::move(project_of), handler = std::move(handler)](
                   ::httplib::Request const& request, ::httplib::Response& response) {
            std::optional<std::string> const project = project_of(request);
            auto const decision =
                gate_->authorize({.headers = request, .api = api, .project = project, .peer = peer_of(request)});
            write(responder_, decision, request, response);
            if (!decision) return;
            if constexpr (std::is_invocable_v<Handler const&, ::httplib::Request const&, ::httplib::Response&>) {
                handler(request, response);
            } else {
                handler(request, response, decision.principal());
            }
        };
    }

private:
    Gate* gate_;
    http::responder<Body> responder_;
};

/// The project that a part of the route's pattern names: `{1}` is what its first parentheses matched.
struct project_in_path {
    std::size_t group = 1;

    std::string operator()(::httplib::Request const& request) const { return request.matches[group].str(); }
};

/// Refuses a body of no known length with a 411, since httplib 0.11 reads it whole whatever the payload limit says;
/// whether it did. For the pre-routing handler, the one place that comes before the body.
inline bool refuse_unbounded_body(::httplib::Request const& request, ::httplib::Response& response) {
    bool const bodiless = request.method == "GET" || request.method == "HEAD" || request.method == "DELETE" ||
                          request.method == "OPTIONS" || request.method == "TRACE" || request.method == "CONNECT";
    bool const bounded = request.has_header("Content-Length") || bodiless;
    if (bounded && !request.has_header("Transfer-Encoding")) return false;
    response.status = 411;
    return true;
}

/// Sets a server up, before it listens, against what no handler can reach in httplib 0.11:
///   - a body that is left unread (a GET's always is) would be served as the next request: one request a connection
///     (`set_keep_alive_max_count`; a host may raise it where no stranger shares a connection with others);
///   - bodies pass the payload limit: `refuse_unbounded_body` as the pre-routing handler. A host with one of its own
///     calls it first there;
///   - a second server could listen on the same port and be dealt half of the connections: no SO_REUSEPORT;
///   - a request on a kept connection waits 40 ms for an acknowledgement: TCP_NODELAY.
inline void harden(::httplib::Server& server) {
    server.set_keep_alive_max_count(1);
    server.set_tcp_nodelay(true);
#if !defined(_WIN32)
    server.set_socket_options([](auto socket) {
        int const yes = 1;
        static_cast<void>(::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes));
    });
#endif
    server.set_pre_routing_handler([](::httplib::Request const& request, ::httplib::Response& response) {
        using answer = ::httplib::Server::HandlerResponse;
        return refuse_unbounded_body(request, response) ? answer::Handled : answer::Unhandled;
    });
}

}  // namespace sallyport::httplib
