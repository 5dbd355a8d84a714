// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/decision.hpp>
#include <sallyport/headers.hpp>
#include <sallyport/http/response.hpp>
#include <sallyport/model/peer_address.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <cstdint>
#include <string_view>

/// Boost.Beast as the host: what the gate reads of its requests, and how a decision becomes its answer.
namespace sallyport::beast {

/// Beast's text as the standard's; another version of Boost has another type here.
inline std::string_view view_of(boost::beast::string_view text) noexcept { return {text.data(), text.size()}; }

/// The method as it was sent, be it known to Beast or not. A view of the request.
template <class Fields>
std::string_view method_of(boost::beast::http::header<true, Fields> const& request) noexcept {
    return view_of(request.method_string());
}

/// The target as it was sent: nothing is decoded. A view of the request.
template <class Fields>
std::string_view target_of(boost::beast::http::header<true, Fields> const& request) noexcept {
    return view_of(request.target());
}

/// The address of a peer: `peer_of(socket.remote_endpoint(error))`.
inline peer_address peer_of(boost::asio::ip::address const& from) noexcept {
    if (from.is_v4()) return peer_address::v4(from.to_v4().to_bytes());
    std::array<std::uint8_t, 16> const bytes = from.to_v6().to_bytes();
    return peer_address::v6(bytes);
}
inline peer_address peer_of(boost::asio::ip::tcp::endpoint const& from) noexcept { return peer_of(from.address()); }

/// Puts a decision into an answer: its fields, and of a denial the status and the body too. The rest of a grant's
/// answer is the host's. As ever with Beast, `prepare_payload()` comes before the answer is sent.
template <class Body, class Level, class Fields>
void write(http::responder<Body> const& how, decision<Level> const& made,
           boost::beast::http::message<false, boost::beast::http::string_body, Fields>& answer) {
    how.for_each_field(made, [&answer](std::string_view name, std::string_view value) {
        answer.set(boost::beast::string_view(name.data(), name.size()),
                   boost::beast::string_view(value.data(), value.size()));
    });
    if (made) return;
    answer.result(made.denial().status);
    answer.body().clear();
    how.append_body(answer.body(), made.denial());
}

}  // namespace sallyport::beast

namespace sallyport {

/// Beast's parser keeps each line as it was sent, repeated ones apart. It puts the trailers of a chunked body among the
/// fields once it has read the body: ask the gate before, or keep the head apart as examples/openpanel_api does.
template <class Allocator>
struct header_access<boost::beast::http::basic_fields<Allocator>> {
    static constexpr bool joins_lines = false;

    template <class Visit>
    static void for_each(boost::beast::http::basic_fields<Allocator> const& fields, Visit&& visit) {
        for (auto const& line : fields) visit(beast::view_of(line.name_string()), beast::view_of(line.value()));
    }
};

template <bool IsRequest, class Fields>
struct header_access<boost::beast::http::header<IsRequest, Fields>> : header_access<Fields> {};

template <bool IsRequest, class Body, class Fields>
struct header_access<boost::beast::http::message<IsRequest, Body, Fields>> : header_access<Fields> {};

}  // namespace sallyport
