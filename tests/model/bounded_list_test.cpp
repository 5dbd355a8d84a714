// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/model/bounded_list.hpp>

#include <type_traits>

using list = sallyport::bounded_list<int, 3>;

static_assert(list::capacity() == 3);
static_assert(std::is_trivially_destructible_v<list> && std::is_nothrow_copy_constructible_v<list> &&
              std::is_nothrow_copy_assignable_v<list>);

constexpr list filled(int count) {
    list made;
    for (int i = 0; i < count; ++i) static_cast<void>(made.push_back(10 * i));
    return made;
}
static_assert(filled(0).empty());
static_assert(filled(2).size() == 2 && !filled(2).empty() && filled(2)[1] == 10);

TEST_CASE("a bounded list takes as many values as it has room for, and says so when it is full") {
    list values;
    for (int i = 1; i <= 3; ++i) CHECK(values.push_back(i));
    CHECK_FALSE(values.push_back(4));
    CHECK(values.size() == 3);
    int sum = 0;
    for (auto const value : values) sum = 10 * sum + value;
    CHECK(sum == 123);
}

TEST_CASE("a copy of a bounded list is its own") {
    auto values = filled(2);
    auto copy = values;
    copy[0] = 7;
    CHECK(copy.push_back(8));
    CHECK(values.size() == 2);
    CHECK(values[0] == 0);
    CHECK(copy.data()[2] == 8);
}

TEST_CASE("what is appended is made in its place") {
    struct fixed {
        fixed() = default;
        explicit fixed(int number) : value(number) {}
        fixed(fixed const&) = delete;
        fixed& operator=(fixed const&) = delete;

        int value = 0;
    };
    sallyport::bounded_list<fixed, 2> made;
    CHECK(made.append([] { return fixed(7); }).value == 7);
    CHECK(made.append([] { return fixed(8); }).value == 8);
    CHECK(made.size() == 2);
    CHECK(made[0].value == 7);
}
