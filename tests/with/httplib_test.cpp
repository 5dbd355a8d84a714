#include "../catch.hpp"
#include "../header_source_conformance.hpp"

#include <sallyport/openpanel.hpp>
#include <sallyport/with/httplib.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace sp::literals;
using namespace std::chrono_literals;

namespace {

std::string request(std::string_view line, sent_lines const& fields = {}, std::string_view body = {}) {
    std::string bytes(line);
    bytes += " HTTP/1.1\r\nHost: localhost\r\n";
    for (auto const& [name, value] : fields) bytes += name + ": " + value + "\r\n";
    if (!body.empty()) bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return bytes.append("\r\n").append(body);
}

/// A server that listens on a loopback port for as long as this lives.
class listening {
public:
    explicit listening(httplib::Server& server) : server_(server), port_(server.bind_to_any_port("127.0.0.1")) {
        REQUIRE(port_ > 0);
        thread_ = std::thread([this] { server_.listen_after_bind(); });
        while (!server_.is_running()) std::this_thread::yield();
    }
    listening(listening const&) = delete;
    listening& operator=(listening const&) = delete;
    ~listening() {
        server_.stop();
        thread_.join();
    }

    int port() const { return port_; }

    /// Everything that comes back on one connection over which the first bytes are sent, the rest once an answer comes,
    /// and then a last request that asks for the end, whose answer is left out.
    std::string exchange(std::string_view first, std::string rest = {}) const {
        auto const socket = connect();
        send(socket, first);
        auto received = receive_some(socket);
        send(socket, rest + request("GET /the-end", {{"Connection", "close"}}));
        for (auto more = receive_some(socket); !more.empty(); more = receive_some(socket)) received += more;
        ::close(socket);
        return received.substr(0, received.rfind("HTTP/1.1 404 Not Found\r\n"));
    }

private:
    int connect() const {
        auto const socket = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port_));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(socket, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0);
        return socket;
    }

    /// As much as the other side takes: it may have closed by now.
    static void send(int socket, std::string_view bytes) {
        while (!bytes.empty()) {
            auto const sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    static std::string receive_some(int socket) {
        char buffer[4096];
        auto const size = ::recv(socket, buffer, sizeof buffer, 0);
        return {buffer, static_cast<std::size_t>(size > 0 ? size : 0)};
    }

    httplib::Server& server_;
    int port_;
    std::thread thread_;
};

std::string body_of(std::string const& received) { return received.substr(received.find("\r\n\r\n") + 4); }
bool has_status(std::string_view received, int status) {
    return received.starts_with("HTTP/1.1 " + std::to_string(status) + ' ');
}
bool has_line(std::string_view received, std::string const& line) {
    return received.find("\r\n" + line + "\r\n") != received.npos;
}

constexpr std::string_view refusal = R"({"error":"Unauthorized","message":"Invalid client credentials"})";

constexpr std::string_view id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60";
sent_lines const right{{"openpanel-client-id", std::string(id)}, {"openpanel-client-secret", "right"}};
sent_lines const wrong{{"openpanel-client-id", std::string(id)}, {"openpanel-client-secret", "wrong"}};

std::vector<op::client> records() {
    return {{.id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid,
             .level = op::level::read,
             .organization = "acme",
             .project = "shop",
             .secrets = {{sp::sha256_scheme::store("right")}, {sp::sha256_scheme::store("per%41cent")}}}};
}

/// A gate with one client.
struct guarded_server {
    sp::memory_clients<op::level, op::api> clients{records(), {{.id = "shop", .organization = "acme"}}};
    sp::authorizer<sp::memory_clients<op::level, op::api>&, sp::rules<op::level, op::api>> gate{clients, op::rules()};
    sp::httplib::guard<decltype(gate)> guarded{gate};
    httplib::Server server;
};

void say_yes(httplib::Request const&, httplib::Response& response) { response.set_content("yes", "text/plain"); }

struct headers_host {
    static httplib::Headers receive(sent_lines const& lines) { return {lines.begin(), lines.end()}; }
};

struct request_host {
    static httplib::Request receive(sent_lines const& lines) {
        httplib::Request made;
        made.headers = headers_host::receive(lines);
        return made;
    }
};

/// The lines as a handler sees them that were sent to a real server, without those that httplib adds.
struct loopback_host {
    static httplib::Headers receive(sent_lines const& lines) {
        httplib::Server server;
        httplib::Headers seen;
        server.Get("/", [&seen](httplib::Request const& asked, httplib::Response&) { seen = asked.headers; });
        REQUIRE(has_status(listening(server).exchange(request("GET /", lines)), 200));
        for (auto const* added : {"Host", "REMOTE_ADDR", "REMOTE_PORT", "LOCAL_ADDR", "LOCAL_PORT"}) seen.erase(added);
        return seen;
    }
};

}  // namespace

