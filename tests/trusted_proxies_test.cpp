// SPDX-License-Identifier: BSL-1.0
#include "catch.hpp"
#include "sanitizer.hpp"

#include <sallyport/trusted_proxies.hpp>

#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace sp = sallyport;

namespace {

using lines = std::vector<std::pair<std::string, std::string>>;

constexpr auto customary = sp::forwarded_field::x_forwarded_for;
constexpr auto standard = sp::forwarded_field::forwarded;

sp::peer_address address(std::string const& text) { return sp::peer_address::parse(text); }

sp::caller resolve(sp::forwarded_field field, lines const& headers, std::string const& socket = "10.0.0.1") {
    sp::trusted_proxies const proxies({sp::cidr::make("10.0.0.0/8").value(), sp::cidr::make("fd00::/8").value()},
                                      field);
    return proxies.resolve(headers, address(socket));
}

sp::caller by_customary(std::string const& value) { return resolve(customary, {{"X-Forwarded-For", value}}); }
sp::caller by_standard(std::string const& value) { return resolve(standard, {{"Forwarded", value}}); }

void check(sp::caller const& found, std::string const& peer, bool resolved = true) {
    CHECK(found.peer == address(peer));
    CHECK(found.resolved == resolved);
}

}  // namespace

TEST_CASE("a peer that is no trusted proxy is the caller, whatever it says") {
    lines const headers{
        {"X-Forwarded-For", "1.2.3.4"}, {"Forwarded", "for=1.2.3.4;proto=https"}, {"X-Forwarded-Proto", "https"}};
    for (auto const field : {customary, standard}) {
        auto const found = resolve(field, headers, "203.0.113.9");
        check(found, "203.0.113.9");
        CHECK(found.https == std::nullopt);
    }
}

TEST_CASE("without trusted proxies nobody is believed") {
    auto const found = sp::trusted_proxies().resolve(lines{{"X-Forwarded-For", "1.2.3.4"}}, address("10.0.0.1"));
    check(found, "10.0.0.1");
}

TEST_CASE("the address nearest to the trusted proxies is the caller, not what the caller wrote before it") {
    check(by_customary("1.2.3.4"), "1.2.3.4");
    check(by_customary("6.6.6.6, 1.2.3.4"), "1.2.3.4");
    check(by_standard("for=6.6.6.6, for=1.2.3.4"), "1.2.3.4");
}

TEST_CASE("trusted hops are passed from right to left") {
    check(by_customary("6.6.6.6, 1.2.3.4, 10.1.1.1, 10.2.2.2"), "1.2.3.4");
    check(by_customary("10.1.1.1"), "10.1.1.1");
    check(by_standard("for=1.2.3.4, for=\"[fd00::7]\""), "1.2.3.4");
}

TEST_CASE("several lines read as one, in their order") {
    check(resolve(customary, {{"X-Forwarded-For", "6.6.6.6"}, {"Accept", "*/*"}, {"x-forwarded-for", "1.2.3.4"}}),
          "1.2.3.4");
    check(resolve(standard, {{"Forwarded", "for=6.6.6.6"}, {"forwarded", "for=1.2.3.4, for=10.1.1.1"}}), "1.2.3.4");
}

TEST_CASE("only the field that the host names is read, since a proxy passes the caller's other through") {
    check(resolve(customary, {{"Forwarded", "for=6.6.6.6"}}), "10.0.0.1", false);
    check(resolve(standard, {{"X-Forwarded-For", "6.6.6.6"}}), "10.0.0.1", false);
    check(resolve(customary,
                  {{"openpanel-client-ip", "6.6.6.6"}, {"X-Real-IP", "6.6.6.6"}, {"CF-Connecting-IP", "6.6.6.6"}}),
          "10.0.0.1", false);
}

TEST_CASE("ports and brackets are no part of the address") {
    check(by_customary("1.2.3.4:8080"), "1.2.3.4");
    check(by_customary("[2001:db8::1]:8080"), "2001:db8::1");
    check(by_customary("[2001:db8::1]"), "2001:db8::1");
    check(by_customary("2001:db8::1"), "2001:db8::1");
    check(by_standard("for=\"1.2.3.4:8080\""), "1.2.3.4");
    check(by_standard("for=\"[2001:db8::1]:_secret.port-1\""), "2001:db8::1");
}

TEST_CASE("a separator within quotes separates nothing") {
    check(by_standard("for=1.2.3.4;by=10.0.0.1;note=\"a, b; for=6.6.6.6\""), "1.2.3.4");
    check(by_standard("note=\"x, y\";for=1.2.3.4, for=10.1.1.1;note=\"a,b\""), "1.2.3.4");
}

TEST_CASE("a v4 address mapped into v6 is the v4 address") {
    check(by_customary("::ffff:1.2.3.4"), "1.2.3.4");
    check(by_standard("for=\"[::ffff:1.2.3.4]\""), "1.2.3.4");
}

