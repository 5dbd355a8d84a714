// SPDX-License-Identifier: BSL-1.0
#include "argon2id_conformance.hpp"
#include "scrypt_conformance.hpp"

#include <sallyport/with/sodium.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using sallyport::sodium::argon2id;
using sallyport::sodium::argon2id_library;
using sallyport::sodium::scrypt_library;

static_assert(sallyport::hash_scheme<sallyport::sodium::openpanel_scrypt>);
static_assert(sallyport::hash_scheme<sallyport::sodium::scrypt> && sallyport::hash_scheme<argon2id>);

// The first, so that what it starts is all that has used the library.
TEST_CASE("libsodium is made ready by whichever thread is first") {
    std::array<std::string, 4> keys;
    {
        std::vector<std::jthread> threads;
        for (auto& key : keys) {
            threads.emplace_back(
                [&key] { key = scrypt_conformance::derived<scrypt_library>("password", "NaCl", 16, 1, 1); });
        }
    }
    CHECK(keys[0].size() == 128);
    for (auto const& key : keys) CHECK(key == keys[0]);
}

TEST_CASE("libsodium's scrypt holds what every scrypt does") { scrypt_conformance::holds_for<scrypt_library>(); }

TEST_CASE("libsodium's scrypt makes hash schemes") {
    scrypt_conformance::its_schemes_are_hash_schemes<scrypt_library>();
}

TEST_CASE("what OpenPanel stored proves by libsodium what OpenPanel accepts, and nothing else: the shared list") {
    scrypt_conformance::what_openpanel_stored_proves_what_openpanel_accepts_and_nothing_else<scrypt_library>();
}

TEST_CASE("libsodium's scrypt holds RFC 7914's largest vector", "[.long]") {
    scrypt_conformance::the_largest_vector_of_rfc_7914_holds<scrypt_library>();
}

TEST_CASE("libsodium's Argon2id holds the published vectors of one lane") {
    argon2id_conformance::the_vectors_of_libsodium_hold<argon2id_library>();
    argon2id_conformance::zero_bytes_count<argon2id_library>();
    argon2id_conformance::an_empty_password_is_one_wherever_it_points<argon2id_library>();
}

TEST_CASE("libsodium's Argon2id makes a hash scheme") {
    argon2id_conformance::its_scheme_is_a_hash_scheme<argon2id_library>();
}

TEST_CASE("what libsodium's Argon2id can't do is refused when it is read, and not done otherwise") {
    std::string const key = '$' + std::string(43, 'A');
    argon2id const scheme;
    auto const lanes = scheme.parse("$argon2id$v=19$m=64,t=1,p=2$AAECAwQFBgcICQoLDA0ODw" + key);
    CHECK(lanes.message() == "argon2id lanes that this library can't do; p of at most 1 is accepted");
    auto const salt = scheme.parse("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ" + key);
    CHECK(salt.message() == "an argon2id salt that this library can't take; 16 bytes are accepted");

    std::array<std::uint8_t, 32> out{};
    std::array<std::uint8_t, 17> const bytes{};
    auto const sixteen = std::span(bytes).first(16);
    CHECK(argon2id_library::argon2id("secret", sixteen, 8, 1, 1, out));
    CHECK_FALSE(argon2id_library::argon2id("secret", sixteen, 16, 1, 2, out));
    CHECK_FALSE(argon2id_library::argon2id("secret", sixteen.first(8), 8, 1, 1, out));
    CHECK_FALSE(argon2id_library::argon2id("secret", bytes, 8, 1, 1, out));
    CHECK_FALSE(argon2id_library::argon2id("secret", sixteen, 7, 1, 1, out));
    CHECK_FALSE(argon2id_library::argon2id("secret", sixteen, 8, 0, 1, out));
}
