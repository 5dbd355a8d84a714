// SPDX-License-Identifier: BSL-1.0
#include "argon2id_conformance.hpp"
#include "scrypt_conformance.hpp"

#include <sallyport/with/openssl.hpp>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using sallyport::openssl::openpanel_scrypt;
using sallyport::openssl::scrypt_library;
using verdict = sallyport::verification::verdict;

namespace {

static_assert(sallyport::hash_scheme<openpanel_scrypt>);
static_assert(sallyport::hash_scheme<sallyport::openssl::scrypt>);

// OpenSSL takes its memory from here, so that it can be short of it.
std::atomic<std::size_t> most_memory = SIZE_MAX;

void* take(std::size_t size, char const*, int) { return size > most_memory ? nullptr : std::malloc(size); }
void* take_more(void* block, std::size_t size, char const*, int) {
    return size > most_memory ? nullptr : std::realloc(block, size);
}
void give_back(void* block, char const*, int) { std::free(block); }

bool const memory_is_ours = CRYPTO_set_mem_functions(take, take_more, give_back) == 1;

struct short_of_memory {
    short_of_memory() { most_memory = std::size_t{1} << 20; }
    short_of_memory(short_of_memory const&) = delete;
    short_of_memory& operator=(short_of_memory const&) = delete;
    ~short_of_memory() { most_memory = SIZE_MAX; }
};

constexpr std::string_view secret = "sec_0a97c5e1f2b3d4a6";
std::string const salt(32, '5');
std::string const key(64, '0');

}  // namespace

TEST_CASE("OpenSSL's scrypt holds what every scrypt does") { scrypt_conformance::holds_for<scrypt_library>(); }

TEST_CASE("OpenSSL's scrypt makes hash schemes") { scrypt_conformance::its_schemes_are_hash_schemes<scrypt_library>(); }

TEST_CASE("what OpenPanel stored proves by OpenSSL what OpenPanel accepts, and nothing else: the shared list") {
    scrypt_conformance::what_openpanel_stored_proves_what_openpanel_accepts_and_nothing_else<scrypt_library>();
}

TEST_CASE("OpenSSL's scrypt holds RFC 7914's largest vector", "[.long]") {
    scrypt_conformance::the_largest_vector_of_rfc_7914_holds<scrypt_library>();
}

TEST_CASE("costs of more than the 32 MiB that OpenSSL allows of itself are verified, if the ceiling has them") {
    sallyport::openssl::scrypt const scheme;
    auto form = sallyport::scrypt_costs{.ln = 16, .r = 8, .p = 1}.blank(scheme.name);  // 64 MiB
    for (int i = 0; i < 16; ++i) static_cast<void>(form.salt.push_back(0));
    for (int i = 0; i < 32; ++i) static_cast<void>(form.digest.push_back(0));
    REQUIRE(scheme.parse(scheme.text(form)));
    std::vector<std::uint8_t> out(32);
    CHECK(scheme.derive(secret, form, out));
}

#if defined(SALLYPORT_OPENSSL_HAS_ARGON2ID)
TEST_CASE("OpenSSL's Argon2id makes a hash scheme, and holds the published vectors") {
    using library = sallyport::openssl::argon2id_library;
    argon2id_conformance::its_scheme_is_a_hash_scheme<library>();
    argon2id_conformance::the_vectors_of_libsodium_hold<library>();
    argon2id_conformance::zero_bytes_count<library>();
    argon2id_conformance::an_empty_password_is_one_wherever_it_points<library>();

    // The reference implementation's src/test.c: "password" and "somesalt", a salt of 8 bytes, in one lane and in two.
    argon2id_conformance::holds<library>({.password = "70617373776f7264",
                                          .salt = "736f6d6573616c74",
                                          .costs = {.m = 256, .t = 2, .p = 1},
                                          .key = "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"});
    argon2id_conformance::holds<library>({.password = "70617373776f7264",
                                          .salt = "736f6d6573616c74",
                                          .costs = {.m = 256, .t = 2, .p = 2},
                                          .key = "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"});
}
#endif

TEST_CASE("a verification for which there is no memory has failed: it proves nobody and calls nobody wrong") {
    REQUIRE(memory_is_ours);
    sallyport::verifier<openpanel_scrypt> const verifier;
    std::vector<sallyport::stored_secret> const secrets{verifier.parse(salt + '.' + key).value()};
    ERR_clear_error();
    {
        short_of_memory const now;
        CHECK(verifier.verify({.presented = secret, .secrets = secrets}).outcome == verdict::failed);
        CHECK(verifier.verify({.presented = secret}).outcome == verdict::failed);
    }
    CHECK(verifier.verify({.presented = secret, .secrets = secrets}).outcome == verdict::wrong);
    CHECK(verifier.verify({.presented = secret}).outcome == verdict::wrong);
}

TEST_CASE("a verification that failed leaves nothing in OpenSSL's queue of errors, and takes nothing out") {
    REQUIRE(memory_is_ours);
    ERR_clear_error();
    auto const form = openpanel_scrypt::decoy();
    std::vector<std::uint8_t> out(32);
    {
        short_of_memory const now;
        CHECK_FALSE(openpanel_scrypt::derive(secret, form, out));
    }
    CHECK(ERR_peek_error() == 0);

    ERR_raise(ERR_LIB_USER, 7);
    {
        short_of_memory const now;
        CHECK_FALSE(openpanel_scrypt::derive(secret, form, out));
    }
    CHECK(ERR_GET_REASON(ERR_get_error()) == 7);
    CHECK(ERR_peek_error() == 0);
}
