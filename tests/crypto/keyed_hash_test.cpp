// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/crypto/keyed_hash.hpp>

#include <array>
#include <cstdint>
#include <span>

using sallyport::crypto::keyed_hash;

TEST_CASE("each table hashes in a way of its own, and the same each time") {
    keyed_hash const one;
    keyed_hash const other;
    std::array<std::uint8_t, 3> const bytes{8, 14, 45};
    CHECK(one(bytes) == one(bytes));
    CHECK(one(bytes) != other(bytes));
    CHECK(one(bytes) != one(std::span(bytes).subspan(1)));
}
