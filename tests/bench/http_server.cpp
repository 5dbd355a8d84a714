// SPDX-License-Identifier: BSL-1.0
#include "population.hpp"

#include <sallyport/with/beast.hpp>
#include <sallyport/with/httplib.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

// A small server for over_http.py: http_server httplib|beast bare|guarded. It prints `PORT ID SECRET`, then answers
// every GET by the same few bytes, guarded only to that client.

namespace {

namespace sp = sallyport;
namespace op = sallyport::openpanel;

constexpr std::string_view content = "[\"buy milk\"]";

struct guards {
    std::vector<bench::credentials> clients = bench::random_clients(1000);
    op::clients store = bench::store_of(clients);
    sp::authorizer<op::clients&, sp::rules<op::level, op::api>> gate{
        store, bench::rules_of(sp::quota::max_limit, std::chrono::seconds(1))};
};

void announce(int port, guards const& of) {
    std::printf("%d %.36s %.24s\n", port, of.clients[0].id.data(), of.clients[0].secret.data());
    std::fflush(stdout);
}

int serve_by_httplib(guards& of, bool guarded) {
    auto const answer = [](httplib::Request const&, httplib::Response& response) {
        response.set_content(content.data(), content.size(), "application/json");
    };
    sp::httplib::guard const guard{of.gate};
    httplib::Server server;
    sp::httplib::harden(server);
    server.set_keep_alive_max_count(1'000'000);  // the one client there is sends no bodies
    if (guarded) {
        server.Get("/notes", guard(op::api::insights, answer));
    } else {
        server.Get("/notes", answer);
    }
    announce(server.bind_to_any_port("127.0.0.1"), of);
    return server.listen_after_bind() ? 0 : 1;
}

namespace asio = boost::asio;
namespace http = boost::beast::http;

http::response<http::string_body> answer_to(http::request<http::string_body> const& asked, guards& of, bool guarded) {
    http::response<http::string_body> answer{http::status::ok, asked.version()};
    if (guarded) {
        auto const decision = of.gate.authorize({.headers = asked, .api = op::api::insights});
        sp::beast::write(sp::http::responder{}, decision, answer);
        if (!decision) return answer;
    }
    answer.set(http::field::content_type, "application/json");
    answer.body() = content;
    return answer;
}

/// A thread a connection.
void converse(asio::ip::tcp::socket socket, guards& of, bool guarded) {
    boost::beast::flat_buffer buffer;
    boost::system::error_code error;
    while (!error) {
        http::request<http::string_body> asked;
        http::read(socket, buffer, asked, error);
        if (error) return;
        auto answer = answer_to(asked, of, guarded);
        answer.keep_alive(asked.keep_alive());
        answer.prepare_payload();
        http::write(socket, answer, error);
    }
}

int serve_by_beast(guards& of, bool guarded) {
    asio::io_context context;
    asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    announce(acceptor.local_endpoint().port(), of);
    for (;;) {
        auto socket = acceptor.accept();
        socket.set_option(asio::ip::tcp::no_delay(true));
        std::thread([socket = std::move(socket), &of, guarded]() mutable {
            converse(std::move(socket), of, guarded);
        }).detach();
    }
}

}  // namespace

int main(int count, char** arguments) {
    std::string_view const library = count == 3 ? arguments[1] : "", how = count == 3 ? arguments[2] : "";
    if ((library != "httplib" && library != "beast") || (how != "bare" && how != "guarded")) {
        std::fputs("usage: http_server httplib|beast bare|guarded\n", stderr);
        return 2;
    }
    guards of;
    return library == "httplib" ? serve_by_httplib(of, how == "guarded") : serve_by_beast(of, how == "guarded");
}
