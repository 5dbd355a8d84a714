// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../credential/scheme_conformance.hpp"
#include "../crypto/hex_text.hpp"
#include "../data/rows.hpp"

#include <sallyport/credential/scrypt_schemes.hpp>
#include <sallyport/credential/sha256_scheme.hpp>
#include <sallyport/credential/verifier.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What every library's scrypt has to hold.
namespace scrypt_conformance {

namespace sp = sallyport;

/// A published vector: N, r and p, and the key of 64 bytes.
struct vector {
    std::string_view password;
    std::string_view salt;
    std::uint64_t n;
    std::uint32_t r;
    std::uint32_t p;
    std::string_view key;
};

template <sp::scrypt_function Library>
std::string derived(std::string_view password, std::string_view salt, std::uint64_t n, std::uint32_t r,
                    std::uint32_t p) {
    std::array<std::uint8_t, 64> key{};
    std::vector<std::uint8_t> const salt_bytes(salt.begin(), salt.end());
    return Library::scrypt(password, salt_bytes, n, r, p, key) ? hex_text(key) : "failed";
}

template <sp::scrypt_function Library>
void the_vectors_of_rfc_7914_hold() {
    for (auto const& [password, salt, n, r, p, key] :
         {vector{
              "", "", 16, 1, 1,
              "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb"
              "2e0d3628cf35e20c38d18906"},
          vector{
              "password", "NaCl", 1024, 8, 16,
              "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb9"
              "4a83ee6d8360cbdfa2cc0640"},
          vector{
              "pleaseletmein", "SodiumChloride", 16384, 8, 1,
              "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc"
              "0d651e40dfcf017b45575887"}}) {
        CAPTURE(password);
        CHECK(derived<Library>(password, salt, n, r, p) == key);
    }
}

/// It takes a gibibyte, and seconds.
template <sp::scrypt_function Library>
void the_largest_vector_of_rfc_7914_holds() {
    CHECK(derived<Library>("pleaseletmein", "SodiumChloride", 1048576, 8, 1) ==
          "2101cb9b6a511aaeaddbbe09cf70f881ec568d574a2ffd4dabe5ee9820adaa478e56fd8f4ba5d09ffa1c6d927c40f4c3"
          "37304049e8a952fbcbf45c6fa77a41a4");
}

template <sp::scrypt_function Library>
void its_schemes_are_hash_schemes() {
    auto const rows = rows_of("openpanel_scrypt.csv");
    REQUIRE(rows.at(0).at(2) == "accept");
    scheme_conformance::holds_for(sp::openpanel_scrypt_scheme<Library>(),
                                  {text_of_hex(rows.at(0).at(0)), rows.at(0).at(1)});

    // Made by Python's hashlib.
    scheme_conformance::holds_for(
        sp::scrypt_scheme<Library>({.ln = 10, .r = 8, .p = 1}),
        {"sec_5b1e8d0c2f7a4e6990d3",
         "$scrypt$ln=10,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$eLHrjSF6v3zZ9W1CtjNqylBHSruRKgg1H/Is5A/R0KY"});
}

template <sp::scrypt_function Library>
void a_vector_of_rfc_7914_is_read_as_a_stored_form() {
    sp::verifier const verifier{sp::scrypt_scheme<Library>()};
    std::vector<sp::stored_secret> const secrets{
        verifier
            .parse("$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LU"
                   "lwUkKpr55h6F3A1lHkDfzwF7RVdYhw")
            .value()};
    auto const seen = verifier.verify({.presented = "pleaseletmein", .secrets = secrets});
    CHECK(seen.outcome == sp::verification::verdict::proven);
}

template <sp::scrypt_function Library>
void what_openpanel_stored_proves_what_openpanel_accepts_and_nothing_else() {
    using scheme = sp::openpanel_scrypt_scheme<Library>;
    using verdict = sp::verification::verdict;
    sp::verifier<scheme, sp::sha256_scheme> const verifier;
    auto const rows = rows_of("openpanel_scrypt.csv");
    REQUIRE(rows.size() == 39);
    std::size_t accepted = 0;
    std::size_t empty = 0;
    for (auto const& row : rows) {
        CAPTURE(row);
        auto const presented = text_of_hex(row[0]);
        std::vector<sp::stored_secret> const secrets{verifier.parse(row[1]).value()};
        bool const wanted = row[2] == "accept";
        accepted += wanted;
        auto const seen = verifier.verify({.presented = presented, .secrets = secrets});
        CHECK(seen.derivations == 1);
        if (presented.empty()) {
            // It has a digest like any other, and proves nobody.
            CHECK(scheme_conformance::derives(scheme(), presented, secrets[0].hash) == wanted);
            CHECK(seen.outcome == verdict::wrong);
            empty += wanted;
        } else {
            CHECK(seen.outcome == (wanted ? verdict::proven : verdict::wrong));
        }
    }
    CHECK(accepted == 20);
    CHECK(empty == 1);
}

template <sp::scrypt_function Library>
void what_salts_is_the_text_of_the_digits_whose_case_counts() {
    using scheme = sp::openpanel_scrypt_scheme<Library>;
    std::string const key(64, '0');
    std::vector<std::uint8_t> from_lower(32);
    std::vector<std::uint8_t> from_upper(32);
    REQUIRE(scheme::derive("a secret", scheme::parse("ab." + key).value(), from_lower));
    REQUIRE(scheme::derive("a secret", scheme::parse("AB." + key).value(), from_upper));
    CHECK(from_lower != from_upper);
}

template <sp::scrypt_function Library>
void zero_bytes_behind_a_secret_of_up_to_64_bytes_are_not_seen() {
    auto const of = [](std::string const& secret) { return derived<Library>(secret, "0123456789", 16, 1, 1); };
    std::string const secret(63, 's');
    CHECK(of(secret) == of(secret + '\0'));
    CHECK(of(secret) != of(secret + std::string(2, '\0')));
    CHECK(of(secret) != of('\0' + secret));
}

template <sp::scrypt_function Library>
void a_zero_byte_behind_a_secret_is_seen_by_the_schemes() {
    using scheme = sp::openpanel_scrypt_scheme<Library>;
    sp::scrypt_scheme<Library> const costly({.ln = 4, .r = 1, .p = 1});
    for (std::string const& secret : {std::string(), std::string("a secret")}) {
        auto form = scheme::decoy();
        std::vector<std::uint8_t> key(form.digest.size());
        REQUIRE(scheme::derive(secret, form, key));
        std::copy(key.begin(), key.end(), form.digest.begin());
        REQUIRE(scheme::derive(secret + '\0', form, key));
        CHECK_FALSE(std::equal(key.begin(), key.end(), form.digest.begin()));

        auto own = costly.decoy();
        key.resize(own.digest.size());
        REQUIRE(costly.derive(secret, own, key));
        std::copy(key.begin(), key.end(), own.digest.begin());
        REQUIRE(costly.derive(secret + '\0', own, key));
        CHECK_FALSE(std::equal(key.begin(), key.end(), own.digest.begin()));
    }
}

/// Runs what takes no more than moments.
template <sp::scrypt_function Library>
void holds_for() {
    the_vectors_of_rfc_7914_hold<Library>();
    a_vector_of_rfc_7914_is_read_as_a_stored_form<Library>();
    what_salts_is_the_text_of_the_digits_whose_case_counts<Library>();
    zero_bytes_behind_a_secret_of_up_to_64_bytes_are_not_seen<Library>();
    a_zero_byte_behind_a_secret_is_seen_by_the_schemes<Library>();
}

}  // namespace scrypt_conformance
