// SPDX-License-Identifier: BSL-1.0
// Wycheproof's vectors are read from where they lie; without them, or without a JSON reader, there is nothing to test.
#if defined(SALLYPORT_SHARED_DIR) && __has_include(<nlohmann/json.hpp>)

#    include "../catch.hpp"

#    include "hex_text.hpp"

#    include <sallyport/crypto/constant_time.hpp>
#    include <sallyport/crypto/hmac.hpp>
#    include <sallyport/crypto/siphash.hpp>

#    include <nlohmann/json.hpp>

#    include <cstddef>
#    include <cstdint>
#    include <fstream>
#    include <span>
#    include <string>
#    include <vector>

using namespace sallyport::crypto;

namespace {

std::string file_named(char const* name) { return std::string{SALLYPORT_SHARED_DIR "/vectors/wycheproof/"} + name; }

using bytes = std::vector<std::uint8_t>;

bytes bytes_of(nlohmann::json const& hex) {
    auto const text = hex.get<std::string>();
    bytes out(text.size() / 2);
    REQUIRE(decode_hex(text, out));
    return out;
}

// Every tag in the file is right exactly if the file says so. `make_tag` is given the key and the message.
template <class MakeTag>
void check_tags(char const* name, MakeTag make_tag) {
    auto const file = nlohmann::json::parse(std::ifstream{file_named(name)});
    std::size_t checked = 0;
    for (auto const& group : file.at("testGroups")) {
        for (auto const& test : group.at("tests")) {
            CAPTURE(test.at("tcId").get<int>(), test.at("comment").get<std::string>());
            auto const tag = make_tag(bytes_of(test.at("key")), bytes_of(test.at("msg")));
            bytes const given = bytes_of(test.at("tag"));
            REQUIRE(given.size() * 8 == group.at("tagSize").template get<std::size_t>());
            // A shorter tag is the beginning of the whole one.
            bool const same = constant_time_equal(std::span{tag}.first(given.size()), given);
            CHECK(same == (test.at("result") == "valid"));
            ++checked;
        }
    }
    CHECK(checked == file.at("numberOfTests").get<std::size_t>());
    CHECK(checked != 0);
}

constexpr char const* hmac_file = "hmac_sha256_test.json";
constexpr char const* siphash_file = "siphashx_2_4_test.json";

void check_hmac() {
    check_tags(hmac_file,
               [](bytes const& key, bytes const& message) { return hmac_sha256(as_text(key), as_text(message)); });
}

void check_siphash() {
    check_tags(siphash_file, [](bytes const& key, bytes const& message) {
        REQUIRE(key.size() == 16);
        return siphash_2_4_128(siphash_key_from(std::span{key}.first<16>()), message);
    });
}

[[maybe_unused]] bool const registered = [] {
    if (std::ifstream{file_named(hmac_file)}) {
        REGISTER_TEST_CASE(check_hmac, "hmac_sha256 tells Wycheproof's right tags from its wrong ones");
    }
    if (std::ifstream{file_named(siphash_file)}) {
        REGISTER_TEST_CASE(check_siphash, "siphash_2_4_128 gives Wycheproof's tags");
    }
    return true;
}();

}  // namespace

#endif
