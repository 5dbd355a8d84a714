#pragma once

#include "catch.hpp"

#include <sallyport/credential/presentation.hpp>
#include <sallyport/headers.hpp>

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The lines of a request, in the order in which they were sent.
using sent_lines = std::vector<std::pair<std::string, std::string>>;

/// What a gate reads of the credential fields.
struct reading {
    std::string id{};
    std::string secret{};
    std::string origin{};
    bool ambiguous = false;
    bool has_origin = false;

    friend bool operator==(reading const&, reading const&) = default;
    friend std::ostream& operator<<(std::ostream& out, reading const& read) {
        return out << "id \"" << read.id << "\", secret \"" << read.secret << "\", origin \"" << read.origin << '"'
                   << (read.ambiguous ? ", ambiguous" : "") << (read.has_origin ? ", has an origin" : "");
    }
};

template <class Source>
reading read_credentials(Source const& source) {
    auto const presented = sallyport::two_fields{}.read(source);
    return {std::string(presented.id), std::string(presented.secret), std::string(presented.origin),
            presented.ambiguous, presented.has_origin};
}

/// The suite of all header sources. `Host::receive(sent_lines)` makes the host's own container of these lines.
template <class Host>
struct header_source_suite {
    static bool joins() {
        auto const host = Host::receive({});
        return sallyport::header_view(host).joins_lines();
    }
    static reading read(sent_lines const& lines) { return read_credentials(Host::receive(lines)); }

    static void white_space() {
        CHECK(read({}) == reading{});
        CHECK(read({{"accept", "*/*"}}) == reading{});
        CHECK(read({{"client-id", " \t an id \t "}, {"client-secret", "\ta  secret"}}) ==
              reading{"an id", "a  secret"});
        CHECK(read({{"client-id", ""}, {"client-secret", " \t "}, {"origin", ""}}) == reading{});
        CHECK(
            read({{"client-id", "an id "}, {"client-id", ""}, {"client-secret", " "}, {"client-secret", "a secret"}}) ==
            (joins() ? reading{"an id ,", ", a secret", "", true} : reading{"an id", "a secret"}));
    }

    static void names() {
        CHECK(read({{"CLIENT-ID", "an id"}, {"Client-Secret", "a secret"}, {"oRiGiN", "https://a.example"}}) ==
              reading{"an id", "a secret", "https://a.example", false, true});
        CHECK(read({{"client-id ", "an id"}, {"xclient-secret", "a secret"}, {"client_secret", "a secret"}}) ==
              reading{});
        CHECK(read({{"", "an id"}}) == reading{});
        CHECK(read({{"client-id" + std::string(64, ' '), "an id"}, {std::string(64, 'x'), "a secret"}}) == reading{});
        for (std::string_view const name : {"client-id", "client-secret", "origin"}) {
            for (std::size_t i = 0; i < name.size(); ++i) {
                for (auto const bit : {0x01, 0x40, 0x80}) {
                    std::string another(name);
                    another[i] = static_cast<char>(another[i] ^ bit);
                    CHECK(read({{another, "a value"}}) == reading{});
                }
            }
        }
    }

    static void repetition() {
        auto const equal = read({{"client-id", "an id"}, {"CLIENT-ID", "an id "}});
        CHECK(equal.ambiguous == joins());
        if (!joins()) CHECK(equal.id == "an id");

        CHECK(read({{"client-id", "an id"}, {"client-id", "another"}}).ambiguous);
        CHECK(read({{"client-secret", "a secret"}, {"Client-Secret", "A secret"}}).ambiguous);
        CHECK(read({{"client-secret", "a"}, {"client-secret", "b"}, {"client-secret", "a"}}).ambiguous);

        auto const origins = read({{"origin", "https://a.example"}, {"origin", "https://b.example"}});
        CHECK(origins == reading{"", "", "", false, true});
    }

    static void bytes() {
        std::string every;
        for (int byte = 0x21; byte < 0x100; ++byte) {
            if (byte != ',') every += static_cast<char>(byte);
        }
        std::string const nul("nul \0 nul", 9);
        CHECK(read({{"client-id", nul}, {"client-secret", every}}) == reading{nul, every});
        CHECK(read({{"client-secret", "schlüssel"}}) == reading{"", "schlüssel"});

        auto const comma = read({{"client-id", "an id"}, {"client-secret", "one,two"}});
        CHECK(comma == reading{"an id", "one,two", "", joins()});
    }

    static void many() {
        sent_lines lines;
        for (int i = 0; i < 10'000; ++i) lines.emplace_back("x-line-" + std::to_string(i), std::to_string(i));
        lines[5'000] = {"client-id", "an id"};
        lines[9'999] = {"client-secret", "a secret"};
        CHECK(read(lines) == reading{"an id", "a secret"});
        lines[0] = {"client-secret", "another"};
        CHECK(read(lines).ambiguous);

        sent_lines const same(10'000, {"client-secret", "a secret"});
        CHECK(read(same).ambiguous == joins());
    }

    static void visits() {
        sent_lines lines{{"a", "1"}, {"b", "2"}, {"a", "1"}, {"A", "3"}, {"b", "4"}};
        if (joins()) lines = {{"a", "1"}, {"b", "2"}};
        sent_lines visited;
        auto const host = Host::receive(lines);
        sallyport::header_view(host).for_each(
            [&](std::string_view name, std::string_view value) { visited.emplace_back(name, value); });
        std::sort(lines.begin(), lines.end());
        std::sort(visited.begin(), visited.end());
        CHECK(visited == lines);

        std::size_t of_length = 0;
        sallyport::name_lengths lengths;
        sallyport::header_view(host).for_each_of(lengths, [](auto, auto) { FAIL("a line of a length not asked for"); });
        lengths.add(1);
        sallyport::header_view(host).for_each_of(lengths, [&](auto, auto) { ++of_length; });
        CHECK(of_length == lines.size());
    }
};

/// Checks that a host's header lines are read as every host's are.
template <class Host>
void conforms_as_a_header_source() {
    using suite = header_source_suite<Host>;
    SECTION("white space is no part of a value, and an empty line counts as absent") { suite::white_space(); }
    SECTION("names match whole and in either case") { suite::names(); }
    SECTION("equal lines are one, different ones ambiguous, and joined ones can't be told apart") {
        suite::repetition();
    }
    SECTION("a value is every byte that was sent") { suite::bytes(); }
    SECTION("ten thousand lines hide nothing") { suite::many(); }
    SECTION("each line is visited once") { suite::visits(); }
}
