// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/http/text_writer.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace http = sallyport::http;

namespace {

std::string number(std::int64_t value) {
    std::string text;
    http::append_text(text, [value](http::text_writer& out) { out.append_number(value); });
    return text;
}

constexpr bool writes_at_compile_time() {
    std::array<char, 6> room{};
    http::text_writer out(room);
    out.append("a=");
    out.append_number(-12345);
    return out.size() == 8 && out.written() == 6 && std::string_view(room.data(), room.size()) == "a=-123";
}

}  // namespace

static_assert(writes_at_compile_time());
static_assert(http::text_writer().size() == 0 && http::text_writer().written() == 0);

TEST_CASE("what has no room is not written, and is counted") {
    constexpr std::string_view parts[] = {"one", "", " and two", "\n", " and three"};
    for (std::size_t room = 0; room <= 30; ++room) {
        std::string whole;
        std::array<char, 32> memory{};
        memory.fill('#');
        http::text_writer out{std::span(memory).first(room)};
        for (auto const part : parts) {
            out.append(part);
            out.push_back('.');
            (whole += part) += '.';
            CHECK(out.size() == whole.size());
            CHECK(out.written() == std::min(whole.size(), room));
        }
        auto expected = whole.substr(0, room);
        expected.resize(memory.size(), '#');
        CHECK(std::string_view(memory.data(), memory.size()) == expected);
    }
}

TEST_CASE("a number is written as the standard writes it") {
    using limits = std::numeric_limits<std::int64_t>;
    for (auto const value : {limits::min(), limits::min() + 1, limits::max(), std::int64_t{0}, std::int64_t{-1}}) {
        CHECK(number(value) == std::to_string(value));
    }
    std::mt19937_64 random(20240607);
    for (int round = 0; round < 10'000; ++round) {
        auto const value = static_cast<std::int64_t>(random() >> random() % 64) * (random() % 2 == 0 ? 1 : -1);
        if (number(value) != std::to_string(value)) FAIL(value);
    }
}

TEST_CASE("text is appended to what is there, and takes as much memory as it needs") {
    std::string text = "answer: ";
    http::append_text(text, [](http::text_writer& out) { out.append_number(42); });
    CHECK(text == "answer: 42");
    std::string longer;
    http::append_text(longer, [](http::text_writer& out) { out.append(std::string_view("0123456789", 10)); });
    CHECK(longer == "0123456789");
}

TEST_CASE("text that is longer than is usual is handed out whole") {
    for (auto const size : std::array<std::size_t, 6>{0, 1, 7, 8, 9, 1000}) {
        std::string const expected(size, 'x');
        std::string seen;
        http::with_text<8>([&](http::text_writer& out) { out.append(expected); },
                           [&](std::string_view text) { seen = text; });
        CHECK(seen == expected);
    }
}
