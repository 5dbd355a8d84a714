// SPDX-License-Identifier: BSL-1.0
#include "server.hpp"

#include "session.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/strand.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace demo {
namespace {

namespace net = boost::asio;
using net::ip::tcp;

std::size_t threads() { return std::max(2U, std::thread::hardware_concurrency()); }

}  // namespace

std::optional<tcp::endpoint> find_endpoint(std::string const& host, std::uint16_t port) {
    boost::system::error_code problem;
    auto const address = net::ip::make_address(host, problem);
    if (!problem) return tcp::endpoint(address, port);
    net::io_context io;
    auto const found = tcp::resolver(io).resolve(host, std::to_string(port), problem);
    if (problem || found.empty()) return std::nullopt;
    auto const is_v4 = [](auto const& entry) { return entry.endpoint().address().is_v4(); };
    auto const v4 = std::find_if(found.begin(), found.end(), is_v4);
    return v4 == found.end() ? found.begin()->endpoint() : v4->endpoint();
}

server::server(tcp::endpoint const& at, service& answers, std::size_t hashing_threads, std::function<void()> on_hangup)
    : io_(static_cast<int>(threads())),
      hashers_(hashing_threads),
      acceptor_(net::make_strand(io_), at),
      pause_(acceptor_.get_executor()),
      end_(acceptor_.get_executor(), SIGTERM, SIGINT),
      hangup_(acceptor_.get_executor(), SIGHUP),
      service_(answers),
      on_hangup_(std::move(on_hangup)) {}

void server::run() {
    accept();
    await_end();
    await_hangup();
    std::vector<std::thread> pool;
    for (std::size_t i = 1; i < threads(); ++i) pool.emplace_back([this] { io_.run(); });
    io_.run();
    for (auto& thread : pool) thread.join();
    hashers_.join();
}

void server::accept() {
    acceptor_.async_accept(net::make_strand(io_), [this](boost::system::error_code problem, tcp::socket socket) {
        if (!acceptor_.is_open()) return;
        if (!problem) {
            std::make_shared<session>(std::move(socket), service_, hashers_, sessions_)->start();
            return accept();
        }
        // No descriptor is left, say: some will be, once connections have ended.
        pause_.expires_after(std::chrono::milliseconds(50));
        pause_.async_wait([this](boost::system::error_code stopped) {
            if (!stopped) accept();
        });
    });
}

void server::await_end() {
    end_.async_wait([this](boost::system::error_code problem, int) {
        if (problem) return;
        acceptor_.close(problem);
        pause_.cancel();
        hangup_.cancel(problem);
        sessions_.stop_all();
    });
}

void server::await_hangup() {
    hangup_.async_wait([this](boost::system::error_code problem, int) {
        if (problem || !acceptor_.is_open()) return;
        on_hangup_();
        await_hangup();
    });
}

}  // namespace demo
