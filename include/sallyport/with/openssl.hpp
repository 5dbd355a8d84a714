// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/argon2id_scheme.hpp>
#include <sallyport/credential/scrypt_schemes.hpp>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#if OPENSSL_VERSION_NUMBER >= 0x30200000L && !defined(OPENSSL_NO_ARGON2)
#    include <openssl/core_names.h>
#    include <openssl/kdf.h>
#    include <openssl/params.h>
#    define SALLYPORT_OPENSSL_HAS_ARGON2ID  // so that a host can ask, too
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

/// The schemes that take an expensive hash, by OpenSSL. All are safe from any number of threads.
namespace sallyport::openssl {

/// Keeps what fails here out of the thread's queue of errors, which the host's own calls share.
class error_mark {
public:
    error_mark() noexcept { ERR_set_mark(); }
    error_mark(error_mark const&) = delete;
    error_mark& operator=(error_mark const&) = delete;
    ~error_mark() { ERR_pop_to_mark(); }
};

/// OpenSSL's scrypt.
struct scrypt_library {
    static bool scrypt(std::string_view password, std::span<std::uint8_t const> salt, std::uint64_t n, std::uint32_t r,
                       std::uint32_t p, std::span<std::uint8_t> out) noexcept {
        error_mark const mark;
        // OpenSSL's own ceiling is 32 MiB. The scheme has checked its own, so this is no more than these costs need.
        auto const memory = 128 * (n + p + 4) * r;
        return EVP_PBE_scrypt(password.data(), password.size(), salt.data(), salt.size(), n, r, p, memory, out.data(),
                              out.size()) == 1;
    }
};

using openpanel_scrypt = openpanel_scrypt_scheme<scrypt_library>;
using scrypt = scrypt_scheme<scrypt_library>;

#if defined(SALLYPORT_OPENSSL_HAS_ARGON2ID)
/// OpenSSL's Argon2id, from its version 3.2 on. However many lanes there are, one thread does them all.
struct argon2id_library {
    static constexpr std::uint32_t max_lanes = 0xffffff;
    static constexpr std::size_t min_salt = 8;
    static constexpr std::size_t max_salt = hash_form::max_salt;

    static bool argon2id(std::string_view password, std::span<std::uint8_t const> salt, std::uint32_t kibibytes,
                         std::uint32_t passes, std::uint32_t lanes, std::span<std::uint8_t> out) noexcept {
        error_mark const mark;
        std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> const kdf(EVP_KDF_fetch(nullptr, "ARGON2ID", nullptr),
                                                                    &EVP_KDF_free);
        std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> const context(EVP_KDF_CTX_new(kdf.get()),
                                                                                &EVP_KDF_CTX_free);
        // Parameters are read through pointers that are not to const; an empty password points somewhere, too.
        auto* const text = const_cast<char*>(password.empty() ? "" : password.data());
        std::array<OSSL_PARAM, 6> const parameters{
            OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, text, password.size()),
            OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, const_cast<std::uint8_t*>(salt.data()), salt.size()),
            OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ARGON2_MEMCOST, &kibibytes),
            OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ITER, &passes),
            OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ARGON2_LANES, &lanes),
            OSSL_PARAM_construct_end()};
        return context && EVP_KDF_derive(context.get(), out.data(), out.size(), parameters.data()) == 1;
    }
};

using argon2id = argon2id_scheme<argon2id_library>;
#endif

}  // namespace sallyport::openssl
