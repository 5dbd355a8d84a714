// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"
#include "../data/rows.hpp"
#include "../sanitizer.hpp"
#include "uuid_texts.hpp"
#include "watched_heap.hpp"

#include <sallyport/model/uuid.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <clocale>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iomanip>
#include <locale>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

using namespace sallyport::literals;
using sallyport::parse_uuid_v4;
using sallyport::uuid;

namespace {

/// RFC 9562 §4 and §5.4 read aloud: what may stand at each of the 36 places. Slow, and obviously right.
constexpr bool is_uuid_v4(std::string_view text) {
    constexpr std::string_view shape = "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx";
    if (text.size() != shape.size()) return false;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        std::string_view allowed = "0123456789abcdefABCDEF";
        if (shape[i] == '-') allowed = "-";
        if (shape[i] == '4') allowed = "4";
        if (shape[i] == 'v') allowed = "89abAB";
        if (allowed.find(text[i]) == allowed.npos) return false;
    }
    return true;
}

constexpr std::string_view example = "919108f7-52d1-4320-9bac-f847db4148a8";  // RFC 9562, appendix A.3

static_assert(parse_uuid_v4(example));
static_assert(parse_uuid_v4(example)->bytes() == uuid::bytes_type{0x91, 0x91, 0x08, 0xf7, 0x52, 0xd1, 0x43, 0x20,  //
                                                                  0x9b, 0xac, 0xf8, 0x47, 0xdb, 0x41, 0x48, 0xa8});
static_assert(parse_uuid_v4("919108F7-52D1-4320-9BAC-F847DB4148A8") == parse_uuid_v4(example));

// The other examples of RFC 9562, each of another version: §4, §5.9, §5.10, appendices A.1 to A.6 and B.2.
static_assert(!parse_uuid_v4("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"));
static_assert(!parse_uuid_v4("00000000-0000-0000-0000-000000000000"));
static_assert(!parse_uuid_v4("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"));
static_assert(!parse_uuid_v4("C232AB00-9414-11EC-B3C8-9F6BDECED846"));
static_assert(!parse_uuid_v4("5df41881-3aed-3515-88a7-2f4a814cf09e"));
static_assert(!parse_uuid_v4("2ed6657d-e927-568b-95e1-2665a8aea6a2"));
static_assert(!parse_uuid_v4("1EC9414C-232A-6B00-B3C8-9F6BDECED846"));
static_assert(!parse_uuid_v4("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"));
static_assert(!parse_uuid_v4("2489E9AD-2EE2-8E00-8EC9-32D5F69181C0"));
static_assert(!parse_uuid_v4("5c146b14-3c52-8afd-938a-375d0df1fbf6"));

static_assert(!parse_uuid_v4(""));
static_assert(!parse_uuid_v4("urn:uuid:919108f7-52d1-4320-9bac-f847db4148a8"));
static_assert(!parse_uuid_v4("{919108f7-52d1-4320-9bac-f847db4148a8}"));
static_assert(!parse_uuid_v4("919108f752d143209bacf847db4148a8"));

static_assert("919108f7-52d1-4320-9bac-f847db4148a8"_uuid == *parse_uuid_v4(example));
static_assert("919108f7-52d1-4320-9bac-f847db4148a8"_uuid != uuid());
static_assert("919108f7-52d1-4320-9bac-f847db4148a8"_uuid < "919108f7-52d1-4320-9bac-f847db4148a9"_uuid);
static_assert(uuid().bytes() == uuid::bytes_type{});
static_assert(sizeof(uuid) == 16);

/// The ways in which an id is read: each has to judge as every other does, and to see the same bytes.
struct face {
    static std::optional<uuid> parse(std::string_view text) { return parse_uuid_v4(text); }
};
template <auto Parse>
struct way {
    static constexpr std::optional<uuid> parse(std::string_view text) {
        if (text.size() != 36) return std::nullopt;
        uuid::bytes_type bytes{};
        if (!Parse(std::span<char const, 36>(text.data(), 36), bytes)) return std::nullopt;
        return uuid(bytes);
    }
};
using portable = way<sallyport::parse_uuid_v4_portable>;
using simd = way<sallyport::parse_uuid_v4_simd>;

