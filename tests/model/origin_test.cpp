// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "../sanitizer.hpp"

#include <sallyport/model/origin.hpp>

#include <cstddef>
#include <optional>
#include <random>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

using sallyport::origin_parts;
using sallyport::origin_pattern;

namespace {

constexpr bool reads_as(std::string_view text, std::string_view scheme, std::string_view host, std::string_view port) {
    auto const parts = origin_parts::parse(text);
    return parts && parts->scheme == scheme && parts->host == host && parts->port == port;
}

static_assert(reads_as("https://shop.example.com", "https", "shop.example.com", "443"));
static_assert(reads_as("http://shop.example.com", "http", "shop.example.com", "80"));
static_assert(reads_as("https://shop.example.com:8443", "https", "shop.example.com", "8443"));
static_assert(reads_as("HTTPS://Shop.Example.COM", "HTTPS", "Shop.Example.COM", "443"));
static_assert(reads_as("chrome-extension://abcdefgh", "chrome-extension", "abcdefgh", ""));
static_assert(reads_as("http://192.0.2.1:65535", "http", "192.0.2.1", "65535"));

static_assert(!origin_parts::parse("null"));
static_assert(!origin_parts::parse(""));
static_assert(!origin_parts::parse("shop.example.com"));
static_assert(!origin_parts::parse("//shop.example.com"));
static_assert(!origin_parts::parse("://shop.example.com"));
static_assert(!origin_parts::parse("https:shop.example.com"));
static_assert(!origin_parts::parse("https://"));
static_assert(!origin_parts::parse("https://:443"));
static_assert(!origin_parts::parse("https://shop.example.com/"));
static_assert(!origin_parts::parse("https://shop.example.com?a"));
static_assert(!origin_parts::parse("https://shop.example.com#a"));
static_assert(!origin_parts::parse("https://user@shop.example.com"));
static_assert(!origin_parts::parse("https://user:1@shop.example.com"));
static_assert(!origin_parts::parse("https://[2001:db8::1]"));
static_assert(!origin_parts::parse("https://[::1]:443"));
static_assert(!origin_parts::parse("https://shop.example.com https://shop.example.com"));
static_assert(!origin_parts::parse(" https://shop.example.com"));
static_assert(!origin_parts::parse("https://*.example.com"));
static_assert(!origin_parts::parse("https://shop_1.example.com"));
static_assert(
    !origin_parts::parse("https://b\xc3\xbc"
                         "cher.example"));
static_assert(!origin_parts::parse("1https://shop.example.com"));
static_assert(!origin_parts::parse("-://shop.example.com"));

// A port is written in one way: 1 to 65535 without leading zeros.
static_assert(!origin_parts::parse("https://shop.example.com:"));
static_assert(!origin_parts::parse("https://shop.example.com:0"));
static_assert(!origin_parts::parse("https://shop.example.com:0443"));
static_assert(!origin_parts::parse("https://shop.example.com:65536"));
static_assert(!origin_parts::parse("https://shop.example.com:4294967739"));
static_assert(!origin_parts::parse("https://shop.example.com:+443"));
static_assert(!origin_parts::parse("https://shop.example.com:443:443"));

std::string lower(std::string text) {
    for (auto& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return text;
}

/// The rules read aloud: an origin is scheme://host[:port] after lower-casing, the port of http and https has a
/// default, and what is left must be equal or, behind a star, the end of the host.
struct slow_model {
    struct parts {
        std::string scheme, host;
        int port = -1;
    };

    static std::optional<parts> read(std::string const& text) {
        static std::regex const form("([a-z][-a-z0-9+.]*)://([-a-z0-9.]+)(:([1-9][0-9]{0,4}))?");
        std::smatch found;
        auto const lowered = lower(text);
        if (!std::regex_match(lowered, found, form)) return std::nullopt;
        parts made{found[1], found[2]};
        if (made.scheme == "https") made.port = 443;
        if (made.scheme == "http") made.port = 80;
        if (found[4].matched) made.port = std::stoi(found[4]);
        if (made.port > 65535) return std::nullopt;
        return made;
    }

    /// `subdomains`: whether the pattern was written with a star before this origin's host.
    static bool matches(std::string const& listed, bool subdomains, std::string const& origin) {
        auto const ours = read(listed);
        auto const theirs = read(origin);
        if (!ours || !theirs || ours->scheme != theirs->scheme || ours->port != theirs->port) return false;
        if (!subdomains) return ours->host == theirs->host;
        auto const end = "." + ours->host;
        return theirs->host.size() > end.size() && theirs->host.ends_with(end);
    }
};

using generator = std::mt19937_64;

template <std::size_t N>
std::string one_of(generator& random, char const* const (&texts)[N]) {
    return texts[random() % N];
}

/// Origins out of few pieces, so that they often meet, with a change now and then.
std::string random_origin(generator& random, bool changed) {
    auto text = one_of(random, {"https", "https", "http", "HTTPS", "ws", "a+b"}) + "://" +
                one_of(random, {"", "", "", "shop.", "a.b.", "SHOP.", ".", "evil"}) +
                one_of(random, {"example.org", "example.org", "Example.ORG", "org", "example.com", "example.org."}) +
                one_of(random, {"", "", "", ":443", ":80", ":8443", ":0443", ":65536", ":"});
    constexpr std::string_view signs = "aZ9.-:/@*[]%# \\_+";
    if (changed && random() % 3 == 0) {
        auto const sign = random() % 8 == 0 ? static_cast<char>(random()) : signs[random() % signs.size()];
        if (random() % 2 == 0) {
            text[random() % text.size()] = sign;
        } else {
            text.insert(random() % (text.size() + 1), 1, sign);
        }
    }
    return text;
}

/// The same origin, or one below or beside it.
std::string with_prefix(std::string origin, generator& random) {
    if (auto const host = origin.find("://"); host != origin.npos) {
        origin.insert(host + 3, one_of(random, {"", "a.", "A.b.", "a", "-.", ".", "a/."}));
    }
    return origin;
}

}  // namespace

TEST_CASE("an origin matches whole: scheme, host and port") {
    origin_pattern const shop("https://shop.example.com");
    CHECK(shop.matches("https://shop.example.com"));
    CHECK_FALSE(shop.matches("http://shop.example.com"));
    CHECK_FALSE(shop.matches("http://shop.example.com:443"));
    CHECK_FALSE(shop.matches("https://shop.example.com:8443"));
    CHECK_FALSE(shop.matches("https://shop.example.com.evil.net"));
    CHECK_FALSE(shop.matches("https://evil.net/https://shop.example.com"));
    CHECK_FALSE(shop.matches("https://evilshop.example.com"));
    CHECK_FALSE(shop.matches("https://www.shop.example.com"));
    CHECK_FALSE(shop.matches("https://example.com"));
    CHECK_FALSE(shop.matches("https://shop.example.com."));
    CHECK_FALSE(shop.matches("https://shop.example.com/"));
    CHECK_FALSE(shop.matches("https://shop-example.com"));
    CHECK_FALSE(shop.matches("null"));
    CHECK_FALSE(shop.matches(""));
    using namespace std::string_view_literals;
    CHECK_FALSE(shop.matches("https://shop.example.com\0"sv));
}

TEST_CASE("an origin matches in either case") {
    CHECK(origin_pattern("https://shop.example.com").matches("HTTPS://SHOP.Example.Com"));
    CHECK(origin_pattern("HTTPS://SHOP.Example.Com").matches("https://shop.example.com"));
}

TEST_CASE("a port that is not named is the scheme's own") {
    CHECK(origin_pattern("https://shop.example.com").matches("https://shop.example.com:443"));
    CHECK(origin_pattern("https://shop.example.com:443").matches("https://shop.example.com"));
    CHECK(origin_pattern("http://shop.example.com:80").matches("http://shop.example.com"));
    CHECK_FALSE(origin_pattern("https://shop.example.com").matches("https://shop.example.com:80"));
    CHECK_FALSE(origin_pattern("https://shop.example.com").matches("https://shop.example.com:8443"));
    CHECK_FALSE(origin_pattern("https://shop.example.com:8443").matches("https://shop.example.com"));
    CHECK_FALSE(origin_pattern("ws://shop.example.com:80").matches("ws://shop.example.com"));
}

TEST_CASE("a star stands for every subdomain at any depth, and not for the domain itself") {
    origin_pattern const any("https://*.example.org");
    CHECK(any.matches("https://a.example.org"));
    CHECK(any.matches("https://a.b.c.example.org"));
    CHECK(any.matches("https://A.EXAMPLE.ORG"));
    CHECK_FALSE(any.matches("https://example.org"));
    CHECK_FALSE(any.matches("https://.example.org"));
    CHECK_FALSE(any.matches("https://evilexample.org"));
    CHECK_FALSE(any.matches("https://a.example.org.evil.net"));
    CHECK_FALSE(any.matches("https://a.example.com"));
    CHECK_FALSE(any.matches("http://a.example.org"));
    CHECK_FALSE(any.matches("https://a.example.org:8443"));
    CHECK_FALSE(any.matches("https://*.example.org"));
    CHECK(origin_pattern("https://*.example.org:8443").matches("https://a.example.org:8443"));
}

TEST_CASE("a listed origin of another form is an error that says what is expected") {
    for (std::string const text :
         {"", "null", "*", "shop.example.com", "https://", "https://*", "https://*.", "https://*.*.example.org",
          "https://a.*.example.org", "https://a*.example.org", "https://shop.example.com/",
          "https://u@shop.example.com", "https://[::1]", "https://shop.example.com:0443",
          "https://shop.example.com:99999", "*://shop.example.com"}) {
        CAPTURE(text);
        auto const made = origin_pattern::make(text);
        CHECK_FALSE(made);
        CHECK(made.message().find('"' + text + '"') != std::string::npos);
        CHECK(made.message().find("expected scheme://host[:port]") != std::string::npos);
        CHECK_THROWS_AS(origin_pattern(text), sallyport::setup_error);
    }
}

TEST_CASE("whatever the origin, it matches as the rules read") {
    generator random(1);
    std::size_t matched = 0;
    std::size_t refused_patterns = 0;
    constexpr std::size_t tries = 100'000 / haste;
    for (std::size_t i = 0; i < tries; ++i) {
        bool const subdomains = random() % 2 == 0;
        auto const listed = random_origin(random, i % 8 == 0);
        auto written = listed;
        if (auto const host = written.find("://"); subdomains && host != written.npos) written.insert(host + 3, "*.");
        auto const pattern = origin_pattern::make(written);
        if (!pattern) {
            if (slow_model::read(listed)) FAIL("refused: " << written);
            ++refused_patterns;
            continue;
        }
        auto const origin = random() % 2 == 0 ? random_origin(random, true) : with_prefix(listed, random);
        bool const matches = pattern.value().matches(origin);
        bool const starred = written != listed;
        if (matches != slow_model::matches(listed, starred, origin)) FAIL(written << " and " << origin);
        matched += matches;
    }
    CHECK(matched > tries / 100);
    CHECK(matched < tries / 2);
    CHECK(refused_patterns > tries / 100);
}
