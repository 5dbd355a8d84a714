#include "../catch.hpp"
#include "../header_source_conformance.hpp"

#include <sallyport/http/response.hpp>
#include <sallyport/openpanel.hpp>
#include <sallyport/with/beast.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http.hpp>

#include <string>
#include <string_view>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
namespace beast = boost::beast;

namespace {

using request = beast::http::request<beast::http::string_body>;
using response = beast::http::response<beast::http::string_body>;

struct fields_host {
    static beast::http::fields receive(sent_lines const& lines) {
        beast::http::fields made;
        for (auto const& [name, value] : lines) made.insert(name, value);
        return made;
    }
};

struct message_host {
    static request receive(sent_lines const& lines) {
        request made;
        for (auto const& [name, value] : lines) made.insert(name, value);
        return made;
    }
};

request parsed(std::string_view bytes) {
    beast::http::request_parser<beast::http::string_body> parser;
    parser.header_limit(16 << 20);
    parser.eager(true);
    beast::error_code error;
    parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    INFO(error.message());
    REQUIRE_FALSE(error);
    REQUIRE(parser.is_done());
    return parser.release();
}

op::decision denied(sp::denial_reason reason) {
    return op::decision::deny(sp::denial_for(reason, op::rules(), op::request{.api = op::api::export_}));
}

}  // namespace

TEST_CASE("Beast's fields are a header source") { conforms_as_a_header_source<fields_host>(); }
TEST_CASE("a request of Beast is a header source") { conforms_as_a_header_source<message_host>(); }

TEST_CASE("Beast's parser keeps repeated lines apart, and trims and decodes nothing that the gate would not") {
    auto const asked = parsed(
        "GET /export HTTP/1.1\r\nCLIENT-ID: an id\r\nClient-Id:\tan id \r\n"
        "client-secret: %41,\"sch\xc3\xbcssel\"\r\nOrigin: \r\nclient-secret:\r\n\r\n");
    CHECK(read_credentials(asked) == reading{"an id", "%41,\"sch\xc3\xbcssel\""});
    CHECK(read_credentials(parsed("GET / HTTP/1.1\r\nclient-id: a\r\nclient-id: b\r\n\r\n")).ambiguous);
}

TEST_CASE("the method and the target are views of what was sent") {
    auto const asked = parsed("PURGE /a%2Fb/../c?d=%20 HTTP/1.1\r\n\r\n");
    CHECK(sp::beast::method_of(asked) == "PURGE");
    CHECK(sp::beast::target_of(asked) == "/a%2Fb/../c?d=%20");
}

TEST_CASE("the peer of a request is its socket's address") {
    auto const peer = [](char const* text) { return sp::beast::peer_of(boost::asio::ip::make_address(text)); };
    CHECK(peer("203.0.113.9") == sp::peer_address::parse("203.0.113.9"));
    CHECK(peer("2001:db8::1") == sp::peer_address::parse("2001:db8::1"));
    CHECK(peer("::ffff:203.0.113.9") == sp::peer_address::parse("203.0.113.9"));
    boost::asio::ip::tcp::endpoint const from(boost::asio::ip::make_address("203.0.113.9"), 4711);
    CHECK(sp::beast::peer_of(from) == sp::peer_address::parse("203.0.113.9"));
}

TEST_CASE("a denial is a whole answer, in the place of what was there") {
    response answer;
    answer.set("Cache-Control", "public");
    answer.set("Content-Type", "text/html");
    answer.body() = "a page";
    sp::beast::write(sp::http::responder<>{}, denied(sp::denial_reason::wrong_secret), answer);
    CHECK(answer.result_int() == 401);
    CHECK(answer.body() == R"({"error":"Unauthorized","message":"Invalid client credentials"})");
    CHECK(answer["Cache-Control"] == "no-store");
    CHECK(answer["Content-Type"] == "application/json; charset=utf-8");
    CHECK(answer["WWW-Authenticate"] == "ClientCredentials realm=\"api\"");
    CHECK(answer.count("Cache-Control") == 1);
}

TEST_CASE("a grant adds its fields to the host's answer, and leaves the rest alone") {
    response answer;
    answer.result(beast::http::status::created);
    answer.set("Content-Type", "text/html");
    answer.body() = "a page";
    sp::beast::write(sp::http::responder<>{}, op::decision::grant({}), answer);
    CHECK(answer.result_int() == 201);
    CHECK(answer.body() == "a page");
    CHECK(answer["Content-Type"] == "text/html");
    CHECK(answer["Cache-Control"] == "no-store");
}
