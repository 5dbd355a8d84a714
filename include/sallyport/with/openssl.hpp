// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/hash_scheme.hpp>
#include <sallyport/crypto/hex.hpp>

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sallyport::openssl {

/// `SALTHEX.KEYHEX`, as OpenPanel stores secrets: scrypt (RFC 7914) with N=16384, r=8, p=1 and a key of 32 bytes;
/// what salts it is the text of the hex digits, not the bytes that they spell. 16 MiB and tens of milliseconds a
/// verification. `derive` is false if OpenSSL could not do its work, for want of memory say. HMAC pads its key (RFC
/// 2104 §2), so zero bytes behind a secret of up to 64 bytes are not seen.
struct openpanel_scrypt {
    static constexpr std::string_view name = "openpanel-scrypt";
    static constexpr std::string_view form = "SALTHEX.KEYHEX, a salt of 2 to 64 hex digits and a key of 64";
    static constexpr scheme_cost cost = scheme_cost::expensive;

    static constexpr bool recognizes(std::string_view text) noexcept {
        return text.find('.') != text.npos && text.find_first_of(":$") == text.npos;
    }

    static result<hash_form> parse(std::string_view text) {
        auto const dot = text.find('.');
        auto const salt = text.substr(0, dot);
        auto made = blank();
        std::array<std::uint8_t, key_size> key{};
        std::array<std::uint8_t, hash_form::max_salt / 2> salt_bytes{};
        bool const salt_fits = dot != text.npos && dot >= 2 && dot <= hash_form::max_salt;
        if (!salt_fits || !crypto::decode_hex(salt, std::span(salt_bytes).first(dot / 2)) ||
            !crypto::decode_hex(text.substr(dot + 1), key)) {
            return error{"expected " + std::string(form)};
        }
        for (auto const digit : salt) static_cast<void>(made.salt.push_back(static_cast<std::uint8_t>(digit)));
        std::copy(key.begin(), key.end(), made.digest.begin());
        return made;
    }

    static bool derive(std::string_view presented, hash_form const& stored, std::span<std::uint8_t> out) noexcept {
        if (out.size() != key_size) return false;
        // What fails here is no business of the host's own calls, which share the thread's queue of errors.
        ERR_set_mark();
        // maxmem 0 is OpenSSL's own ceiling of 32 MiB, twice what these costs need.
        bool const done = EVP_PBE_scrypt(presented.data(), presented.size(), stored.salt.data(), stored.salt.size(), n,
                                         r, p, 0, out.data(), out.size()) == 1;
        ERR_pop_to_mark();
        return done;
    }

    static hash_form decoy() noexcept {
        auto made = blank();
        for (std::size_t i = 0; i < 32; ++i) static_cast<void>(made.salt.push_back('0'));
        return made;
    }

private:
    static constexpr std::uint64_t n = 16384;
    static constexpr std::uint64_t r = 8;
    static constexpr std::uint64_t p = 1;
    static constexpr std::size_t key_size = 32;

    static hash_form blank() noexcept {
        hash_form made{.scheme = name, .cost = {14, r, p}, .work = n * r * p};
        for (std::size_t i = 0; i < key_size; ++i) static_cast<void>(made.digest.push_back(0));
        return made;
    }
};

}  // namespace sallyport::openssl
