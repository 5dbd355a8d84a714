#include "catch.hpp"
#include "header_source_conformance.hpp"

#include <sallyport/ascii.hpp>
#include <sallyport/credential/presentation.hpp>
#include <sallyport/headers.hpp>

#include <array>
#include <cstddef>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sp = sallyport;

namespace {

/// A host with a container of its own, which is no range.
class own_container {
public:
    explicit own_container(sent_lines lines) : lines_(std::move(lines)) {}

    std::size_t count() const { return lines_.size(); }
    std::pair<std::string, std::string> const& at(std::size_t i) const { return lines_[i]; }

private:
    sent_lines lines_;
};

/// A host that joins repeated lines by commas, and so can't tell two values from one.
struct joining_container {
    std::map<std::string, std::string> fields;
};

}  // namespace

template <>
struct sallyport::header_access<own_container> {
    static constexpr bool joins_lines = false;

    template <class Visit>
    static void for_each(own_container const& headers, Visit&& visit) {
        for (std::size_t i = 0; i < headers.count(); ++i) visit(headers.at(i).first, headers.at(i).second);
    }
};

template <>
struct sallyport::header_access<joining_container> {
    static constexpr bool joins_lines = true;

    template <class Visit>
    static void for_each(joining_container const& headers, Visit&& visit) {
        for (auto const& [name, value] : headers.fields) visit(name, value);
    }
};

namespace {

/// Header lines in a container that borrows their text, which is kept here.
template <class Container>
struct borrowing {
    sent_lines text;
    Container lines;

    operator std::span<sp::header_line const>() const { return lines; }
};

struct vector_of_lines {
    static borrowing<std::vector<sp::header_line>> receive(sent_lines lines) {
        borrowing<std::vector<sp::header_line>> host{std::move(lines), {}};
        for (auto const& [name, value] : host.text) host.lines.push_back({name, value});
        return host;
    }
};

template <class Container>
struct range_of_text {
    static Container receive(sent_lines const& lines) {
        Container host;
        for (auto const& [name, value] : lines) host.insert(host.end(), {name, value});
        return host;
    }
};

struct own_host {
    static own_container receive(sent_lines lines) { return own_container(std::move(lines)); }
};

struct joining_host {
    static joining_container receive(sent_lines const& lines) {
        joining_container host;
        for (auto const& [sent_name, value] : lines) {
            std::string name;
            for (auto const c : sent_name) name += sp::ascii::to_lower(c);
            auto const [field, fresh] = host.fields.try_emplace(name, value);
            if (!fresh) field->second += ", " + value;
        }
        return host;
    }
};

}  // namespace

TEST_CASE("a vector of header lines is a header source") { conforms_as_a_header_source<vector_of_lines>(); }

TEST_CASE("a vector of pairs is a header source") {
    conforms_as_a_header_source<range_of_text<std::vector<std::pair<std::string, std::string>>>>();
}

TEST_CASE("a deque of pairs is a header source") {
    conforms_as_a_header_source<range_of_text<std::deque<std::pair<std::string, std::string>>>>();
}

TEST_CASE("a multimap is a header source") {
    conforms_as_a_header_source<range_of_text<std::multimap<std::string, std::string>>>();
}

TEST_CASE("an unordered multimap is a header source") {
    conforms_as_a_header_source<range_of_text<std::unordered_multimap<std::string, std::string>>>();
}

TEST_CASE("a host's own container is a header source by a specialisation") { conforms_as_a_header_source<own_host>(); }

TEST_CASE("a host that joins repeated lines is a header source") { conforms_as_a_header_source<joining_host>(); }

TEST_CASE("an array and a span of header lines are header sources, at compile time too") {
    static constexpr sp::header_line plain[] = {{"Client-Id", " an id "}, {"client-secret", "a secret"}};
    static constexpr std::array lines{plain[0], plain[1]};
    static constexpr std::span<sp::header_line const> view = lines;
    constexpr auto reads = [](sp::header_view headers) {
        auto const presented = sp::two_fields{}.read(headers);
        return presented.id == "an id" && presented.secret == "a secret" && !presented.ambiguous &&
               !presented.has_origin;
    };
    STATIC_REQUIRE(reads(plain));
    STATIC_REQUIRE(reads(lines));
    STATIC_REQUIRE(reads(view));
    STATIC_REQUIRE(reads(sp::header_view(view)));
}

TEST_CASE("a view of nothing has no lines") {
    constexpr sp::header_view nothing;
    STATIC_REQUIRE(!nothing.joins_lines());
    nothing.for_each([](std::string_view, std::string_view) { FAIL("a line"); });
}

TEST_CASE("a view is small and knows whether its host joins lines") {
    STATIC_REQUIRE(std::is_trivially_copyable_v<sp::header_view>);
    auto const joined = joining_host::receive({{"a", "1"}});
    auto const view = sp::header_view(joined);
    auto const copy = view;
    CHECK(view.joins_lines());
    CHECK(copy.joins_lines());
}

TEST_CASE("what is no container of header lines is no header source") {
    STATIC_REQUIRE(sp::header_source<std::vector<std::pair<std::string_view, std::string_view>>>);
    STATIC_REQUIRE(sp::header_source<std::map<std::string, std::string>>);
    STATIC_REQUIRE_FALSE(sp::header_source<int>);
    STATIC_REQUIRE_FALSE(sp::header_source<std::string>);
    STATIC_REQUIRE_FALSE(sp::header_source<std::vector<std::string>>);
    STATIC_REQUIRE_FALSE(sp::header_source<std::map<std::string, int>>);
}