TEST_CASE("httplib's headers are a header source") { conforms_as_a_header_source<headers_host>(); }
TEST_CASE("a request of httplib is a header source") { conforms_as_a_header_source<request_host>(); }
TEST_CASE("the lines that a server of httplib receives are a header source") {
    conforms_as_a_header_source<loopback_host>();
}

TEST_CASE("a guarded handler is called for those whom the gate lets in, with the principal") {
    guarded_server host;
    host.server.Get("/export", host.guarded(op::api::export_, [](auto const&, auto& response, auto const& who) {
        response.set_content(who.project.view().data(), who.project.view().size(), "text/plain");
    }));
    listening const on(host.server);

    auto const granted = on.exchange(request("GET /export", right));
    CHECK(has_status(granted, 200));
    CHECK(body_of(granted) == "shop");
    CHECK(has_line(granted, "RateLimit: \"export\";r=99;t=10"));
    CHECK(has_line(granted, "Cache-Control: no-store"));

    auto const denied = on.exchange(request("GET /export", wrong));
    CHECK(has_status(denied, 401));
    CHECK(body_of(denied) == refusal);
    CHECK(has_line(denied, "WWW-Authenticate: ClientCredentials realm=\"api\""));
    CHECK(has_line(denied, "Content-Type: application/json; charset=utf-8"));
    CHECK(body_of(on.exchange(request("GET /export"))) == refusal);
}

TEST_CASE("a handler that was there before is guarded as it is") {
    guarded_server host;
    host.server.Get("/export", host.guarded(op::api::export_, say_yes));
    host.server.Get("/manage", host.guarded(op::api::manage, say_yes));
    listening const on(host.server);
    CHECK(body_of(on.exchange(request("GET /export", right))) == "yes");
    CHECK(has_status(on.exchange(request("GET /manage", right)), 401));
    CHECK(on.exchange(request("GET /manage", right)).find("may not use the manage API") != std::string::npos);
}

TEST_CASE("a HEAD is guarded as the GET is") {
    guarded_server host;
    host.server.Get("/export", host.guarded(op::api::export_, say_yes));
    listening const on(host.server);
    auto const denied = on.exchange(request("HEAD /export", wrong));
    CHECK(has_status(denied, 401));
    CHECK(body_of(denied).empty());
    CHECK(has_line(denied, "Content-Length: " + std::to_string(refusal.size())));
    CHECK(has_line(on.exchange(request("HEAD /export", right)), "RateLimit: \"export\";r=99;t=10"));
}

TEST_CASE("the project that a route names must be in the client's scope") {
    guarded_server host;
    host.server.Get(R"(/([^/]+)/(.*)/export)",
                    host.guarded(op::api::export_, sp::httplib::project_in_path{2}, say_yes));
    listening const on(host.server);
    CHECK(has_status(on.exchange(request("GET /p/shop/export", right)), 200));
    CHECK(has_status(on.exchange(request("GET /p/%73hop/export", right)), 200));
    for (auto const* path : {"/p/blog/export", "/p/shop%00/export", "/p//export", "/p/shop%2F/export"}) {
        INFO(path);
        auto const denied = on.exchange(request(std::string("GET ") + path, right));
        CHECK(has_status(denied, 401));
        CHECK(denied.find("scope") != std::string::npos);
    }
}

TEST_CASE("a refused body form and status are the host's choice") {
    guarded_server host;
    auto rules = op::rules();
    rules.when_not_allowed = sp::access_status::forbidden;
    sp::authorizer gate{host.clients, rules};
    sp::httplib::guard const guarded{gate, sp::http::responder<sp::http::problem_json>{.challenge = "Own"}};
    host.server.Get("/export", guarded(op::api::export_, say_yes));
    host.server.Get("/manage", guarded(op::api::manage, say_yes));
    listening const on(host.server);
    CHECK(has_line(on.exchange(request("GET /export", wrong)), "WWW-Authenticate: Own"));
    CHECK(has_line(on.exchange(request("GET /export", wrong)), "Content-Type: application/problem+json"));
    CHECK(has_status(on.exchange(request("GET /manage", right)), 403));
}

