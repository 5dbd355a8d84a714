// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/sha256.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// Stands in for an expensive hash: what is derived depends on all that is given, and on the size.
inline void stand_in_hash(std::string_view password, std::span<std::uint8_t const> salt,
                          std::array<std::uint64_t, 3> const& costs, std::span<std::uint8_t> out) noexcept {
    for (std::size_t at = 0; at < out.size(); ++at) {
        sallyport::crypto::sha256_state state;
        for (auto const number : {std::uint64_t{at}, std::uint64_t{out.size()}, costs[0], costs[1], costs[2],
                                  std::uint64_t{password.size()}}) {
            std::array<std::uint8_t, 8> bytes{};
            for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(number >> 8 * i);
            state.update(bytes);
        }
        state.update(password);
        state.update(salt);
        out[at] = state.finish()[0];
    }
}