static_assert(portable::parse(example) == parse_uuid_v4(example));
static_assert(!portable::parse("5c146b14-3c52-8afd-938a-375d0df1fbf6"));

using uuid_texts::generator;

uuid random_uuid(generator& random) {
    uuid::bytes_type bytes{};
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0fU) | 0x40U);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3fU) | 0x80U);
    return uuid(bytes);
}

std::string text_of(uuid const& id) {
    auto const text = id.text();
    return {text.begin(), text.end()};
}

std::string in_lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
    return text;
}

}  // namespace

TEMPLATE_TEST_CASE("an id is a version 4 UUID and nothing else: the shared list", "", face, portable, simd) {
    auto const rows = rows_of("uuid_v4.csv");
    REQUIRE(rows.size() == 256);
    std::size_t accepted = 0;
    for (auto const& row : rows) {
        CAPTURE(row);
        auto const text = text_of_hex(row[0]);
        bool const wanted = row[1] == "accept";
        accepted += wanted;
        CHECK(TestType::parse(text).has_value() == wanted);
        CHECK(is_uuid_v4(text) == wanted);
    }
    CHECK(accepted == 100);
}

TEMPLATE_TEST_CASE("a change of one byte of an id makes another id or none", "", face, portable, simd) {
    generator random(1);
    for (auto const& id : {*parse_uuid_v4(example), random_uuid(random), random_uuid(random)}) {
        for (std::size_t place = 0; place < 36; ++place) {
            for (int byte = 0; byte < 256; ++byte) {
                auto text = text_of(id);
                text[place] = static_cast<char>(byte);
                auto const parsed = TestType::parse(text);
                if (parsed.has_value() != is_uuid_v4(text)) FAIL("place " << place << ", byte " << byte);
                if (parsed && text_of(*parsed) != in_lower_case(text)) FAIL("bytes of " << text);
            }
        }
    }
}

TEST_CASE("a text of any other length is no id") {
    std::string const endless = std::string(example) + std::string(example) + std::string(example);
    for (std::size_t size = 0; size <= 80; ++size) {
        CAPTURE(size);
        CHECK(parse_uuid_v4(endless.substr(0, size)).has_value() == (size == 36));
        CHECK_FALSE(parse_uuid_v4(std::string(size, '4')));
        CHECK_FALSE(parse_uuid_v4(std::string(size, '\0')));
    }
    std::string with_end(example);
    CHECK_FALSE(parse_uuid_v4(with_end + '\0'));
}

TEMPLATE_TEST_CASE("whatever the bytes, they are judged as the RFC says", "", face, portable, simd) {
    generator random(2);
    std::size_t accepted = 0;
    constexpr std::size_t tries = 400'000 / haste;
    for (std::size_t i = 0; i < tries; ++i) {
        auto const text = uuid_texts::nearly_an_id(random);
        auto const parsed = TestType::parse(text);
        if (parsed.has_value() != is_uuid_v4(text)) FAIL("judged otherwise: " << text);
        if (parsed && text_of(*parsed) != in_lower_case(text)) FAIL("bytes of " << text);
        accepted += parsed.has_value();
    }
    CHECK(accepted > tries / 4);
    CHECK(accepted < tries * 3 / 4);
}