TEST_CASE("a decision's fields take the place of the server's own") {
    guarded_server host;
    host.server.set_default_headers({{"Cache-Control", "public"}, {"Content-Type", "text/html"}});
    host.server.Get("/export", host.guarded(op::api::export_, say_yes));
    listening const on(host.server);
    for (auto const& fields : {right, wrong}) {
        auto const answer = on.exchange(request("GET /export", fields));
        CHECK(has_line(answer, "Cache-Control: no-store"));
        CHECK(answer.find("public") == std::string::npos);
        CHECK(answer.find("text/html") == std::string::npos);
    }
}

TEST_CASE("the peer of a request is the socket's, whatever the request says") {
    httplib::Server server;
    sp::peer_address seen;
    server.Get("/", [&seen](httplib::Request const& asked, httplib::Response&) { seen = sp::httplib::peer_of(asked); });
    listening(server).exchange(request("GET /", {{"REMOTE_ADDR", "203.0.113.9"}, {"X-Forwarded-For", "203.0.113.9"}}));
    CHECK(seen == sp::peer_address::v4({127, 0, 0, 1}));
}

TEST_CASE("a secret is read percent-decoded, so that one with a percent sign is not what was sent") {
    guarded_server host;
    host.server.Get("/export", host.guarded(op::api::export_, say_yes));
    listening const on(host.server);
    auto const with_secret = [&on](std::string const& secret) {
        return on.exchange(request("GET /export", {right[0], {"openpanel-client-secret", secret}}));
    };
    CHECK(has_status(with_secret("right"), 200));
    CHECK(has_status(with_secret("%72igh%74"), 200));
    CHECK(has_status(with_secret("%20right%09"), 200));
    CHECK(has_status(with_secret("per%41cent"), 401));
    CHECK(has_status(with_secret("per%2541cent"), 200));
    CHECK(has_status(with_secret("%"), 401));
}

TEST_CASE("a Range does not cut a denial, as it cuts a 401 that a handler writes itself") {
    guarded_server host;
    host.server.Get("/guarded", host.guarded(op::api::export_, say_yes));
    host.server.Get("/by-hand", [](httplib::Request const&, httplib::Response& response) {
        response.status = 401;
        response.set_content(std::string(refusal), "application/json; charset=utf-8");
    });
    listening const on(host.server);
    auto const whole = on.exchange(request("GET /guarded", wrong));
    for (auto const* range : {"bytes=0-0", "bytes=5-", "bytes=-3", "bytes=100000-", "bytes=0-1,3-4"}) {
        INFO(range);
        auto ranged = wrong;
        ranged.emplace_back("Range", range);
        CHECK(on.exchange(request("GET /guarded", ranged)) == whole);
        CHECK(body_of(on.exchange(request("GET /by-hand", ranged))) != refusal);
    }
    auto ranged = right;
    ranged.emplace_back("Range", "bytes=0-0");
    CHECK(body_of(on.exchange(request("GET /guarded", ranged))) == "y");
}

TEST_CASE("every 401 before proof is byte for byte the same, whatever the request asks for beside it") {
    guarded_server host;
    host.server.Get("/export", host.guarded(op::api::export_, say_yes));
    listening const on(host.server);
    auto const one = on.exchange(request("GET /export"));
    for (sent_lines const& fields :
         {wrong, sent_lines{right[0]}, sent_lines{right[1]}, sent_lines{wrong[0], wrong[1], right[1]},
          sent_lines{{"openpanel-client-id", "none"}}}) {
        CHECK(on.exchange(request("GET /export", fields)) == one);
        auto encoded = fields;
        encoded.emplace_back("Accept-Encoding", "gzip, br");
        CHECK(on.exchange(request("GET /export", encoded)) == one);
    }
}

TEST_CASE("a body that nobody read is not served as the next request of a hardened server") {
    auto const inner = request("GET /inner", {{"Connection", "close"}});
    for (bool const hardened : {false, true}) {
        guarded_server host;
        std::atomic<int> served = 0;
        if (hardened) sp::httplib::harden(host.server);
        host.server.Get("/export", host.guarded(op::api::export_, say_yes));
        host.server.Options("/export", host.guarded(op::api::export_, say_yes));
        host.server.Get("/inner", [&served](httplib::Request const&, httplib::Response&) { ++served; });
        listening const on(host.server);
        for (auto const* method : {"GET /export", "HEAD /export", "OPTIONS /export"}) {
            INFO(method << (hardened ? ", hardened" : ", as httplib comes"));
            served = 0;
            auto with_length = wrong;
            with_length.emplace_back("Content-Length", std::to_string(inner.size()));
            auto const received = on.exchange(request(method, with_length), inner);
            CHECK(has_status(received, 401));
            CHECK(served == (hardened ? 0 : 1));
        }
    }
}

