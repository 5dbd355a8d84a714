// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include "hex_text.hpp"

#include <sallyport/crypto/hmac.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

using namespace sallyport::crypto;

namespace {

constexpr std::string_view question = "what do ya want for nothing?";
static_assert(is_hex(hmac_sha256("Jefe", question),
                     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
static_assert(is_hex(hmac_sha256("", ""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"));

}  // namespace

TEST_CASE("hmac_sha256 gives the tags of RFC 4231") {
    auto const tag = [](std::string_view key, std::string_view message) { return hex_text(hmac_sha256(key, message)); };
    std::string const long_key(131, '\xaa');

    CHECK(tag(std::string(20, '\x0b'), "Hi There") ==
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK(tag("Jefe", question) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(tag(std::string(20, '\xaa'), std::string(50, '\xdd')) ==
          "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    CHECK(tag(as_text(counting_bytes(25, 1)), std::string(50, '\xcd')) ==
          "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    // The RFC prints only the first 128 bits of its fifth tag.
    CHECK(tag(std::string(20, '\x0c'), "Test With Truncation").substr(0, 32) == "a3b6167473100ee06e0c796c2955552b");
    CHECK(tag(long_key, "Test Using Larger Than Block-Size Key - Hash Key First") ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    CHECK(tag(long_key,
              "This is a test using a larger than block-size key and a larger than block-size data. "
              "The key needs to be hashed before being used by the HMAC algorithm.") ==
          "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST_CASE("a key of exactly a block is used as it is, and one byte more as its digest") {
    // Made with Python's hmac.
    std::pair<std::size_t, std::string_view> const tags[]{
        {63, "730e71b9a7e71d1b66da50516a9c060b127a5eb3e3ed22d1deaac1317e47bba0"},
        {64, "dd87978ab8161143b95f879b27686ef18e76666b661a703144066d5e572ecaad"},
        {65, "d3a759596d3700d02d5d3ee0c6d378ae07067f2498463f7195d52d2c042ec1b1"}};
    for (auto const& [size, tag] : tags) {
        CAPTURE(size);
        auto const key = counting_bytes(size);
        CHECK(hex_text(hmac_sha256(as_text(key), "key of about a block")) == tag);
    }
}
