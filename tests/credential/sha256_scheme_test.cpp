// SPDX-License-Identifier: BSL-1.0
#include "scheme_conformance.hpp"

#include <sallyport/credential/sha256_scheme.hpp>

#include <string>
#include <string_view>

using sallyport::sha256_scheme;

namespace {

// FIPS 180-2, appendix B.1.
constexpr std::string_view stored_abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static_assert(sallyport::hash_scheme<sha256_scheme>);
static_assert(sha256_scheme::cost == sallyport::scheme_cost::cheap);
static_assert(sha256_scheme::recognizes("sha256:") && sha256_scheme::recognizes("sha256:not hex"));
static_assert(!sha256_scheme::recognizes("sha256") && !sha256_scheme::recognizes("SHA256:00") &&
              !sha256_scheme::recognizes("hmac-sha256:00") && !sha256_scheme::recognizes(""));
static_assert(sha256_scheme::store("abc").digest.size() == 32 && sha256_scheme::store("abc").salt.empty());
static_assert(sha256_scheme::store("abc").id() != sha256_scheme::store("abd").id());

}  // namespace

TEST_CASE("sha256 is a hash scheme") {
    scheme_conformance::holds_for(sha256_scheme(), {"abc", stored_abc});
    scheme_conformance::holds_for(
        sha256_scheme(),
        {"sec_5b1e8d0c2f7a4e6990d3", "sha256:f20fbd00d6ea01d3d6e4fe25668ef38aa17ba308d7f87150dff8adb4f6300be9"});
}

TEST_CASE("the form under which a secret is stored is the one that its text reads as") {
    CHECK(sha256_scheme::store("abc").id() == sha256_scheme::parse(stored_abc).value().id());
    CHECK(std::ranges::equal(sha256_scheme::store("abc").digest_bytes(),
                             sha256_scheme::parse(stored_abc).value().digest_bytes()));
}

TEST_CASE("the sha256 form of the empty secret is refused when it is read, and said to be that") {
    // FIPS 180-4's digest of no message at all.
    std::string const text = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    CHECK(sha256_scheme::parse(text).message().find("empty secret") != std::string::npos);
}
