// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../credential/scheme_conformance.hpp"
#include "../crypto/hex_text.hpp"
#include "../data/rows.hpp"

#include <sallyport/credential/argon2id_scheme.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What every library's Argon2id has to hold. RFC 9106's own vector has a secret and associated data, which a stored
/// form has not, so the vectors are those of the implementations.
namespace argon2id_conformance {

namespace sp = sallyport;

/// A published vector, all bytes as hexadecimal digits.
struct vector {
    std::string_view password;
    std::string_view salt;
    sp::argon2id_costs costs;
    std::string_view key;
};

template <sp::argon2id_function Library>
void holds(vector const& known) {
    CAPTURE(known.password);
    auto const password = text_of_hex(known.password);
    auto const salt = text_of_hex(known.salt);
    std::vector<std::uint8_t> const salt_bytes(salt.begin(), salt.end());
    std::vector<std::uint8_t> key(known.key.size() / 2);
    auto const [m, t, p] = known.costs;
    REQUIRE(Library::argon2id(password, salt_bytes, m, t, p, key));
    CHECK(hex_text(key) == known.key);
}

/// libsodium's test/default/pwhash_argon2id.c and .exp: one lane, and salts of 16 bytes.
template <sp::argon2id_function Library>
void the_vectors_of_libsodium_hold() {
    holds<Library>({.password = "4a857e2ee8aa9b6056f2424e84d24a72473378906ee04a46cb05311502d5250b82ad86b83c8f20a23dbb74"
                                "f6da60b0b6ecffd67134d45946ac8ebfb3064294bc097d43ced68642bfb8bbbdd0f50b30118f5e",
                    .salt = "39d82eef32010b8b79cc5ba88ed539fb",
                    .costs = {.m = 1399, .t = 3, .p = 1},
                    .key = "08d8cd330c57e1b4643241d05bb468ba4ee4e932cd0858816be9ef15360b27bbd06a87130ee92222be267a29b81"
                           "f5ae8fe8613324cfc4832dc49387fd0602f1c57b4d0f3855db94fb7e12eb05f9a484aed4a4307abf586cd3d55c8"
                           "09bc081541e00b682772fb2066504ff935b8ebc551a2083882f874bc0fae68e56848ae34c91097c3bf0cca8e75c"
                           "0797eef3efde3f75e005815018db3cf7c109a812264c4de69dcb22322dbbcfa447f5b00ecd1b04a7be1569c8e55"
                           "6adb7bba48adf81d"});
    holds<Library>({.password = "b540beb016a5366524d4605156493f9874514a5aa58818cd0c6dfffaa9e90205f17b",
                    .salt = "44071f6d181561670bda728d43fb79b4",
                    .costs = {.m = 1593, .t = 1, .p = 1},
                    .key = "7fb72409b0987f8190c3729710e98c3f80c5a8727d425fdcde7f3644d467fe973f5b5fee683bd3fce812cb9ae5e"
                           "9921a2d06c2f1905e4e839692f2b934b682f11a2fe2b90482ea5dd234863516dba6f52dc0702d324ec77d860c2e"
                           "181f84472bd7104fedce071ffa93c5309494ad51623d214447a7b2b1462dc7d5d55a1f6fd5b54ce024118d86f0c"
                           "6489d16545aaa87b6689dad9f2fb47fda9894f8e12b87d978b483ccd4cc5fd9595cdc7a818452f915ce2f7df95e"
                           "c12b1c72e3788d473441d884f9748eb14703c21b45d82fd667b85f5b2d98c13303b3fe76285531a826b6fc0fe8e"
                           "3dddecf"});

    sp::argon2id_scheme<Library> const scheme;
    auto const stored = scheme.parse(
        "$argon2id$v=19$m=4882,t=2,p=1$bA81arsiXysd3WbTRzmEOw$Nm8QBM+7RH1DXo9rvp5cwKEOOOfD2g6JuxlXihoNcpE");
    CHECK(scheme_conformance::derives(scheme, "", stored.value()));
    CHECK_FALSE(scheme_conformance::derives(scheme, "x", stored.value()));
}

template <sp::argon2id_function Library>
void its_scheme_is_a_hash_scheme() {
    // Made by Python's package cryptography.
    scheme_conformance::holds_for(
        sp::argon2id_scheme<Library>({.m = 64, .t = 2, .p = 1}),
        {"sec_5b1e8d0c2f7a4e6990d3",
         "$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$LlHk14py/2Xvd84aHRhplKfCmNyqRPPLPaKx+wKr2I0"});
}

template <sp::argon2id_function Library>
void an_empty_password_is_one_wherever_it_points() {
    sp::argon2id_scheme<Library> const scheme({.m = 8, .t = 1, .p = 1});
    std::vector<std::uint8_t> somewhere(32);
    std::vector<std::uint8_t> nowhere(32);
    REQUIRE(scheme.derive("", scheme.decoy(), somewhere));
    REQUIRE(scheme.derive(std::string_view(), scheme.decoy(), nowhere));
    CHECK(somewhere == nowhere);
}

template <sp::argon2id_function Library>
void zero_bytes_count() {
    sp::argon2id_scheme<Library> const scheme({.m = 8, .t = 1, .p = 1});
    std::vector<std::uint8_t> plain(32);
    std::vector<std::uint8_t> longer(32);
    REQUIRE(scheme.derive("secret", scheme.decoy(), plain));
    REQUIRE(scheme.derive(std::string_view("secret\0", 7), scheme.decoy(), longer));
    CHECK(plain != longer);
}

}  // namespace argon2id_conformance
