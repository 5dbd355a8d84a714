// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "service.hpp"
#include "session_set.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace demo {

/// The address to listen on; none if the host is no address and no name that is known here.
std::optional<boost::asio::ip::tcp::endpoint> find_endpoint(std::string const& host, std::uint16_t port);

/// Accepts connections and serves them on a pool of threads, until it is told to end by SIGTERM or SIGINT.
class server {
public:
    /// Listens from here on, and hears the signals; `boost::system::system_error` if the address can't be had. So many
    /// threads are for requests that take a long hash. `on_hangup` is called for every SIGHUP.
    server(boost::asio::ip::tcp::endpoint const& at, service& answers, std::size_t hashing_threads,
           std::function<void()> on_hangup);

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    /// Serves until the end; then every request is answered whose first byte had been read.
    void run();

private:
    // These, and what they wait for, run on the acceptor's strand.
    void accept();
    void await_end();
    void await_hangup();

    boost::asio::io_context io_;
    boost::asio::thread_pool hashers_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer pause_;
    boost::asio::signal_set end_;
    boost::asio::signal_set hangup_;
    service& service_;
    std::function<void()> on_hangup_;
    session_set sessions_;
};

}  // namespace demo
