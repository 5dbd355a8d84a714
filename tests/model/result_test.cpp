// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/model/result.hpp>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

using sallyport::error;
using sallyport::outcome;
using sallyport::result;
using sallyport::setup_error;

namespace {

static_assert(!std::is_default_constructible_v<result<int>>, "a result is a value or an error, never nothing");
static_assert(!std::is_convertible_v<result<int>, bool>, "only a condition asks whether there is a value");
static_assert(!std::is_convertible_v<outcome, bool>);
static_assert(std::is_base_of_v<std::runtime_error, setup_error>);

}  // namespace

TEST_CASE("a result holds a value") {
    result<std::string> made = std::string("text");
    REQUIRE(made);
    CHECK(made.value() == "text");
    CHECK(made.message().empty());
    made.value() += "s";
    CHECK(std::as_const(made).value() == "texts");
    CHECK(std::move(made).value() == "texts");
}

TEST_CASE("a result without a value raises its error where the value is asked for") {
    result<std::string> failed = error{"the reason"};
    CHECK_FALSE(failed);
    CHECK(failed.message() == "the reason");
    CHECK_THROWS_AS(failed.value(), setup_error);
    CHECK_THROWS_AS(std::as_const(failed).value(), setup_error);
    CHECK_THROWS_AS(std::move(failed).value(), setup_error);
    CHECK_THROWS_WITH((result<int>(error{"the reason"}).value()), "the reason");
}

TEST_CASE("a result hands over what can only be moved") {
    result<std::unique_ptr<int>> made = std::make_unique<int>(7);
    auto const taken = std::move(made).value();
    CHECK(*taken == 7);
}

TEST_CASE("an outcome is a change that was made, or says why not") {
    CHECK(outcome());
    CHECK(outcome().message().empty());
    CHECK_NOTHROW(outcome().value());

    outcome const refused = error{"the reason"};
    CHECK_FALSE(refused);
    CHECK(refused.message() == "the reason");
    CHECK_THROWS_AS(refused.value(), setup_error);
    CHECK_THROWS_WITH(refused.value(), "the reason");
}

TEST_CASE("an error with an empty message is an error all the same") {
    CHECK_FALSE(result<int>(error{}));
    CHECK_FALSE(outcome(error{}));
}
