// SPDX-License-Identifier: BSL-1.0
#include "catch.hpp"

#include <sallyport/exempt_peers.hpp>
#include <sallyport/trusted_proxies.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sp = sallyport;

namespace {

sp::exempt_peers const exempt({sp::cidr::make("10.0.0.0/8").value(), sp::cidr::make("2001:db8::/32").value()});

sp::peer_address peer(std::string_view text) { return sp::peer_address::parse(text); }

}  // namespace

TEST_CASE("a peer of one of the blocks is exempt, and nobody else") {
    CHECK(exempt.contains({.peer = peer("10.1.2.3")}));
    CHECK(exempt.contains({.peer = peer("2001:db8:5::1")}));
    CHECK_FALSE(exempt.contains({.peer = peer("11.0.0.1")}));
    CHECK_FALSE(sp::exempt_peers().contains({.peer = peer("10.1.2.3")}));
}

TEST_CASE("an address that could not be told is never exempt, though that of its proxy is") {
    CHECK_FALSE(exempt.contains({}));
    sp::trusted_proxies const proxies({sp::cidr::make("10.0.0.0/8").value()});
    using lines = std::vector<std::pair<std::string, std::string>>;
    for (auto const& headers :
         {lines{}, lines{{"X-Forwarded-For", "unknown"}}, lines{{"X-Forwarded-For", "rubbish"}}}) {
        CHECK_FALSE(exempt.contains(proxies.resolve(headers, peer("10.0.0.1"))));
    }
    CHECK(exempt.contains(proxies.resolve(lines{{"X-Forwarded-For", "2001:db8::7"}}, peer("10.0.0.1"))));
    CHECK_FALSE(exempt.contains(proxies.resolve(lines{{"X-Forwarded-For", "192.0.2.1"}}, peer("10.0.0.1"))));
}
