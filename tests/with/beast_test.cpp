#include "../catch.hpp"
#include "../header_source_conformance.hpp"

#include <sallyport/openpanel.hpp>
#include <sallyport/with/beast.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
namespace http = boost::beast::http;
using namespace sp::literals;

namespace {

/// The lines in a container of Beast's.
template <class Container>
struct filled {
    static Container receive(sent_lines const& lines) {
        Container made;
        for (auto const& [name, value] : lines) made.insert(name, value);
        return made;
    }
};

constexpr auto reader = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid;

http::request<http::empty_body> parsed(std::string_view bytes) {
    http::request_parser<http::empty_body> parser;
    boost::beast::error_code problem;
    parser.put(boost::asio::buffer(bytes.data(), bytes.size()), problem);
    REQUIRE_FALSE(problem);
    return parser.release();
}

struct fixture {
    sp::memory_clients<op::level, op::api> clients{{{.id = reader,
                                                     .level = op::level::read,
                                                     .organization = "acme",
                                                     .project = "shop",
                                                     .secrets = {{sp::sha256_scheme::store("right")}}}}};
    sp::manual_clock clock;

    auto decide(op::api api, std::string_view secret) {
        http::request<http::empty_body> asked;
        asked.set("openpanel-client-id", "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60");
        asked.set("openpanel-client-secret", boost::beast::string_view(secret.data(), secret.size()));
        sp::authorizer gate{clients, op::rules(), clock};
        return gate.authorize({.headers = asked, .api = api});
    }
};

std::string text_of(http::response<http::string_body> const& answer) {
    std::ostringstream out;
    out << answer;
    return out.str();
}

}  // namespace

TEST_CASE("Beast's fields are a header source") { conforms_as_a_header_source<filled<http::fields>>(); }
TEST_CASE("a head of Beast's is a header source") { conforms_as_a_header_source<filled<http::request_header<>>>(); }
TEST_CASE("a request of Beast's is a header source") {
    conforms_as_a_header_source<filled<http::request<http::empty_body>>>();
}

TEST_CASE("repeated lines are seen apart, with the bytes that were sent") {
    auto const asked = parsed("GET / HTTP/1.1\r\nClient-ID: a%20b\r\nX: 1\r\nclient-id: \xc3\xa9,c\r\n\r\n");
    std::vector<std::pair<std::string, std::string>> seen;
    sp::header_view(asked).for_each(
        [&seen](std::string_view name, std::string_view value) { seen.emplace_back(name, value); });
    CHECK(seen == sent_lines{{"Client-ID", "a%20b"}, {"X", "1"}, {"client-id", "\xc3\xa9,c"}});
    CHECK_FALSE(sp::header_view(asked).joins_lines());
}

TEST_CASE("method and target are what was sent") {
    auto const asked = parsed("BREW /a%2Fb?c=%00 HTTP/1.1\r\n\r\n");
    CHECK(sp::beast::method_of(asked) == "BREW");
    CHECK(sp::beast::target_of(asked) == "/a%2Fb?c=%00");
    CHECK(sp::beast::method_of(parsed("GET / HTTP/1.1\r\n\r\n").base()) == "GET");
}

TEST_CASE("a peer is its endpoint's address, a mapped one the v4 that it is") {
    using boost::asio::ip::make_address;
    for (auto const* text : {"192.0.2.7", "2001:db8::7"}) {
        CHECK(sp::beast::peer_of(boost::asio::ip::tcp::endpoint(make_address(text), 80)) == sp::peer_address::parse(text));
    }
    CHECK(sp::beast::peer_of(make_address("::ffff:192.0.2.7")) == sp::peer_address::parse("192.0.2.7"));
}

TEST_CASE("a denial is written whole: status, fields and body") {
    fixture with;
    http::response<http::string_body> answer{http::status::ok, 11};
    answer.set(http::field::content_type, "text/plain");
    answer.body() = "what the host had there";
    sp::beast::write(sp::http::responder{}, with.decide(op::api::export_, "wrong"), answer);
    answer.prepare_payload();
    CHECK(text_of(answer) == "HTTP/1.1 401 Unauthorized\r\n"
                             "Content-Type: application/json; charset=utf-8\r\n"
                             "Cache-Control: no-store\r\n"
                             "WWW-Authenticate: ClientCredentials realm=\"api\"\r\n"
                             "Content-Length: 63\r\n\r\n"
                             "{\"error\":\"Unauthorized\",\"message\":\"Invalid client credentials\"}");
}

TEST_CASE("a grant adds its fields and leaves the host's answer as it is") {
    fixture with;
    http::response<http::string_body> answer{http::status::created, 11};
    answer.body() = "the host's own";
    sp::beast::write(sp::http::responder{}, with.decide(op::api::export_, "right"), answer);
    answer.prepare_payload();
    CHECK(text_of(answer) == "HTTP/1.1 201 Created\r\n"
                             "Cache-Control: no-store\r\n"
                             "RateLimit-Policy: \"export\";q=100;w=10\r\n"
                             "RateLimit: \"export\";r=99;t=10\r\n"
                             "X-RateLimit-Limit: 100\r\n"
                             "X-RateLimit-Remaining: 99\r\n"
                             "X-RateLimit-Reset: 10\r\n"
                             "Content-Length: 14\r\n\r\n"
                             "the host's own");
}

TEST_CASE("a decision is written in the form that the host chose") {
    fixture with;
    http::response<http::string_body> answer;
    sp::beast::write(sp::http::responder<sp::http::problem_json>{.explain = true}, with.decide(op::api::manage, "right"), answer);
    CHECK(sp::beast::view_of(answer[http::field::content_type]) == "application/problem+json");
    CHECK(answer.body().find("\"reason\":\"access_not_allowed\"") != std::string::npos);
}
