// SPDX-License-Identifier: BSL-1.0
#include "property.hpp"

#include <sallyport/model/uuid.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>

namespace sp = sallyport;

namespace {

/// RFC 9562 §4 and §5.4 as a regular expression.
bool is_uuid_v4(std::string const& text) {
    static std::regex const form(
        "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}");
    return std::regex_match(text, form);
}

sp::uuid::bytes_type bytes_of(std::string digits) {
    std::erase(digits, '-');
    sp::uuid::bytes_type bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(std::stoul(digits.substr(2 * i, 2), nullptr, 16));
    }
    return bytes;
}

std::string in_case(std::string text, int (*change)(int)) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [change](unsigned char c) { return static_cast<char>(change(c)); });
    return text;
}

std::string text_of(sp::uuid const& id) {
    auto const text = id.text();
    return {text.data(), text.size()};
}

void check_parsed(std::string const& text, sp::uuid const& id) {
    auto const lower = in_case(text, std::tolower);
    require(id.bytes() == bytes_of(text), "the bytes are those that the digits spell");
    require(text_of(id) == lower, "the text of a parsed id is the text that was parsed, in lower case");
    require(fmt::format("{}", id) == lower, "fmt writes the same text");
    require((std::ostringstream() << id).str() == lower, "a stream writes the same text");
    require(sp::parse_uuid_v4(lower) == id && sp::parse_uuid_v4(in_case(text, std::toupper)) == id,
            "an id is the same in either case");
    require(!sp::parse_uuid_v4(text.substr(1)) && !sp::parse_uuid_v4(text + text.back()),
            "an id is exactly 36 characters");
}

/// Whatever 16 bytes an id is made of.
void check_made(std::string_view bytes) {
    sp::uuid::bytes_type some{};
    std::copy_n(bytes.begin(), some.size(), some.begin());
    bool const is_v4 = some[6] / 16 == 4 && some[8] / 64 == 2;
    require(sp::parse_uuid_v4(text_of(sp::uuid(some))).has_value() == is_v4,
            "version and variant decide what is parsed");

    auto others = some;
    some[6] = static_cast<std::uint8_t>(some[6] % 16 + 0x40);
    some[8] = static_cast<std::uint8_t>(some[8] % 64 + 0x80);
    require(sp::parse_uuid_v4(text_of(sp::uuid(some))) == sp::uuid(some), "the text of an id is parsed as that id");
    require((sp::uuid(some) <=> sp::uuid(others)) == (text_of(sp::uuid(some)) <=> text_of(sp::uuid(others))),
            "ids are in the order of their texts");
}

}  // namespace

void check(std::string_view input) {
    std::string const text(input);
    auto const parsed = sp::parse_uuid_v4(input);
    require(parsed.has_value() == is_uuid_v4(text), "what is parsed is exactly a version 4 UUID");
    if (parsed) check_parsed(text, *parsed);
    if (input.size() >= 16) check_made(input);
}