TEST_CASE("what can't be read leaves the last address that could be trusted, and is said to be unresolved") {
    for (std::string const node :
         {"unknown", "_hidden", "1.2.3", "1.2.3.4:", "1.2.3.4:99999x", "1.2.3.4:123456", "[::1", "[::1]x", "[1.2.3.4]",
          "::1]", "\"1.2.3.4\"x", "%31.2.3.4", "1.2.3.4;", "01.2.3.4", "1.2.3.4:_"}) {
        CAPTURE(node);
        check(by_customary("6.6.6.6, " + node + ", 10.7.7.7"), "10.7.7.7", false);
        check(by_standard("for=6.6.6.6, for=\"" + node + "\", for=10.7.7.7"), "10.7.7.7", false);
    }
    check(by_standard("for=1.1.1.1;for=2.2.2.2"), "10.0.0.1", false);
    check(by_standard("proto=https;by=10.0.0.1"), "10.0.0.1", false);
    check(by_standard("for"), "10.0.0.1", false);
}

TEST_CASE("a trusted proxy that says nothing leaves its own address, unresolved") {
    check(resolve(customary, {}), "10.0.0.1", false);
    check(by_customary(""), "10.0.0.1", false);
    check(by_customary(" , ,"), "10.0.0.1", false);
}

TEST_CASE("a quote that a caller left open can't swallow what the proxy wrote after it") {
    check(by_customary("\"6.6.6.6, 1.2.3.4"), "1.2.3.4");
    check(by_standard("for=\", for=1.2.3.4"), "1.2.3.4");
    check(by_standard("for=\"6.6.6.6, for=\"[2001:db8::1]\""), "2001:db8::1");
}

TEST_CASE("what a proxy repeats of its caller in a quoted string, escapes and all, is no element and no pair") {
    auto const repeated = by_standard(R"(for=203.0.113.7;proto=http;host="a\", for=6.6.6.6;proto=https;x=\"b")");
    check(repeated, "203.0.113.7");
    CHECK(repeated.https == false);
    CHECK(by_standard(R"(host="a\";proto=https;x=\"b";for=203.0.113.7)").https == std::nullopt);
    check(by_standard(R"(for=6.6.6.6, for=203.0.113.7;host="a\\", for=10.0.0.2)"), "203.0.113.7");
    check(by_standard(R"(for=6.6.6.6, for=203.0.113.7;host="\\\", for=6.6.6.6")"), "203.0.113.7");
}

TEST_CASE("the scheme is what exactly one value of a trusted proxy says") {
    auto const https = [](std::vector<std::string> const& values) {
        lines headers{{"X-Forwarded-For", "1.2.3.4"}};
        for (auto const& value : values) headers.emplace_back("X-Forwarded-Proto", value);
        return resolve(customary, headers).https;
    };
    CHECK(https({"https"}) == std::optional(true));
    CHECK(https({" HTTPS "}) == std::optional(true));
    CHECK(https({"http"}) == std::optional(false));
    CHECK(https({}) == std::nullopt);
    CHECK(https({"https, http"}) == std::nullopt);
    CHECK(https({"https", "https"}) == std::nullopt);
    CHECK(https({"wss"}) == std::nullopt);
    CHECK(by_standard("for=1.2.3.4;proto=https").https == std::optional(true));
    CHECK(by_standard("for=1.2.3.4;proto=http;proto=https").https == std::nullopt);
    CHECK(by_standard("for=6.6.6.6;proto=https, for=1.2.3.4").https == std::nullopt);

    sp::trusted_proxies const proxies({sp::cidr::make("10.0.0.0/8").value()});
    auto const claimed = lines{{"X-Forwarded-For", "1.2.3.4"}, {"X-Forwarded-Proto", "https"}};
    auto const stranger = address("192.0.2.1");
    CHECK(proxies.resolve(claimed, stranger).https == std::nullopt);
    CHECK(proxies.resolve(claimed, stranger, false).https == std::optional(false));
    CHECK(proxies.resolve(lines{}, stranger, true).https == std::optional(true));
    CHECK(proxies.resolve(lines{{"X-Forwarded-For", "1.2.3.4"}}, address("10.0.0.1"), true).https == std::nullopt);
}

TEST_CASE("a chain longer than any real one ends at an address that is trusted, and costs no more than its length") {
    std::string chain = "6.6.6.6";
    for (int i = 0; i < 10'000; ++i) chain += ", 10.0.0.2";
    check(by_customary(chain), "6.6.6.6");
    lines many{{"X-Forwarded-For", "6.6.6.6"}};
    for (int i = 0; i < 10'000; ++i) many.emplace_back("X-Forwarded-For", "10.0.0.2");
    CHECK(resolve(customary, many).peer == address("10.0.0.2"));
}

TEST_CASE("whatever a caller writes before it, the address that the proxy appends is found") {
    std::mt19937 random(7);
    std::string const alphabet = "\",;=:[]. \t_%\\for19a/";
    for (int round = 0; round < 100'000 / haste; ++round) {
        std::string forged;
        for (auto size = random() % 24; size > 0; --size) forged += alphabet[random() % alphabet.size()];
        CAPTURE(forged);
        REQUIRE(by_customary(forged + ", 1.2.3.4").peer == address("1.2.3.4"));
        REQUIRE(by_standard(forged + ", for=1.2.3.4").peer == address("1.2.3.4"));
    }
}
