#include "../catch.hpp"
#include "structured_fields.hpp"

#include <sallyport/http/rate_fields.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sp = sallyport;
using namespace std::chrono_literals;

namespace {

std::map<std::string, std::string> fields_of(sp::rate_states const& states) {
    std::map<std::string, std::string> fields;
    sp::http::for_each_rate_field(states, [&fields](std::string_view name, std::string_view value) {
        CHECK(fields.emplace(name, value).second);
    });
    return fields;
}

sp::rate_state state(sp::quota quota, std::uint32_t remaining, std::chrono::nanoseconds reset = 0ns,
                     std::chrono::nanoseconds retry_after = 0ns) {
    return {.name = "export", .quota = quota, .remaining = remaining, .reset = reset, .retry_after = retry_after};
}

sp::rate_states states(std::initializer_list<sp::rate_state> all) {
    sp::rate_states list;
    for (auto const& each : all) REQUIRE(list.push_back(each));
    return list;
}

}  // namespace

static_assert(sp::http::whole_seconds(0ns) == 0);
static_assert(sp::http::whole_seconds(1ns) == 1);
static_assert(sp::http::whole_seconds(999'999'999ns) == 1);
static_assert(sp::http::whole_seconds(1s) == 1);
static_assert(sp::http::whole_seconds(1s + 1ns) == 2);
static_assert(sp::http::whole_seconds(10s) == 10);
static_assert(sp::http::whole_seconds(-1ns) == 0 && sp::http::whole_seconds(-1s) == -1);
static_assert(sp::http::whole_seconds(sp::never) == std::numeric_limits<std::int64_t>::max() / 1'000'000'000 + 1);

TEST_CASE("whole seconds are rounded up, so that nobody comes back too early") {
    std::mt19937_64 random(1);
    for (int i = 0; i < 100'000; ++i) {
        std::chrono::nanoseconds const duration(static_cast<std::int64_t>(random() >> (1 + random() % 62)));
        std::chrono::seconds const rounded(sp::http::whole_seconds(duration));
        bool const least = rounded - 1s < duration;
        bool const enough = duration > std::chrono::nanoseconds::max() - 1s || duration <= rounded;
        if (!least || !enough) FAIL(duration.count() << " ns became " << rounded.count() << " s");
    }
}

TEST_CASE("one limit is shown by its name") {
    auto const fields = fields_of(states({state(sp::at_most(100).per(10s), 99, 10s)}));
    CHECK(fields == std::map<std::string, std::string>{{"RateLimit-Policy", "\"export\";q=100;w=10"},
                                                       {"RateLimit", "\"export\";r=99;t=10"},
                                                       {"X-RateLimit-Limit", "100"},
                                                       {"X-RateLimit-Remaining", "99"},
                                                       {"X-RateLimit-Reset", "10"}});
}

TEST_CASE("several windows of a budget have a name each") {
    auto const fields =
        fields_of(states({state(sp::at_most(5).per(1s), 4, 1s), state(sp::at_most(100).per(60s), 3, 42s)}));
    CHECK(fields.at("RateLimit-Policy") == R"("export-1s";q=5;w=1, "export-60s";q=100;w=60)");
    CHECK(fields.at("RateLimit") == R"("export-1s";r=4;t=1, "export-60s";r=3;t=42)");
    CHECK(fields.at("X-RateLimit-Limit") == "100");
}

TEST_CASE("windows that are no whole seconds have names of their own too") {
    auto const fields = fields_of(states({state(sp::at_most(5).per(500ms), 4), state(sp::at_most(7).per(1s), 6)}));
    auto const policies = structured_list::parse(fields.at("RateLimit-Policy"));
    REQUIRE(policies);
    CHECK(policies->at(0).text == "export-500ms");
    CHECK(policies->at(1).text == "export-1s");
    CHECK(policies->at(0).parameters.at("w") == 1);
}

TEST_CASE("without a limit there is no field") {
    CHECK(fields_of({}).empty());
    auto shadow = state(sp::at_most(5).per(1s), 0, 1s, 1s);
    shadow.shadow = true;
    CHECK(fields_of(states({shadow})).empty());
}

TEST_CASE("a shadow limit is not shown, not even as the tightest") {
    auto shadow = state(sp::at_most(5).per(1s), 0, 1s, 1s);
    shadow.shadow = true;
    auto const fields = fields_of(states({shadow, state(sp::at_most(100).per(60s), 3, 42s)}));
    CHECK(fields.at("RateLimit") == R"("export";r=3;t=42)");
    CHECK(fields.at("RateLimit-Policy") == R"("export";q=100;w=60)");
    CHECK(fields.at("X-RateLimit-Limit") == "100");
}

TEST_CASE("a name that no structured field can hold is made one") {
    std::string name;
    for (int byte = 0; byte < 256; ++byte) name += static_cast<char>(byte);
    auto odd = state(sp::at_most(5).per(1s), 4);
    odd.name = name;
    auto const members = structured_list::parse(fields_of(states({odd})).at("RateLimit"));
    REQUIRE(members);
    CHECK(members->at(0).text.size() == 256);
    CHECK(members->at(0).text.substr(0x20, 0x5f) == name.substr(0x20, 0x5f));
    CHECK(std::count(members->at(0).text.begin(), members->at(0).text.end(), '_') == 256 - 0x5f + 1);
}

TEST_CASE("the fields of any limits are valid structured fields, and say what the limits are") {
    static constexpr std::string_view names[] = {"track", "export", "a \"quoted\" name", ""};
    std::mt19937_64 random(7);
    auto const duration = [&random] {
        return std::chrono::nanoseconds(static_cast<std::int64_t>(random() >> (1 + random() % 63)));
    };
    for (int round = 0; round < 20'000; ++round) {
        sp::rate_states list;
        std::vector<sp::rate_state> shown;
        for (auto count = 1 + random() % 4; count > 0; --count) {
            auto const limit = 1 + static_cast<std::uint32_t>(random() % sp::quota::max_limit);
            auto const window = std::chrono::milliseconds(1 + static_cast<std::int64_t>(random() % 2'678'400'000));
            sp::rate_state const one{.name = names[random() % 4],
                                     .quota = sp::quota::make(limit, window).value(),
                                     .remaining = static_cast<std::uint32_t>(random() % (std::uint64_t{limit} + 1)),
                                     .reset = duration(),
                                     .retry_after = random() % 2 == 0 ? 0ns : duration(),
                                     .shadow = random() % 4 == 0};
            REQUIRE(list.push_back(one));
            if (!one.shadow) shown.push_back(one);
        }
        auto const fields = fields_of(list);
        if (shown.empty()) {
            REQUIRE(fields.empty());
            continue;
        }
        auto const policies = structured_list::parse(fields.at("RateLimit-Policy"));
        auto const standing = structured_list::parse(fields.at("RateLimit"));
        REQUIRE(policies);
        REQUIRE(standing);
        REQUIRE(policies->size() == shown.size());
        REQUIRE(standing->size() == shown.size());
        for (std::size_t i = 0; i < shown.size(); ++i) {
            REQUIRE(policies->at(i).text == standing->at(i).text);
            REQUIRE(policies->at(i).text.starts_with(shown[i].name));
            REQUIRE(policies->at(i).parameters ==
                    std::map<std::string, std::int64_t>{{"q", shown[i].quota.limit()},
                                                        {"w", sp::http::whole_seconds(shown[i].quota.window())}});
            REQUIRE(standing->at(i).parameters ==
                    std::map<std::string, std::int64_t>{{"r", shown[i].remaining},
                                                        {"t", sp::http::whole_seconds(shown[i].reset)}});
        }
        auto const tightest = *std::min_element(shown.begin(), shown.end(), [](auto const& a, auto const& b) {
            return a.retry_after != b.retry_after ? a.retry_after > b.retry_after : a.remaining < b.remaining;
        });
        REQUIRE(fields.at("X-RateLimit-Limit") == std::to_string(tightest.quota.limit()));
        REQUIRE(fields.at("X-RateLimit-Remaining") == std::to_string(tightest.remaining));
        REQUIRE(fields.at("X-RateLimit-Reset") == std::to_string(sp::http::whole_seconds(tightest.reset)));
    }
}

TEST_CASE("the reader of structured fields is strict") {
    CHECK(structured_list::parse(R"("a";q=1;w=2 , "b\"\\";r=-5)"));
    for (auto const* wrong : {"",
                              "a;q=1",
                              "\"a",
                              "\"a\";",
                              "\"a\";Q=1",
                              "\"a\";q",
                              "\"a\";q=",
                              "\"a\";q=1.5",
                              "\"a\";q=1;q=2",
                              "\"a\",",
                              "\"a\" \"b\"",
                              ",\"a\"",
                              "\"\\n\"",
                              "\"\n\"",
                              "\"\xc3\xa9\"",
                              "\"a\" ",
                              "\"a\";q=1234567890123456",
                              "\"a\" ;q=1",
                              "\"a\";q =1",
                              "\"a\";q= 1",
                              "\"a\";q=+1"}) {
        INFO(wrong);
        CHECK_FALSE(structured_list::parse(wrong));
    }
}
