// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/hash_scheme.hpp>
#include <sallyport/credential/stored_text.hpp>
#include <sallyport/crypto/hex.hpp>
#include <sallyport/crypto/sha256.hpp>
#include <sallyport/crypto/wipe.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sallyport {

/// `sha256:HEX`: the digest of the secret's bytes. Only for secrets of 128 random bits and more, which nobody
/// can guess however fast a guess is. One SHA-256 a verification (FIPS 180-4).
struct sha256_scheme {
    static constexpr std::string_view name = "sha256";
    static constexpr std::string_view form = "sha256:HEX, 64 hex digits";
    static constexpr scheme_cost cost = scheme_cost::cheap;

    static constexpr bool recognizes(std::string_view text) noexcept { return text.starts_with("sha256:"); }

    static result<hash_form> parse(std::string_view text) {
        crypto::digest256 digest{};
        if (!recognizes(text) || !crypto::decode_hex(text.substr(7), digest)) {
            return error{"expected " + std::string(form)};
        }
        if (digest == crypto::sha256("")) return form_of_empty_secret();
        return of(digest);
    }

    static std::string text(hash_form const& stored) { return "sha256:" + hex_of(stored.digest_bytes()); }

    static constexpr bool is_current(hash_form const&) noexcept { return true; }

    static constexpr bool derive(std::string_view presented, hash_form const&, std::span<std::uint8_t> out) noexcept {
        auto digest = crypto::sha256(presented);
        if (out.size() != digest.size()) return false;
        std::copy(digest.begin(), digest.end(), out.begin());
        crypto::wipe_value(digest);
        return true;
    }

    static constexpr hash_form decoy() noexcept { return of({}); }

    /// The form under which a secret is stored. Raises `setup_error` if it is empty.
    static constexpr hash_form store(std::string_view plain) {
        require_secret(plain);
        return of(crypto::sha256(plain));
    }

private:
    static constexpr hash_form of(crypto::digest256 const& digest) noexcept {
        hash_form made{.scheme = name, .work = 1};
        for (auto const byte : digest) static_cast<void>(made.digest.push_back(byte));
        return made;
    }
};

}  // namespace sallyport
