// SPDX-License-Identifier: BSL-1.0
#include "property.hpp"

#include <sallyport/credential/presentation.hpp>
#include <sallyport/headers.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sp = sallyport;

namespace {

using lines = std::vector<std::pair<std::string, std::string>>;

/// The same lines as a host shows them that may have joined repeated ones.
struct joined {
    lines all;
};

std::string lower(std::string text) {
    static constexpr std::string_view capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (auto& c : text) {
        if (auto const place = capitals.find(c); place != capitals.npos) c = "abcdefghijklmnopqrstuvwxyz"[place];
    }
    return text;
}

std::string trimmed(std::string text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.erase(0, 1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
    return text;
}

/// All that the lines of one name say, blank ones left out.
std::vector<std::string> values_of(lines const& sent, std::string const& name) {
    std::vector<std::string> values;
    for (auto const& [line, value] : sent) {
        if (lower(line) == name && !trimmed(value).empty()) values.push_back(trimmed(value));
    }
    return values;
}

/// One value is the field's; several that differ are ambiguous, and so is a comma where lines may have been joined.
struct expected_field {
    expected_field(lines const& sent, std::string const& name, bool joins) {
        auto const values = values_of(sent, name);
        if (values.empty()) return;
        text = values.front();
        ambiguous = std::count(values.begin(), values.end(), text) != static_cast<std::ptrdiff_t>(values.size()) ||
                    (joins && text.find(',') != text.npos);
    }

    std::string text;
    bool ambiguous = false;
};

bool same(sp::presented_credentials const& a, sp::presented_credentials const& b) {
    return a.id == b.id && a.secret == b.secret && a.origin == b.origin && a.ambiguous == b.ambiguous &&
           a.has_origin == b.has_origin;
}

void check_origin(sp::presented_credentials const& read, lines const& sent, bool joins) {
    expected_field const origin(sent, "origin", joins);
    require(read.origin == (origin.ambiguous ? "" : origin.text), "the one Origin is shown, and none of several");
    require(read.has_origin == !origin.text.empty(), "an Origin that is not blank was sent");
}

void check_two_fields(sp::presented_credentials const& read, lines const& sent, bool joins) {
    expected_field const id(sent, "client-id", joins);
    expected_field const secret(sent, "client-secret", joins);
    require(read.id == id.text && read.secret == secret.text, "id and secret are the fields' trimmed values");
    require(read.ambiguous == (id.ambiguous || secret.ambiguous), "a field with two different values is ambiguous");
    check_origin(read, sent, joins);
}

void check_bearer(sp::presented_credentials const& read, lines const& sent, bool joins) {
    expected_field const field(sent, "authorization", joins);
    std::string id;
    std::string secret;
    if (lower(field.text.substr(0, 7)) == "bearer ") {
        auto const token = trimmed(field.text.substr(7));
        id = token.substr(0, token.find('.'));
        secret = token == id ? "" : token.substr(id.size() + 1);
    }
    require(read.id == id && read.secret == secret, "a bearer token is an id, a dot and a secret");
    require(read.ambiguous == field.ambiguous, "two different Authorization lines are ambiguous");
    check_origin(read, sent, joins);
}

/// The lines as a server shows them that joins those of one name by commas.
joined joined_by_host(lines const& sent) {
    joined made;
    for (auto const& [name, value] : sent) {
        auto const known = std::find_if(made.all.begin(), made.all.end(),
                                        [name = lower(name)](auto const& line) { return line.first == name; });
        if (known == made.all.end()) {
            made.all.emplace_back(lower(name), value);
        } else {
            known->second += ", " + value;
        }
    }
    return made;
}

template <class Way>
void check_relations(Way const& way, lines const& sent) {
    auto const read = way.read(sent);
    auto twice = sent;
    twice.insert(twice.end(), sent.begin(), sent.end());
    require(same(way.read(twice), read), "equal lines are one");

    auto padded = sent;
    for (auto& [name, value] : padded) value = "\t " + value + " \t";
    padded.emplace_back("client-identity", "another");
    padded.insert(padded.begin(), {"client-secret", " "});
    require(same(way.read(padded), read), "white space around values, blank lines and other fields change nothing");

    lines const backwards(sent.rbegin(), sent.rend());
    require(way.read(backwards).ambiguous == read.ambiguous, "what is ambiguous is so in every order of the lines");

    auto const by_host = joined_by_host(sent);
    auto const rejoined = way.read(by_host);
    require(rejoined.ambiguous || !read.ambiguous, "a host that joins lines hides no ambiguity");
    require(rejoined.ambiguous || (rejoined.id == read.id && rejoined.secret == read.secret),
            "a host that joins lines changes nothing that is not ambiguous");

    std::vector<sp::header_line> views;
    for (auto const& [name, value] : sent) views.push_back({name, value});
    require(same(way.read(views), read), "every header source reads alike");
}

}  // namespace

template <>
struct sallyport::header_access<joined> {
    static constexpr bool joins_lines = true;

    template <class Visit>
    static void for_each(joined const& headers, Visit&& visit) {
        for (auto const& [name, value] : headers.all) visit(std::string_view(name), std::string_view(value));
    }
};

/// Lines of `NAME:VALUE`.
void check(std::string_view input) {
    joined sent;
    while (!input.empty()) {
        auto value = take_part(input);
        auto const name = take_part(value, ':');
        sent.all.emplace_back(name, value);
    }
    check_two_fields(sp::two_fields{}.read(sent.all), sent.all, false);
    check_two_fields(sp::two_fields{}.read(sent), sent.all, true);
    check_bearer(sp::bearer{}.read(sent.all), sent.all, false);
    check_bearer(sp::bearer{}.read(sent), sent.all, true);
    check_relations(sp::two_fields{}, sent.all);
    check_relations(sp::bearer{}, sent.all);
}
