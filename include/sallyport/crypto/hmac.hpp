// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/sha256.hpp>
#include <sallyport/crypto/wipe.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

/// Message authentication from a hash, as in RFC 2104.
namespace sallyport::crypto {

/// The HMAC-SHA-256 tag of a message under a key of any length. Compare tags with `constant_time_equal`.
/// What it derived from the key is wiped before it returns. Safe from any number of threads.
[[nodiscard]] constexpr digest256 hmac_sha256(std::string_view key, std::string_view message) noexcept {
    std::array<std::uint8_t, 64> pad{};  // a block; a key that is longer stands in as its digest
    if (key.size() <= pad.size()) {
        std::copy(key.begin(), key.end(), pad.begin());
    } else {
        digest256 short_key = sha256(key);
        std::copy(short_key.begin(), short_key.end(), pad.begin());
        wipe_value(short_key);
    }
    auto const mark_pad = [&pad](std::uint8_t mark) {
        for (std::uint8_t& byte : pad) {
            byte ^= mark;
        }
    };
    constexpr std::uint8_t inner = 0x36;
    constexpr std::uint8_t outer = 0x5c;

    sha256_state state;
    mark_pad(inner);
    state.update(pad);
    state.update(message);
    digest256 inner_digest = state.finish();

    mark_pad(inner ^ outer);
    state.update(pad);
    state.update(inner_digest);
    wipe_value(inner_digest);
    wipe_value(pad);
    return state.finish();
}

}  // namespace sallyport::crypto
