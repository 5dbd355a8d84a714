// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/store/store_hash.hpp>

#include <string_view>

using sallyport::store_hash;
using namespace sallyport::literals;

TEST_CASE("each store hashes in a way of its own, an id as its bytes, and the same each time") {
    store_hash const one;
    store_hash const other;
    auto const id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid;
    std::string_view const bytes(reinterpret_cast<char const*>(id.bytes().data()), id.bytes().size());
    CHECK(one(id) == store_hash(one)(id));
    CHECK(one(id) == one(bytes));
    CHECK(one(id) != other(id));
    CHECK(one(bytes) != other(bytes));
    CHECK(one(bytes) != one(bytes.substr(1)));
}
