// SPDX-License-Identifier: BSL-1.0
#include "../credential/scheme_conformance.hpp"
#include "../data/rows.hpp"

#include <sallyport/credential/sha256_scheme.hpp>
#include <sallyport/with/openssl.hpp>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using sallyport::openssl::openpanel_scrypt;
using verdict = sallyport::verification::verdict;

namespace {

static_assert(sallyport::hash_scheme<openpanel_scrypt>);
static_assert(openpanel_scrypt::cost == sallyport::scheme_cost::expensive);

// What is meant as this form has a dot, and none of the signs that other schemes' forms begin with.
static_assert(openpanel_scrypt::recognizes("00.00") && openpanel_scrypt::recognizes(".") &&
              openpanel_scrypt::recognizes("no.hex"));
static_assert(!openpanel_scrypt::recognizes("") && !openpanel_scrypt::recognizes("0000") &&
              !openpanel_scrypt::recognizes("sha256:00.00") &&
              !openpanel_scrypt::recognizes("$scrypt$ln=14,r=8,p=1$a.b$c"));

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

void is_refused(std::string const& text) { scheme_conformance::is_refused(openpanel_scrypt(), text); }

}  // namespace

TEST_CASE("openpanel_scrypt is a hash scheme") {
    auto const rows = rows_of("openpanel_scrypt.csv");
    auto const secret_of_first = text_of_hex(rows.at(0).at(0));
    REQUIRE(rows.at(0).at(2) == "accept");
    scheme_conformance::holds_for(openpanel_scrypt(), {secret_of_first, rows.at(0).at(1)});
}

TEST_CASE("what OpenPanel stored proves what OpenPanel accepts, and nothing else: the shared list") {
    sallyport::verifier<openpanel_scrypt, sallyport::sha256_scheme> const verifier;
    auto const rows = rows_of("openpanel_scrypt.csv");
    REQUIRE(rows.size() == 39);
    std::size_t accepted = 0;
    std::size_t empty = 0;
    for (auto const& row : rows) {
        CAPTURE(row);
        auto const presented = text_of_hex(row[0]);
        std::vector<sallyport::stored_secret> const secrets{verifier.parse(row[1]).value()};
        bool const wanted = row[2] == "accept";
        accepted += wanted;
        auto const seen = verifier.verify({.presented = presented, .secrets = secrets});
        CHECK(seen.derivations == 1);
        if (presented.empty()) {
            // It has a digest like any other, and proves nobody.
            CHECK(scheme_conformance::derives(openpanel_scrypt(), presented, secrets[0].hash) == wanted);
            CHECK(seen.outcome == verdict::wrong);
            empty += wanted;
        } else {
            CHECK(seen.outcome == (wanted ? verdict::proven : verdict::wrong));
        }
    }
    CHECK(accepted == 20);
    CHECK(empty == 1);
}

TEST_CASE("a form of OpenPanel's has a salt of 2 to 64 digits and a key of 64") {
    CHECK(openpanel_scrypt::parse(salt + '.' + key));
    CHECK(openpanel_scrypt::parse("00." + key));
    CHECK(openpanel_scrypt::parse(std::string(64, 'A') + '.' + key));
    is_refused('.' + key);
    is_refused("0." + key);
    is_refused("000." + key);
    is_refused(std::string(65, '0') + '.' + key);
    is_refused(std::string(66, '0') + '.' + key);
    is_refused(salt + key);
    is_refused(salt + "." + key.substr(2));
    is_refused(salt + ".0102");
    is_refused(salt + '.');
    is_refused(salt + '.' + key + "00");
    is_refused(salt + ".." + key);
    is_refused(salt + '.' + key + '.' + key);
    is_refused(salt + ':' + key);
    is_refused('0' + salt.substr(1) + "0x." + key);
}

TEST_CASE("what salts is the text of the digits: their case counts, as in what OpenPanel stores") {
    auto const lower = openpanel_scrypt::parse("ab." + key).value();
    auto const upper = openpanel_scrypt::parse("AB." + key).value();
    CHECK(lower.id() != upper.id());
    std::vector<std::uint8_t> from_lower(32);
    std::vector<std::uint8_t> from_upper(32);
    REQUIRE(openpanel_scrypt::derive(secret, lower, from_lower));
    REQUIRE(openpanel_scrypt::derive(secret, upper, from_upper));
    CHECK(from_lower != from_upper);
}

TEST_CASE("zero bytes behind a secret of up to 64 bytes are not seen, as they are not by OpenPanel") {
    auto const form = openpanel_scrypt::parse("ab." + key).value();
    std::vector<std::uint8_t> plain(32);
    std::vector<std::uint8_t> padded(32);
    REQUIRE(openpanel_scrypt::derive(secret, form, plain));
    REQUIRE(openpanel_scrypt::derive(std::string(secret) + '\0', form, padded));
    CHECK(plain == padded);
}

TEST_CASE("a form with too few of the digits is refused by the verifier in the scheme's words") {
    sallyport::verifier<openpanel_scrypt, sallyport::sha256_scheme> const verifier;
    CHECK(verifier.parse(salt + ".0102").message() == "expected " + std::string(openpanel_scrypt::form));
    CHECK(verifier.parse(salt + key).message() == "unknown stored form; this verifier reads " +
                                                      std::string(openpanel_scrypt::form) + "; " +
                                                      std::string(sallyport::sha256_scheme::form));
}

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
