// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/argon2id_scheme.hpp>
#include <sallyport/credential/scrypt_schemes.hpp>

#include <sodium.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// The schemes that take an expensive hash, by libsodium. All are safe from any number of threads.
namespace sallyport::sodium {

/// Whether libsodium is ready for use, which the first call sees to.
inline bool is_ready() noexcept {
    static bool const ready = sodium_init() >= 0;
    return ready;
}

/// libsodium's scrypt.
struct scrypt_library {
    static bool scrypt(std::string_view password, std::span<std::uint8_t const> salt, std::uint64_t n, std::uint32_t r,
                       std::uint32_t p, std::span<std::uint8_t> out) noexcept {
        // libsodium takes no pointer to nowhere, not even for no bytes.
        auto const* text = reinterpret_cast<std::uint8_t const*>(password.empty() ? "" : password.data());
        if (salt.empty()) salt = {text, 0};
        return is_ready() && crypto_pwhash_scryptsalsa208sha256_ll(text, password.size(), salt.data(), salt.size(), n,
                                                                   r, p, out.data(), out.size()) == 0;
    }
};

/// libsodium's Argon2id: version 19, one lane, a salt of 16 bytes, a key of 16 and more.
struct argon2id_library {
    static constexpr std::uint32_t max_lanes = 1;
    static constexpr std::size_t min_salt = crypto_pwhash_argon2id_SALTBYTES;
    static constexpr std::size_t max_salt = crypto_pwhash_argon2id_SALTBYTES;

    static bool argon2id(std::string_view password, std::span<std::uint8_t const> salt, std::uint32_t kibibytes,
                         std::uint32_t passes, std::uint32_t lanes, std::span<std::uint8_t> out) noexcept {
        if (salt.size() != min_salt || lanes != max_lanes) return false;
        auto const* text = password.empty() ? "" : password.data();
        return is_ready() &&
               crypto_pwhash_argon2id(out.data(), out.size(), text, password.size(), salt.data(), passes,
                                      std::size_t{kibibytes} * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0;
    }
};

using openpanel_scrypt = openpanel_scrypt_scheme<scrypt_library>;
using scrypt = scrypt_scheme<scrypt_library>;
using argon2id = argon2id_scheme<argon2id_library>;

}  // namespace sallyport::sodium
