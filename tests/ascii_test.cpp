// SPDX-License-Identifier: BSL-1.0
#include "catch.hpp"
#include "sanitizer.hpp"

#include <sallyport/ascii.hpp>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

namespace ascii = sallyport::ascii;

namespace {

/// The slow, obviously right model.
bool same(std::string_view a, std::string_view b) {
    constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        auto const in_lower = [&](char c) { return upper.find(c) == upper.npos ? c : lower[upper.find(c)]; };
        if (in_lower(a[i]) != in_lower(b[i])) return false;
    }
    return true;
}

}  // namespace

static_assert(ascii::equals_ignoring_case("", "") && ascii::equals_ignoring_case("Client-Secret", "cLIENT-sECRET"));
static_assert(!ascii::equals_ignoring_case("client-id", "client-ie") && !ascii::equals_ignoring_case("a", "aa"));
static_assert(!ascii::equals_ignoring_case("[", "{") && !ascii::equals_ignoring_case("@", "`"));

TEST_CASE("texts are equal without regard to case at every length, whichever two bytes stand at whichever place") {
    // Beside bytes of whose sums one might carry over.
    for (char const beside : {'\0', 'a', 'Z', '\x7f', '\xff'}) {
        for (std::size_t length = 1; length <= 25; ++length) {
            for (std::size_t at = 0; at < length; ++at) {
                // All pairs once in each of the ways in which a text is cut into words.
                int const step = (length == 3 || length == 6 || length == 19 ? 1 : 13) * slowness;
                std::string a(length, beside);
                std::string b(length, beside);
                for (int x = 0; x < 256; x += step) {
                    for (int y = 0; y < 256; ++y) {
                        a[at] = static_cast<char>(x);
                        b[at] = static_cast<char>(y);
                        if (ascii::equals_ignoring_case(a, b) != same(a, b))
                            FAIL(x << " and " << y << " at " << at << " of " << length);
                    }
                }
            }
        }
    }
}

TEST_CASE("texts that differ in length, or at several places, are compared as the model compares them") {
    std::mt19937 random(20240607);
    std::size_t equal = 0;
    for (int round = 0; round < 200'000 / slowness; ++round) {
        std::string a(random() % 40, ' ');
        for (auto& c : a) c = static_cast<char>(random());
        auto b = a;
        for (auto& c : b) {
            if (random() % 4 == 0) c = static_cast<char>(c ^ 0x20);
            if (random() % 256 == 0) c = static_cast<char>(c ^ (1 << random() % 8));
        }
        if (random() % 16 == 0) b += 'x';
        equal += same(a, b);
        if (ascii::equals_ignoring_case(a, b) != same(a, b)) FAIL("in round " << round);
    }
    CHECK(equal > 10'000 / slowness);
}

TEST_CASE("blanks and tabs are cut off the ends of a text, and nothing else") {
    CHECK(ascii::trim(" \t a \t b\t ") == "a \t b");
    CHECK(ascii::trim("\va\n") == "\va\n");
    CHECK(ascii::trim(" \t ").empty());
    CHECK(ascii::trim("").empty());
}
