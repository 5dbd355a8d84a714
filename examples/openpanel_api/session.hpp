// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "discarded_body.hpp"
#include "service.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

namespace demo {

class session_set;

/// One connection: reads a request, answers it, and so on, until the peer leaves, is too slow or the server stops.
/// While it waits for the peer it holds no thread; while a secret is hashed at length, one of `hashers`. All members but
/// `stop` run on the connection's strand.
class session : public std::enable_shared_from_this<session> {
public:
    session(boost::asio::ip::tcp::socket socket, service& answers, boost::asio::thread_pool& hashers, session_set& all);
    ~session();

    void start();

    /// Ends the connection once every request is answered that it had begun to read. From any thread.
    void stop();

private:
    using error_code = boost::beast::error_code;

    void await_request();
    void on_bytes(error_code problem, std::size_t size);
    void read_head();
    void on_head(error_code problem, std::size_t size);
    void await_body();
    void read_body();
    void on_body(error_code problem, std::size_t size);
    void respond();
    void refuse(boost::beast::http::status status);
    void refuse_for(error_code problem);
    void send(answer made, bool keep);
    void on_sent(error_code problem, std::size_t size);
    void drain(error_code problem, std::size_t size);
    void on_stop();
    void within(std::chrono::seconds time) { stream_.expires_after(time); }

    boost::beast::tcp_stream stream_;
    service& service_;
    boost::asio::thread_pool& hashers_;
    session_set& all_;
    sp::peer_address peer_;
    boost::beast::flat_buffer buffer_;
    std::optional<boost::beast::http::request_parser<discarded_body>> parser_;
    request_head head_;  ///< kept apart from the parser, which would put trailers among its fields
    std::optional<route> route_;
    answer answer_;
    bool idle_ = false;
    bool keep_ = false;
    bool stopping_ = false;
};

}  // namespace demo
