// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/model/enumerators.hpp>

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sp = sallyport;

// One in each place that a host may choose: how compilers spell an enumerator depends on it.
enum class at_large { one, two, three };

namespace some::host {
enum class level : std::uint8_t { viewer, editor_, admin };
struct product {
    enum class api { read, write, export_ };
};
}  // namespace some::host

enum class spaced : int { near = 0, far = 1000 };
enum class crowd : std::uint8_t {};
enum class short_of_names { a, b };

namespace sallyport {

template <>
struct enumerator_traits<spaced> {
    static constexpr std::size_t count = 1;
    static constexpr std::array<std::string_view, count> names{"close by"};
};
template <>
struct enumerator_traits<crowd> {
    static constexpr std::size_t count = 3;
    static constexpr char const* names[] = {"c0", "c1", "c2"};
};
template <>
struct enumerator_traits<short_of_names> {
    static constexpr std::size_t count = 2;
    static constexpr std::array<std::string_view, 1> names{"a"};
};

}  // namespace sallyport

namespace {

enum class hidden { left, right_ };
struct within {
    enum class inner : signed char { only };
};

// clang-format off
enum class sixty_four {
    e00, e01, e02, e03, e04, e05, e06, e07, e08, e09, e10, e11, e12, e13, e14, e15, e16, e17, e18, e19, e20, e21,
    e22, e23, e24, e25, e26, e27, e28, e29, e30, e31, e32, e33, e34, e35, e36, e37, e38, e39, e40, e41, e42, e43,
    e44, e45, e46, e47, e48, e49, e50, e51, e52, e53, e54, e55, e56, e57, e58, e59, e60, e61, e62, e63,
};
// clang-format on

static_assert(sp::enumerator_count<at_large> == 3);
static_assert(sp::enumerator_count<some::host::level> == 3);
static_assert(sp::enumerator_count<some::host::product::api> == 3);
static_assert(sp::enumerator_count<hidden> == 2);
static_assert(sp::enumerator_count<within::inner> == 1);
static_assert(sp::enumerator_count<sixty_four> == 64);

static_assert(sp::enumerator_name(at_large::three) == "three");
static_assert(sp::enumerator_name(some::host::level::viewer) == "viewer");
static_assert(sp::enumerator_name(some::host::product::api::write) == "write");
static_assert(sp::enumerator_name(hidden::left) == "left");
static_assert(sp::enumerator_name(within::inner::only) == "only");
static_assert(sp::enumerator_name(sixty_four::e63) == "e63");

// `export` is a keyword, so its enumerator is spelled otherwise.
static_assert(sp::enumerator_name(some::host::product::api::export_) == "export");
static_assert(sp::enumerator_name(some::host::level::editor_) == "editor");
static_assert(sp::enumerator_name(hidden::right_) == "right");

// A cast can make a value that is none.
static_assert(sp::is_enumerator(at_large::one) && sp::is_enumerator(at_large::three));
static_assert(!sp::is_enumerator(static_cast<at_large>(3)));
static_assert(!sp::is_enumerator(static_cast<at_large>(-1)));
static_assert(!sp::is_enumerator(static_cast<some::host::level>(255)));
static_assert(!sp::is_enumerator(static_cast<within::inner>(-1)));
static_assert(!sp::is_enumerator(static_cast<sixty_four>(64)));
static_assert(sp::enumerator_name(static_cast<at_large>(3)).empty());
static_assert(sp::enumerator_name(static_cast<at_large>(-1)).empty());

// Named by hand.
static_assert(sp::enumerator_count<spaced> == 1);
static_assert(sp::enumerator_name(spaced::near) == "close by");
static_assert(!sp::is_enumerator(spaced::far) && sp::enumerator_name(spaced::far).empty());
static_assert(sp::enumerator_count<crowd> == 3);
static_assert(sp::enumerator_name(static_cast<crowd>(2)) == "c2");
static_assert(!sp::is_enumerator(static_cast<crowd>(3)));

static_assert(sp::enumeration<at_large> && sp::enumeration<hidden> && sp::enumeration<crowd>);
static_assert(!sp::enumeration<int> && !sp::enumeration<within>);
static_assert(!sp::enumeration<short_of_names>, "as many names as enumerators");

using set = sp::enumerator_set<at_large>;
static_assert(!set().contains(at_large::one));
static_assert(set{at_large::two}.contains(at_large::two) && !set{at_large::two}.contains(at_large::one));
static_assert(set{at_large::one, at_large::three} == set{at_large::three, at_large::one, at_large::one});
static_assert(set{at_large::one} != set{at_large::two});
static_assert(set{static_cast<at_large>(3), static_cast<at_large>(-1)} == set());
static_assert(!set{at_large::one, at_large::two, at_large::three}.contains(static_cast<at_large>(3)));
static_assert(!set{at_large::one}.contains(static_cast<at_large>(64)));

}  // namespace

TEST_CASE("each of 64 enumerators has its own place, name and bit") {
    for (std::size_t i = 0; i < 64; ++i) {
        auto const value = static_cast<sixty_four>(i);
        CHECK(sp::enumerator_index(value) == i);
        CHECK(sp::enumerator_name(value) == fmt::format("e{:02}", i));
        sp::enumerator_set<sixty_four> alone;
        alone.insert(value);
        for (std::size_t j = 0; j < 64; ++j) CHECK(alone.contains(static_cast<sixty_four>(j)) == (i == j));
    }
}
