// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/crypto/keyed_hash.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

using sallyport::crypto::keyed_hash;

TEST_CASE("each table hashes in a way of its own, bytes as text, and the same each time") {
    keyed_hash const one;
    keyed_hash const other;
    std::string_view const text = "8f14e45f";
    std::vector<std::uint8_t> const bytes(text.begin(), text.end());
    CHECK(one(text) == one(text));
    CHECK(one(text) == one(std::span<std::uint8_t const>(bytes)));
    CHECK(one(text) != other(text));
    CHECK(one(text) != one(text.substr(1)));
}
