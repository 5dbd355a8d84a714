// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/random.hpp>
#include <sallyport/crypto/siphash.hpp>

#include <cstdint>
#include <span>

namespace sallyport::crypto {

/// Hashes the bytes of a table's keys under a random key of the table's own, so that a stranger can't choose
/// ids that collide (CWE-407).
class keyed_hash {
public:
    keyed_hash() : key_(random_siphash_key()) {}

    std::uint64_t operator()(std::span<std::uint8_t const> bytes) const noexcept { return siphash_2_4(key_, bytes); }

private:
    siphash_key key_;
};

}  // namespace sallyport::crypto
