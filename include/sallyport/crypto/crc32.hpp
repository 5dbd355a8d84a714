// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string_view>

namespace sallyport::crypto {

/// The CRC-32 of Ethernet and zip (ISO/IEC 8802-3; the reflected polynomial 0xEDB88320). Tells a slip of the keyboard,
/// not an attack. Without a table, so that its time depends on the length alone.
constexpr std::uint32_t crc32(std::string_view text) noexcept {
    std::uint32_t sum = 0xffffffff;
    for (auto const c : text) {
        sum ^= static_cast<std::uint8_t>(c);
        for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ (0xedb88320 & (0U - (sum & 1U)));
    }
    return ~sum;
}

}  // namespace sallyport::crypto
