// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "../sanitizer.hpp"

#include <sallyport/http/response.hpp>
#include <sallyport/openpanel.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Answers that are written into memory of the host's.

namespace sp = sallyport;
namespace http = sallyport::http;
namespace op = sallyport::openpanel;
using namespace std::chrono_literals;

namespace {

using decision = op::decision;

/// A host's own form.
struct plain_text {
    static constexpr std::string_view content_type = "text/plain";
    static constexpr void write(http::text_writer& out, sp::denial const& why, bool) noexcept {
        out.append_number(why.status);
    }
};

constexpr bool whole_at_compile_time() {
    constexpr http::responder<plain_text> responder{.challenge = "Own"};
    constexpr sp::denial why{.reason = sp::denial_reason::wrong_secret, .status = 401};
    std::array<char, responder.max_fields_size() + http::max_body_size<plain_text>> room{};
    auto const fields = responder.write_fields(room, decision::deny(why));
    auto const body = responder.write_body(std::span(room).subspan(fields), why);
    return std::string_view(room.data(), fields + body) ==
           "Content-Type: text/plain\r\nCache-Control: no-store\r\nWWW-Authenticate: Own\r\n401";
}

/// Whatever any part of the library might put into an answer, and then some.
class any_decision {
public:
    explicit any_decision(std::uint32_t seed) : random_(seed) {}

    decision make() {
        auto const states = any_states();
        return any(4) == 0 ? decision::grant({}, states) : decision::deny(any_denial(), states);
    }

    std::size_t any(std::size_t below) { return random_() % below; }

private:
    /// Often of bytes that have to be escaped, and as long as may be.
    std::string_view any_text() {
        static constexpr std::string_view edges("\0\x1f\"\\az\x7f\x80\xc3\xe2\x82\xac\xf0\xff", 14);
        auto const text =
            std::span(texts_[any(texts_.size())]).first(any(3) == 0 ? sp::name::max_size : any(sp::name::max_size + 1));
        for (auto& c : text) c = any(4) == 0 ? static_cast<char>(any(256)) : edges[any(edges.size())];
        return {text.data(), text.size()};
    }
    std::chrono::nanoseconds any_wait() {
        if (any(8) == 0) return sp::never;
        if (any(8) == 0) return sp::never - 1ns;
        return std::chrono::nanoseconds(static_cast<std::int64_t>(random_() >> (1 + any(63))));
    }
    sp::denial any_denial() {
        static constexpr std::array<std::uint16_t, 4> statuses{401, 403, 429, 503};
        auto const reason = static_cast<sp::denial_reason>(any(sp::enumerator_count<sp::denial_reason>));
        return {.reason = reason,
                .status = statuses[any(statuses.size())],
                .retry_after = any_wait(),
                .api = any_text(),
                .project = any_text()};
    }
    sp::rate_states any_states() {
        sp::rate_states states;
        for (auto count = any(sp::max_claims + 1); count > 0; --count) {
            auto const limit = any(4) == 0 ? sp::quota::max_limit : 1 + any(sp::quota::max_limit);
            auto const most = static_cast<std::size_t>(sp::quota::max_window.count());
            std::chrono::milliseconds const window(any(4) == 0 ? most - 1 : 1 + any(most));
            REQUIRE(states.push_back({.name = any_text(),
                                      .quota = sp::quota::make(static_cast<std::int64_t>(limit), window).value(),
                                      .remaining = static_cast<std::uint32_t>(random_() >> any(64)),
                                      .reset = any_wait(),
                                      .retry_after = any_wait(),
                                      .shadow = any(8) == 0}));
        }
        return states;
    }

    std::mt19937_64 random_;
    std::array<std::array<char, sp::name::max_size>, 16> texts_{};
};

/// The lines that the fields are in a header section.
template <class Body>
std::string lines_of(http::responder<Body> const& responder, decision const& made) {
    std::string lines;
    responder.for_each_field(made, [&lines](std::string_view name, std::string_view value) {
        ((((lines += name) += ": ") += value) += "\r\n");
    });
    return lines;
}

/// Has `write` write into rooms of all sizes near none, near all and between, and checks that it writes what was
/// expected as far as the room reaches, nothing behind it, and tells how much it is.
template <class Write>
bool writes_as_far_as_there_is_room(std::string const& expected, std::size_t other, Write const& write) {
    for (std::size_t const size : {std::size_t{0}, std::size_t{1}, other % (expected.size() + 1), expected.size() - 1,
                                   expected.size(), expected.size() + 1}) {
        std::string memory(expected.size() + 8, '#');
        auto const told = write(std::span(memory).first(size));
        auto seen = expected.substr(0, size);
        seen.resize(memory.size(), '#');
        if (told != expected.size() || memory != seen) return false;
    }
    return true;
}

}  // namespace