TEMPLATE_TEST_CASE("an id that is printed and read again is the same id, in either case", "", face, portable, simd) {
    generator random(3);
    for (int i = 0; i < 50'000 / haste; ++i) {
        auto const id = random_uuid(random);
        auto text = text_of(id);
        if (TestType::parse(text) != id) FAIL(text);
        std::transform(text.begin(), text.end(), text.begin(),
                       [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
        if (TestType::parse(text) != id) FAIL(text);
    }
}

TEMPLATE_TEST_CASE("nothing is read before an id's 36 characters, nor behind them", "", face, portable, simd) {
    uuid_texts::lone_page const page;
    for (auto* const text : page.edges()) {
        std::copy(example.begin(), example.end(), text);
        CHECK(TestType::parse({text, 36}) == parse_uuid_v4(example));
        text[35] = 'g';
        CHECK_FALSE(TestType::parse({text, 36}));
    }
}

TEST_CASE("ids are ordered as their texts are, and equal ones have equal hashes") {
    generator random(4);
    for (int i = 0; i < 20'000; ++i) {
        auto const a = random_uuid(random);
        auto const b = i % 4 == 0 ? a : random_uuid(random);
        if ((a < b) != (text_of(a) < text_of(b)) || (a == b) != (text_of(a) == text_of(b))) FAIL(a << ' ' << b);
        if (a == b && std::hash<uuid>()(a) != std::hash<uuid>()(b)) FAIL(a << " has two hashes");
    }
}

TEST_CASE("ids that differ have hashes that differ, and work as keys") {
    generator random(5);
    std::set<uuid> ordered;
    std::unordered_set<uuid> hashed;
    std::set<std::size_t> hashes;
    for (int i = 0; i < 20'000; ++i) {
        auto const id = random_uuid(random);
        ordered.insert(id);
        hashed.insert(id);
        hashes.insert(std::hash<uuid>()(id));
    }
    CHECK(ordered.size() == 20'000);
    CHECK(hashed.size() == 20'000);
    CHECK(hashes.size() == 20'000);
    CHECK(std::all_of(ordered.begin(), ordered.end(), [&](uuid const& id) { return hashed.contains(id); }));
}

TEST_CASE("an id prints in lower case, whatever is said to the stream") {
    auto const id = "919108F7-52D1-4320-9BAC-F847DB4148A8"_uuid;
    CHECK(fmt::format("{}", id) == example);
    CHECK(fmt::format("[{:>38}]", id) == fmt::format("[  {}]", example));
    CHECK(text_of(id) == example);
    CHECK(text_of(uuid()) == "00000000-0000-0000-0000-000000000000");

    std::ostringstream out;
    out << std::uppercase << std::hex << std::showbase << id;
    CHECK(out.str() == example);
    std::ostringstream padded;
    padded << std::setw(38) << id;
    CHECK(padded.str() == fmt::format("  {}", example));
}

TEST_CASE("reading and printing an id allocates nothing") {
    fmt::memory_buffer out;
    std::string const upper = "919108F7-52D1-4320-9BAC-F847DB4148A8";
    std::string const wrong = "919108F7-52D1-7320-9BAC-F847DB4148A8";
    auto const before = watched_heap::allocations();
    auto const id = parse_uuid_v4(upper);
    bool const refused = !parse_uuid_v4(wrong) && !parse_uuid_v4(std::string_view(wrong).substr(1));
    fmt::format_to(fmt::appender(out), "{}", *id);
    auto const after = watched_heap::allocations();
    CHECK(after == before);
    CHECK(refused);
    CHECK(std::string_view(out.data(), out.size()) == example);
}

TEST_CASE("no locale changes what an id is or how it prints") {
    /// Takes every character for a space and for none else, and changes its case the wrong way.
    struct odd_letters : std::ctype<char> {
        static mask const* table() {
            static std::vector<mask> const all(table_size, std::ctype_base::space);
            return all.data();
        }
        odd_letters() : std::ctype<char>(table()) {}
        char do_tolower(char c) const override { return c == 'a' ? 'z' : c; }
        char do_toupper(char) const override { return '?'; }
    };
    struct odd_digits : std::numpunct<char> {
        char do_thousands_sep() const override { return '.'; }
        std::string do_grouping() const override { return "\1"; }
    };
    auto const usual = std::locale::global(std::locale(std::locale(std::locale(), new odd_letters), new odd_digits));
    std::string const usual_c = std::setlocale(LC_ALL, nullptr);
    for (auto const* name : {"", "C.UTF-8", "tr_TR.UTF-8", "de_DE.ISO-8859-1"}) {
        static_cast<void>(std::setlocale(LC_ALL, name));  // one that is not there changes nothing
        auto const id = parse_uuid_v4("919108F7-52D1-4320-9BAC-F847DB4148A8");
        REQUIRE(id);
        std::ostringstream out;
        out << *id;
        CHECK(out.str() == example);
        CHECK(fmt::format("{}", *id) == example);
        CHECK_FALSE(parse_uuid_v4("919108f7-52d1-4320-9bac-f847db4148\xe4\xf6"));
    }
    std::setlocale(LC_ALL, usual_c.c_str());
    std::locale::global(usual);
}
