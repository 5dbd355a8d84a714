// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/random.hpp>
#include <sallyport/crypto/siphash.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sallyport::crypto {

/// Hashes the bytes of a table's keys under a random key of the table's own, so that a stranger can't choose
/// ids or names that collide (CWE-407). For the standard's unordered containers; transparent.
class keyed_hash {
public:
    using is_transparent = void;

    keyed_hash() : key_(random_siphash_key()) {}

    std::size_t operator()(std::span<std::uint8_t const> bytes) const noexcept {
        return static_cast<std::size_t>(siphash_2_4(key_, bytes));
    }
    std::size_t operator()(std::string_view text) const noexcept {
        return static_cast<std::size_t>(siphash_2_4(key_, text));
    }

private:
    siphash_key key_;
};

}  // namespace sallyport::crypto
