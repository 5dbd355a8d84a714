// SPDX-License-Identifier: BSL-1.0
#include "scheme_conformance.hpp"

#include <sallyport/credential/hmac_scheme.hpp>
#include <sallyport/credential/sha256_scheme.hpp>
#include <sallyport/credential/verifier.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace {

using sallyport::hmac_scheme;
using sallyport::pepper;
using sallyport::secret;

// The HMAC-SHA-256 of "sec_5b1e8d0c2f7a4e6990d3" under each pepper, from another implementation.
constexpr std::string_view nameless = "hmac-sha256:40dbee269f0317106ec1a8f6bbe065bce2cd381dac80311eea48a73486b58f5a";
constexpr std::string_view named = "hmac-sha256:2026:d8cc2fa7faa540e81e8a43f70e9aa45c1f7ceefbd4b5a85281913b03e005f7e9";
constexpr std::string_view plain = "sec_5b1e8d0c2f7a4e6990d3";

std::vector<pepper> peppers(bool named_first) {
    std::vector<pepper> made;
    made.push_back({"", secret("0123456789abcdef")});
    made.push_back({"2026", secret("fedcba9876543210")});
    if (named_first) std::swap(made[0], made[1]);
    return made;
}

std::string why_not(std::string id, std::string_view key) {
    std::vector<pepper> given;
    given.push_back({"first", secret("0123456789abcdef")});
    given.push_back({std::move(id), secret(key)});
    return hmac_scheme::make(std::move(given)).message();
}

}  // namespace

TEST_CASE("hmac-sha256 is a hash scheme, with and without the name of a pepper") {
    static_assert(sallyport::hash_scheme<hmac_scheme>);
    scheme_conformance::holds_for(hmac_scheme(peppers(false)), {plain, nameless});
    scheme_conformance::holds_for(hmac_scheme(peppers(true)), {plain, named});
}

TEST_CASE("several peppers are known at once, so that one can take the other's place") {
    hmac_scheme const scheme(peppers(true));
    CHECK(scheme_conformance::derives(scheme, plain, scheme.parse(nameless).value()));
    CHECK(scheme_conformance::derives(scheme, plain, scheme.parse(named).value()));
    CHECK(std::ranges::equal(scheme.store(plain).digest_bytes(), scheme.parse(named).value().digest_bytes()));
}

TEST_CASE("what is stored says nothing without its pepper: under another one nothing is right") {
    auto const under = [](std::string_view key) {
        std::vector<sallyport::pepper> peppers;
        peppers.push_back({"", sallyport::secret(key)});
        return hmac_scheme(std::move(peppers));
    };
    auto const own = under("a pepper of sixteen bytes or more");
    auto const other = under("another pepper of sixteen bytes or more");
    CHECK(own.store("a secret").digest_bytes()[0] ==
          sallyport::crypto::hmac_sha256("a pepper of sixteen bytes or more", "a secret")[0]);
    auto const verified = [](hmac_scheme const& by, sallyport::hash_form const& form) {
        std::vector<sallyport::stored_secret> const secrets{{form}};
        return sallyport::verifier{by}.verify({.presented = "a secret", .secrets = secrets}).outcome;
    };
    CHECK(verified(own, own.store("a secret")) == sallyport::verification::verdict::proven);
    CHECK(verified(other, own.store("a secret")) == sallyport::verification::verdict::wrong);
}

TEST_CASE("a form is current if it is under the first pepper") {
    hmac_scheme const scheme(peppers(true));
    CHECK(scheme.is_current(scheme.parse(named).value()));
    CHECK_FALSE(scheme.is_current(scheme.parse(nameless).value()));
    hmac_scheme const before(peppers(false));
    CHECK_FALSE(before.is_current(before.parse(named).value()));
    CHECK(before.is_current(before.parse(nameless).value()));
}

TEST_CASE("the form of the empty secret is refused under each pepper, and said to be that") {
    // From another implementation, as above.
    hmac_scheme const scheme(peppers(true));
    for (std::string_view const text :
         {"hmac-sha256:496dc93fa2d26eae500ec0bc37a122706b88f8963cebf0899d0245fae313e241",
          "hmac-sha256:2026:7ce74df9339ee17771110e0002bb5765def3208dbd460ef8be618d5b761be1ce"}) {
        CHECK(scheme.parse(text).message().find("empty secret") != std::string::npos);
    }
}

TEST_CASE("a form that names a pepper which is not known here is refused when it is read") {
    std::vector<pepper> one;
    one.push_back({"2027", secret("0123456789abcdef")});
    hmac_scheme const scheme(std::move(one));
    CHECK_FALSE(scheme.parse(named));
    CHECK_FALSE(scheme.parse(nameless));
    CHECK_FALSE(scheme.parse("hmac-sha256::" + std::string(64, '0')));
}

TEST_CASE("without a pepper no form is read and no secret stored, and other schemes' attempts don't notice") {
    hmac_scheme const scheme;
    CHECK_FALSE(scheme.parse(named));
    CHECK_FALSE(scheme.parse(nameless));
    CHECK_THROWS_AS(scheme.store(plain), sallyport::setup_error);
    for (auto const outcome :
         {sallyport::verifier{sallyport::sha256_scheme(), scheme}.verify({.presented = plain}).outcome,
          sallyport::verifier{scheme, sallyport::sha256_scheme()}.verify({.presented = plain}).outcome}) {
        CHECK(outcome == sallyport::verification::verdict::wrong);
    }
}

TEST_CASE("a pepper that can't be one is named with what is accepted") {
    CHECK(hmac_scheme::make({}).message() == "hmac-sha256 needs a pepper");
    CHECK(why_not("short", "fifteen bytes..").find("pepper 2 is too short; at least 16 bytes") != std::string::npos);
    CHECK(why_not("first", "0123456789abcdef").find("pepper 2 has the name of one before it") != std::string::npos);
    CHECK(why_not("a:b", "0123456789abcdef").find("without a colon") != std::string::npos);
    CHECK(why_not(std::string(65, 'k'), "0123456789abcdef").find("at most 64 bytes") != std::string::npos);
    CHECK(why_not("second", "0123456789abcdef").empty());
    CHECK_THROWS_AS(hmac_scheme(std::vector<pepper>{}), sallyport::setup_error);
}