TEST_CASE("a guarded handler comes after the body, which an answer before the routing leaves to be served") {
    auto const inner = request("GET /inner", {{"Connection", "close"}});
    for (bool const before_routing : {false, true}) {
        guarded_server host;
        std::atomic<int> served = 0;
        auto const handler = host.guarded(op::api::export_, say_yes);
        host.server.Post("/export", handler);
        host.server.Get("/inner", [&served](httplib::Request const&, httplib::Response&) { ++served; });
        if (before_routing) {
            host.server.set_pre_routing_handler([&handler](httplib::Request const& asked, httplib::Response& response) {
                if (asked.path != "/export") return httplib::Server::HandlerResponse::Unhandled;
                handler(asked, response);
                return httplib::Server::HandlerResponse::Handled;
            });
        }
        listening const on(host.server);
        auto with_length = wrong;
        with_length.emplace_back("Content-Length", std::to_string(inner.size()));
        auto const head = request("POST /export", with_length);
        auto const received = before_routing ? on.exchange(head, inner) : on.exchange(head + inner);
        CHECK(has_status(received, 401));
        CHECK(served == (before_routing ? 1 : 0));
    }
}

TEST_CASE("a body of no known length is refused before it is read, since it would pass the payload limit") {
    std::string const chunked = "64\r\n" + std::string(100, 'x') + "\r\n0\r\n\r\n";
    auto const in_chunks = request("POST /", {{"Transfer-Encoding", "chunked"}}) + chunked;
    auto const of_two_lengths =
        request("POST /", {{"Transfer-Encoding", "chunked"}, {"Content-Length", "5"}}) + chunked;
    for (bool const hardened : {false, true}) {
        INFO((hardened ? "hardened" : "as httplib comes"));
        httplib::Server server;
        if (hardened) sp::httplib::harden(server);
        server.set_payload_max_length(10);
        std::atomic<std::size_t> read = 0;
        server.Post("/", [&read](httplib::Request const& asked, httplib::Response&) { read = asked.body.size(); });
        listening const on(server);
        CHECK(has_status(on.exchange(request("POST /", {}, std::string(100, 'x'))), 413));
        CHECK(read == 0);
        for (auto const& bytes : {in_chunks, of_two_lengths}) {
            read = 0;
            CHECK(has_status(on.exchange(bytes), hardened ? 411 : 200));
            CHECK(read == (hardened ? 0 : 100));
        }
        for (std::string const method : {"POST", "PUT", "PATCH", "PRI", "MADE-UP"}) {
            INFO(method);
            if (hardened) CHECK(has_status(on.exchange(request(method + " /")), method == "MADE-UP" ? 400 : 411));
        }
        CHECK(has_status(on.exchange(request("POST /", {}, "ten bytes!")), 200));
        CHECK(read == 10);
    }
}

TEST_CASE("a DELETE without a body passes, since httplib reads none where no length is given") {
    for (bool const hardened : {false, true}) {
        INFO((hardened ? "hardened" : "as httplib comes"));
        httplib::Server server;
        if (hardened) sp::httplib::harden(server);
        std::atomic<std::size_t> read = 1;
        server.Delete("/", [&read](httplib::Request const& asked, httplib::Response&) { read = asked.body.size(); });
        listening const on(server);
        CHECK(has_status(on.exchange(request("DELETE /")), 200));
        CHECK(read == 0);
        CHECK(has_status(on.exchange(request("DELETE /", {}, "a body")), 200));
        CHECK(read == 6);
    }
}

TEST_CASE("no second server can listen on a hardened one's port") {
    for (bool const hardened : {false, true}) {
        httplib::Server first;
        httplib::Server second;
        if (hardened) {
            sp::httplib::harden(first);
            sp::httplib::harden(second);
        }
        listening const on(first);
        CHECK(second.bind_to_port("127.0.0.1", on.port()) == !hardened);
        second.stop();
    }
}

TEST_CASE("a hardened server sends its answers at once") {
    for (bool const hardened : {false, true}) {
        httplib::Server server;
        if (hardened) sp::httplib::harden(server);
        listening const on(server);
        int found = 0;
        for (int descriptor = 0; descriptor < 1024; ++descriptor) {
            sockaddr_in address{};
            socklen_t size = sizeof address;
            if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
            if (ntohs(address.sin_port) != on.port()) continue;
            int no_delay = 0;
            socklen_t option_size = sizeof no_delay;
            REQUIRE(::getsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &no_delay, &option_size) == 0);
            CHECK((no_delay != 0) == hardened);
            ++found;
        }
        CHECK(found == 1);
    }
}
