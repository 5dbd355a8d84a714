#include "../catch.hpp"
#include "../sanitizer.hpp"

#include <sallyport/http/json.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace http = sallyport::http;
using nlohmann::json;

namespace {

std::string json_string(std::string_view text) {
    std::string out;
    http::append_json_string(out, text);
    return out;
}

/// Whether the judge takes the bytes for the UTF-8 of one character.
bool is_one_character(std::string_view bytes) {
    if (bytes.size() == 1) return static_cast<std::uint8_t>(bytes.front()) < 0x80;
    auto const continues = [](char c) { return (static_cast<std::uint8_t>(c) & 0xc0) == 0x80; };
    bool const may_be_one = std::all_of(bytes.begin() + 1, bytes.end(), continues);
    return may_be_one && json::accept('"' + std::string(bytes) + '"');
}

/// The slow, obviously right model: what the string stands for, each byte that is no UTF-8 replaced.
std::string replaced(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        std::size_t length = std::min<std::size_t>(4, text.size());
        while (length > 0 && !is_one_character(text.substr(0, length))) --length;
        if (length == 0) out += "\xef\xbf\xbd";
        out += text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(1, length));
    }
    return out;
}

void append_utf8(std::string& out, std::uint32_t code) {
    auto const add = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return add(code);
    if (code < 0x800) {
        add(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            add(0xe0 | code >> 12);
        } else {
            add(0xf0 | code >> 18);
            add(0x80 | (code >> 12 & 0x3f));
        }
        add(0x80 | (code >> 6 & 0x3f));
    }
    add(0x80 | (code & 0x3f));
}

}  // namespace

static_assert(http::utf8_length("") == 0);
static_assert(http::utf8_length("a\xff") == 1);
static_assert(http::utf8_length("\xc3\xa9") == 2 && http::utf8_length("\xc2\x80") == 2);
static_assert(http::utf8_length("\xe2\x82\xac") == 3 && http::utf8_length("\xf4\x8f\xbf\xbf") == 4);
static_assert(http::utf8_length("\xc3") == 0 && http::utf8_length("\xe2\x82") == 0 &&
              http::utf8_length("\xf0\x9f\x98") == 0);
static_assert(http::utf8_length("\x80") == 0 && http::utf8_length("\xff") == 0 && http::utf8_length("\xc3(") == 0);
static_assert(http::utf8_length("\xc0\xaf") == 0 && http::utf8_length("\xe0\x9f\xbf") == 0, "overlong");
static_assert(http::utf8_length("\xf0\x8f\xbf\xbf") == 0, "overlong");
static_assert(http::utf8_length("\xed\xa0\x80") == 0 && http::utf8_length("\xed\xbf\xbf") == 0, "surrogates");
static_assert(http::utf8_length("\xed\x9f\xbf") == 3 && http::utf8_length("\xee\x80\x80") == 3);
static_assert(http::utf8_length("\xf4\x90\x80\x80") == 0 && http::utf8_length("\xf5\x80\x80\x80") == 0,
              "above U+10FFFF");

TEST_CASE("quotes, backslashes and control characters are escaped, and nothing else") {
    CHECK(json_string("") == "\"\"");
    CHECK(json_string("a \"shop\" in C:\\") == R"("a \"shop\" in C:\\")");
    CHECK(json_string(std::string_view("\0\n\x1f\x7f", 4)) == R"("\u0000\u000a\u001f\u007f")");
    CHECK(json_string("/<>&'é€😀") == "\"/<>&'é€😀\"");
    CHECK(json_string("a\xff"
                      "b") ==
          "\"a\xef\xbf\xbd"
          "b\"");
}

TEST_CASE("a JSON string is appended to what is there") {
    std::string out = "{";
    http::append_json_string(out, "a");
    CHECK(out == "{\"a\"");
}

TEST_CASE("every byte alone, and every pair of bytes, is a string that the judge reads as the model does") {
    bool all = true;
    for (unsigned first = 0; first < 256; ++first) {
        std::string text(1, static_cast<char>(first));
        all = all && json::parse(json_string(text)).get<std::string>() == replaced(text);
        text += ' ';
        for (unsigned second = 0; second < 256; ++second) {
            text.back() = static_cast<char>(second);
            all = all && json::parse(json_string(text)).get<std::string>() == replaced(text);
        }
    }
    CHECK(all);
}

TEST_CASE("every character of Unicode comes back from its string") {
    bool all = true;
    for (std::uint32_t code = 0; code <= 0x10ffff; ++code) {
        if (code >= 0xd800 && code <= 0xdfff) continue;
        std::string text;
        append_utf8(text, code);
        all = all && http::utf8_length(text) == text.size();
        if (code % 64 == 0) all = all && json::parse(json_string(text)).get<std::string>() == text;
    }
    CHECK(all);
}

TEST_CASE("random bytes are a string that the judge reads as the model does") {
    // Mostly the bytes at which the rules of UTF-8 and JSON change.
    static constexpr std::string_view edges(
        "\x00\x1f\x20\"\\/\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xed\xee\xef\xf0\xf4\xf5\xff", 25);
    std::mt19937 random(20240607);
    for (int round = 0; round < 100'000 / slowness; ++round) {
        std::string text(random() % 12, ' ');
        for (auto& c : text) c = random() % 4 == 0 ? static_cast<char>(random()) : edges[random() % edges.size()];
        auto const written = json_string(text);
        if (json::accept(written) && json::parse(written).get<std::string>() == replaced(text)) continue;
        FAIL("not read as it should be: " << written);
    }
}
