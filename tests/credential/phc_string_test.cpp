// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/credential/phc_string.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using sallyport::phc_reader;

namespace {

using bytes = sallyport::bounded_list<std::uint8_t, 4>;

constexpr bool reads_a_string() {
    phc_reader in("$x$a=10,b=0$AQID$BA");
    bytes salt{};
    bytes key{};
    in.expect("$x$");
    bool const numbers = in.number("a") == 10 && in.number(",b") == 0;
    in.bytes(salt, 1);
    in.bytes(key, 1);
    return numbers && in.done() && salt.size() == 3 && salt[2] == 3 && key.size() == 1 && key[0] == 4;
}
static_assert(reads_a_string());

bool is_number(std::string_view text, std::uint32_t wanted) {
    phc_reader in(text);
    return in.number() == wanted && in.done();
}

bool is_no_number(std::string_view text) {
    phc_reader in(text);
    return in.number() == 0 && !in.ok();
}

}  // namespace

TEST_CASE("a number of a PHC string is decimal, without leading zeros, of at most nine digits") {
    CHECK(is_number("0", 0));
    CHECK(is_number("7", 7));
    CHECK(is_number("19456", 19456));
    CHECK(is_number("999999999", 999999999));
    for (auto const* text : {"", "00", "01", "+1", "-1", " 1", "x", "a"}) {
        CAPTURE(text);
        CHECK(is_no_number(text));
    }
}

TEST_CASE("what follows a number is left for the next part, a tenth digit too") {
    for (std::string_view const text : {"1234567890", "1 ", "1.0", "1e3", "0x1"}) {
        CAPTURE(text);
        phc_reader in(text);
        static_cast<void>(in.number());
        CHECK(in.ok());
        CHECK_FALSE(in.done());
    }
}

TEST_CASE("once a part is not as expected, nothing that follows is read") {
    phc_reader in("$a$1$AQID");
    in.expect("$b$");
    CHECK_FALSE(in.ok());
    in.expect("$a$");
    CHECK(in.number() == 0);
    bytes salt{};
    in.bytes(salt, 0);
    CHECK(salt.empty());
    CHECK_FALSE(in.ok());
    CHECK_FALSE(in.done());
}

TEST_CASE("bytes stand behind a sign, are as many as are asked for, and fit") {
    auto const size_read = [](std::string_view text, std::size_t least) -> std::size_t {
        phc_reader in(text);
        bytes into{};
        in.bytes(into, least);
        if (!in.ok()) REQUIRE(into.empty());
        return in.ok() ? into.size() : 99;
    };
    CHECK(size_read("$AQID", 3) == 3);
    CHECK(size_read("$AQIDBA", 3) == 4);
    CHECK(size_read("$AQIDBA$", 3) == 4);
    CHECK(size_read("$", 0) == 0);
    CHECK(size_read("$AQID", 4) == 99);
    CHECK(size_read("$AQIDBAU", 1) == 99);
    CHECK(size_read("AQID", 1) == 99);
    CHECK(size_read("$AQ==", 1) == 99);
    CHECK(size_read("$AR", 1) == 99);
    CHECK(size_read("", 0) == 99);
}

TEST_CASE("salt and key are written as they are read") {
    sallyport::hash_form form{};
    for (std::uint8_t i = 1; i <= 16; ++i) static_cast<void>(form.salt.push_back(i));
    for (std::uint8_t i = 0; i < 32; ++i) static_cast<void>(form.digest.push_back(static_cast<std::uint8_t>(255 - i)));
    auto const text = sallyport::phc_salt_and_key(form);
    CHECK(text.starts_with("$AQIDBAUGBwgJCgsMDQ4PEA$"));
    sallyport::hash_form back{};
    phc_reader in(text);
    in.bytes(back.salt, 16);
    in.bytes(back.digest, 32);
    REQUIRE(in.done());
    CHECK(std::ranges::equal(back.salt_bytes(), form.salt_bytes()));
    CHECK(std::ranges::equal(back.digest_bytes(), form.digest_bytes()));
}
