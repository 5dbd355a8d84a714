// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/base64.hpp>
#include <sallyport/crypto/hex.hpp>

#include <cstdint>
#include <span>
#include <string>

/// The bytes of salts and digests as the texts of stored forms write them.
namespace sallyport {

/// Two lower-case digits a byte.
inline std::string hex_of(std::span<std::uint8_t const> bytes) {
    std::string text(2 * bytes.size(), '\0');
    crypto::encode_hex(bytes, text);
    return text;
}

/// Base64 without padding.
inline std::string base64_of(std::span<std::uint8_t const> bytes) {
    std::string text(crypto::base64_size(bytes.size()), '\0');
    crypto::encode_base64(bytes, text);
    return text;
}

}  // namespace sallyport
