// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/crypto/sha256.hpp>
#include <sallyport/model/stored_secret.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string_view>

using namespace std::chrono_literals;
using sallyport::hash_form;
using sallyport::stored_secret;
using sallyport::wall_time;

namespace {

constexpr hash_form form_of(std::string_view scheme, std::string_view salt, std::string_view digest) {
    hash_form made{.scheme = scheme};
    for (auto const c : salt) static_cast<void>(made.salt.push_back(static_cast<std::uint8_t>(c)));
    for (auto const c : digest) static_cast<void>(made.digest.push_back(static_cast<std::uint8_t>(c)));
    return made;
}

constexpr hash_form example = form_of("scheme", "salt", "0123456789abcdef");
constexpr wall_time noon{1'700'000'000s};
constexpr wall_time evening = noon + 6h;

constexpr bool counts(std::optional<wall_time> from, std::optional<wall_time> until, wall_time now) {
    return stored_secret{.hash = example, .not_before = from, .expires = until}.valid_at(now);
}

// It counts from the first nanosecond of `not_before` to the last before `expires`.
static_assert(counts({}, {}, noon) && counts({}, {}, wall_time::min()) && counts({}, {}, wall_time::max()));
static_assert(!counts(noon, {}, noon - 1ns) && counts(noon, {}, noon) && counts(noon, {}, wall_time::max()));
static_assert(counts({}, noon, noon - 1ns) && !counts({}, noon, noon) && !counts({}, noon, wall_time::max()));
static_assert(!counts(noon, evening, noon - 1ns) && counts(noon, evening, noon));
static_assert(counts(noon, evening, evening - 1ns) && !counts(noon, evening, evening));
static_assert(!counts(noon, noon, noon) && !counts(evening, noon, noon + 1h), "a span that is empty holds no moment");
static_assert(counts(wall_time::min(), wall_time::max(), wall_time::max() - 1ns));

// The same form has the same id, and whatever differs in it makes another.
static_assert(example.id() == form_of("scheme", "salt", "0123456789abcdef").id());
static_assert(example.id() != form_of("schema", "salt", "0123456789abcdef").id());
static_assert(example.id() != form_of("scheme", "sal", "0123456789abcdef").id());
static_assert(example.id() != form_of("scheme", "salt", "0123456789abcdeg").id());
static_assert(example.id() != form_of("scheme", "salt0", "123456789abcdef").id());
static_assert(example.id() != form_of("schemes", "alt", "0123456789abcdef").id());
static_assert(stored_secret{.hash = example}.id == example.id());
static_assert(stored_secret{.hash = example, .not_before = noon}.id == example.id(),
              "a secret keeps its id as it ages");

}  // namespace

TEST_CASE("the id of a stored secret shows no bytes of its digest") {
    std::mt19937_64 random(1);
    std::set<std::uint32_t> ids;
    for (int i = 0; i < 2000; ++i) {
        hash_form form{.scheme = "scheme"};
        std::set<std::uint32_t> shown;
        std::uint32_t last_four = 0;
        for (int byte = 0; byte < 32; ++byte) {
            auto const value = static_cast<std::uint8_t>(random());
            static_cast<void>(form.digest.push_back(value));
            last_four = last_four << 8 | value;
            if (byte >= 3) shown.insert(last_four);
        }
        CHECK_FALSE(shown.contains(form.id().value()));
        ids.insert(form.id().value());
    }
    CHECK(ids.size() >= 1999);
}

TEST_CASE("the id of a stored secret stays the same from one version to the next") {
    CHECK(example.id().value() == 0xf9274025);
}
