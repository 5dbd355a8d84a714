// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "watched_heap.hpp"

#include <sallyport/model/secret.hpp>

#include <fmt/format.h>

#include <concepts>
#include <cstddef>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

using sallyport::secret;

namespace {

template <class T>
concept printable = requires(std::ostream& out, T const& value) {
    out << value;
};
template <class T>
concept comparable = requires(T const& value, T const& other) {
    value == other;
};
template <class T>
concept ordered = requires(T const& value, T const& other) {
    value < other;
};

static_assert(!std::copy_constructible<secret> && !std::is_copy_assignable_v<secret>);
static_assert(!comparable<secret> && !ordered<secret>);
static_assert(!printable<secret>);
static_assert(!fmt::is_formattable<secret>::value);
static_assert(!std::is_convertible_v<secret, std::string_view> && !std::is_convertible_v<secret, std::string>);
static_assert(!std::is_convertible_v<std::string_view, secret>, "a secret is made on purpose");
static_assert(std::is_nothrow_move_constructible_v<secret> && std::is_nothrow_move_assignable_v<secret>);

constexpr std::string_view text = "sec_0a97c5e1f2b3d4a6_and_more_than_fits_in_place";

}  // namespace

TEST_CASE("a secret holds its text until it ends") {
    secret const held(text);
    CHECK(held.reveal() == text);
    CHECK(held.reveal().data() != text.data());
    CHECK(secret().reveal().empty());
    CHECK(secret("").reveal().empty());
    CHECK(secret(std::string_view("a\0b", 3)).reveal() == std::string_view("a\0b", 3));
}

TEST_CASE("a secret wipes its copy when it ends") {
    for (std::size_t const size : {1U, 7U, 8U, 64U, 1024U}) {
        CAPTURE(size);
        auto held = std::make_unique<secret>(std::string(size, 'x'));
        watched_heap::watch const seen(held->reveal().data(), size);
        held.reset();
        CHECK(seen.given_back());
        CHECK(seen.was_clear());
    }
}

TEST_CASE("a secret wipes its copy when it is told to") {
    secret held(text);
    watched_heap::watch const seen(held.reveal().data(), text.size());
    held.clear();
    CHECK(seen.given_back());
    CHECK(seen.was_clear());
    CHECK(held.reveal().empty());
    held.clear();
    CHECK(held.reveal().empty());
}

TEST_CASE("a secret that another is moved into wipes what it held") {
    secret held(text);
    watched_heap::watch const seen(held.reveal().data(), text.size());
    held = secret("another");
    CHECK(seen.given_back());
    CHECK(seen.was_clear());
    CHECK(held.reveal() == "another");
}

TEST_CASE("a moved secret leaves no copy behind") {
    secret from(text);
    auto const* const where = from.reveal().data();
    secret to(std::move(from));
    CHECK(to.reveal().data() == where);
    CHECK(from.reveal().empty());  // NOLINT(bugprone-use-after-move): that it is empty is what is tested

    secret assigned;
    assigned = std::move(to);
    CHECK(assigned.reveal().data() == where);
    CHECK(assigned.reveal() == text);
    CHECK(to.reveal().empty());  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("a secret that is moved into itself stays") {
    secret held(text);
    auto& same = held;
    held = std::move(same);
    CHECK(held.reveal() == text);
}
