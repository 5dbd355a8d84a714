// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "watched_heap.hpp"

#include <sallyport/model/name.hpp>

#include <string>
#include <string_view>
#include <type_traits>

using sallyport::name;

namespace {

constexpr std::string_view longest = "123456789 123456789 123456789 123456789 123456789 123456789 123";
static_assert(longest.size() == name::max_size);

static_assert(name().empty() && name().view().empty());
static_assert(name("shop").view() == "shop");
static_assert(name(longest).view() == longest);
static_assert(name(std::string_view("a\0b", 3)).view().size() == 3);
static_assert(name::if_fits("shop") == name("shop"));
static_assert(name::if_fits(longest) == name(longest));

static_assert(name("shop") == name("shop") && name("shop") != name("shop2") && name("shop") != name("Shop"));
static_assert(name("shop") == "shop" && "shop" == name("shop"));
static_assert(name("shop") == std::string_view("shop") && std::string_view("blog") != name("shop"));
static_assert(name("a") < name("b") && name("a") < name("aa") && name() < name("a") &&
              name("b") > std::string_view("a"));

static_assert(std::is_trivially_copyable_v<name>, "a decision that keeps one costs no allocation");
static_assert(sizeof(name) == 64);

}  // namespace

TEST_CASE("a name of more than 63 bytes is an error that says so") {
    std::string const text = std::string(longest) + '4';
    auto const made = name::make(text);
    CHECK_FALSE(made);
    CHECK(made.message().find("has 64 bytes; at most 63 are accepted") != std::string::npos);
    CHECK(made.message().find("\"123456789 123456789 1234…\"") != std::string::npos);
    CHECK_THROWS_AS(name(text), sallyport::setup_error);
    CHECK_THROWS_AS(name(text.c_str()), sallyport::setup_error);
    CHECK_THROWS_AS(name(std::string_view(text)), sallyport::setup_error);
    CHECK_NOTHROW(name(text.substr(1)));
    CHECK(name::make(longest).value() == longest);
}

TEST_CASE("a text that does not fit makes no name, and is no reason to throw") {
    CHECK(name::if_fits(std::string(64, 'x')).empty());
    CHECK(name::if_fits(std::string(1'000'000, 'x')).empty());
    CHECK(name::if_fits(std::string(63, 'x')) == std::string(63, 'x'));
}

TEST_CASE("a name is compared with a text of any length") {
    name const shop("shop");
    std::string const endless(100, 's');
    CHECK(shop != endless);
    CHECK(endless != shop);
    CHECK(shop != endless.c_str());
    CHECK(shop < endless);
    CHECK(name(longest) != std::string(longest) + "4");
}

TEST_CASE("a name owns its text and allocates nothing") {
    std::string text(longest);
    auto const before = watched_heap::allocations();
    name const kept(text);
    auto const copied = kept;
    auto const after = watched_heap::allocations();
    CHECK(after == before);
    text.assign(text.size(), 'x');
    CHECK(kept == longest);
    CHECK(copied == longest);
}
