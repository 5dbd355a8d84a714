// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/hash_scheme.hpp>
#include <sallyport/crypto/random.hpp>
#include <sallyport/model/result.hpp>
#include <sallyport/model/stored_secret.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// How the schemes whose forms are salted make the form of a new secret.
namespace sallyport {

inline constexpr std::size_t fresh_salt_size = 16;   ///< bytes, as RFC 9106 §3.1 recommends
inline constexpr std::size_t derived_key_size = 32;  ///< bytes

/// Puts this salt into a form, and a key that is all zero: what a decoy is, and a new secret's form before its key.
constexpr hash_form salted(hash_form form, std::span<std::uint8_t const> salt) noexcept {
    form.salt = {};
    form.digest = {};
    for (auto const byte : salt) static_cast<void>(form.salt.push_back(byte));
    for (std::size_t i = 0; i < derived_key_size; ++i) static_cast<void>(form.digest.push_back(0));
    return form;
}

/// Random bytes to salt a secret with. Raises `setup_error` if the system has none to give.
inline std::array<std::uint8_t, fresh_salt_size> fresh_salt() {
    std::array<std::uint8_t, fresh_salt_size> salt{};
    if (!crypto::fill_random(salt)) raise(error{"the system's random generator failed; no salt can be drawn"});
    return salt;
}

/// The form with the key that the secret derives under the form's salt and costs. Raises `setup_error` if the secret
/// is empty, or if the scheme could not do its work.
template <hash_scheme Scheme>
hash_form keyed(Scheme const& scheme, std::string_view plain, hash_form form) {
    require_secret(plain);
    std::array<std::uint8_t, hash_form::max_digest> derived{};
    auto const key = std::span(derived).first(form.digest.size());
    if (!scheme.derive(plain, form, key)) {
        raise(error{std::string(Scheme::name) + " could not do its work, for want of memory perhaps"});
    }
    std::copy(key.begin(), key.end(), form.digest.begin());
    return form;
}

}  // namespace sallyport