static_assert(http::body_form<plain_text>);
static_assert(whole_at_compile_time());

// As docs/wire.md says.
static_assert(http::max_body_size<http::error_json> == 509 && http::max_body_size<http::problem_json> == 529);
static_assert(http::responder<>{.challenge = ""}.max_fields_size() == 2896);

TEMPLATE_TEST_CASE("a body is written as far as there is room, and is the one that is returned", "", http::error_json,
                   http::problem_json, plain_text) {
    any_decision next(1);
    for (int round = 0; round < 20'000 / slowness; ++round) {
        auto const made = next.make();
        if (made) continue;
        http::responder<TestType> const responder{.explain = next.any(2) == 0};
        auto const body = responder.respond(made).body;
        auto const write = [&](std::span<char> room) { return responder.write_body(room, made.denial()); };
        if (!writes_as_far_as_there_is_room(body, next.any(1'000), write)) FAIL(body);
    }
}

TEMPLATE_TEST_CASE("fields are written as far as there is room, and are those that are returned", "", http::error_json,
                   http::problem_json) {
    any_decision next(2);
    for (int round = 0; round < 20'000 / slowness; ++round) {
        auto const made = next.make();
        http::responder<TestType> const responder{};
        auto const lines = lines_of(responder, made);
        auto const write = [&](std::span<char> room) { return responder.write_fields(room, made); };
        if (!writes_as_far_as_there_is_room(lines, next.any(5'000), write)) FAIL(lines);
    }
}

TEMPLATE_TEST_CASE("no body and no fields are longer than what is stated", "", http::error_json, http::problem_json) {
    any_decision next(3);
    std::size_t longest_body = 0;
    std::size_t longest_fields = 0;
    http::responder<TestType> const responder{.challenge = "A challenge", .explain = true};
    for (int round = 0; round < 100'000 / slowness; ++round) {
        auto const made = next.make();
        longest_fields = std::max(longest_fields, responder.write_fields({}, made));
        if (!made) longest_body = std::max(longest_body, responder.write_body({}, made.denial()));
        responder.for_each_field(made, [](std::string_view name, std::string_view value) {
            if (name.find("RateLimit") != name.npos && value.size() > http::max_rate_field_size) FAIL(value);
        });
    }
    CHECK(longest_body <= http::max_body_size<TestType>);
    CHECK(longest_body > http::max_body_size<TestType> / 2);
    CHECK(longest_fields <= responder.max_fields_size());
    CHECK(longest_fields > responder.max_fields_size() / 2);
}

TEMPLATE_TEST_CASE("a body and fields there are that are as long as is stated", "", http::error_json,
                   http::problem_json) {
    std::string const escaped(sp::name::max_size, '\x01');
    std::string const quoted(sp::name::max_size, '\\');
    http::responder<TestType> const responder{.challenge = "A challenge", .explain = true};
    sp::denial const out_of_scope{.reason = sp::denial_reason::out_of_scope,
                                  .status = 503,
                                  .retry_after = 1s,
                                  .api = escaped,
                                  .project = std::string_view(escaped)};
    CHECK(responder.write_body({}, out_of_scope) == http::max_body_size<TestType>);

    sp::rate_states states;
    sp::rate_state const widest{.name = quoted,
                                .quota = sp::quota::make(1'000'000, 31 * 24h - 1ms).value(),
                                .remaining = std::numeric_limits<std::uint32_t>::max(),
                                .reset = sp::never};
    while (states.push_back(widest)) {
    }
    sp::denial const unproven{.reason = sp::denial_reason::wrong_secret, .status = 401, .retry_after = sp::never - 1ns};
    CHECK(responder.write_fields({}, decision::deny(unproven, states)) == responder.max_fields_size());
}

TEST_CASE("names that are longer than any are written whole, and the size says so") {
    std::string const name(1'000, 'n');
    sp::denial const why{.reason = sp::denial_reason::access_not_allowed, .status = 401, .api = name};
    sp::rate_states states;
    REQUIRE(states.push_back({.name = name, .quota = sp::at_most(1).per(1s)}));
    auto const made = decision::deny(why, states);
    http::responder const responder;
    std::string room(2'000, '#');
    auto const size = responder.write_body(room, why);
    CHECK(size > http::max_body_size<http::error_json>);
    CHECK(room.substr(0, size) ==
          "{\"error\":\"Unauthorized\",\"message\":\"This client may not use the " + name + " API\"}");
    CHECK(lines_of(responder, made).find("RateLimit: \"" + name + "\";r=0;t=0\r\n") != std::string::npos);
    CHECK(responder.write_fields({}, made) == lines_of(responder, made).size());
}
