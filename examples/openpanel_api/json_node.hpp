// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/result.hpp>

#include <nlohmann/json.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace demo {

/// A value of a JSON file that knows where it stands, so that a mistake names its place: `clients[3].secrets[0]: …`.
/// What is not as expected raises `setup_error`. Borrows the document.
class json_node {
public:
    json_node(nlohmann::json const& value, std::string where) : value_(&value), where_(std::move(where)) {}

    std::string const& where() const { return where_; }
    bool is_null() const { return value_->is_null(); }
    bool is_text() const { return value_->is_string(); }

    /// The same value under another name for its place.
    json_node renamed(std::string where) const { return {*value_, std::move(where)}; }

    /// Refuses what is no object, or has a member of another name.
    void allow_members(std::initializer_list<std::string_view> names) const;

    /// A member that has to be there.
    json_node at(std::string const& name) const;

    /// A member that may be missing.
    std::optional<json_node> find(std::string const& name) const;

    /// The elements of an array; the members of an object, by name.
    std::vector<json_node> elements() const;
    std::vector<std::pair<std::string, json_node>> members() const;

    std::string const& text() const;
    bool flag() const;

    [[noreturn]] void mistake(std::string_view what) const;

private:
    json_node child(nlohmann::json const& value, std::string_view name) const;

    nlohmann::json const* value_;
    std::string where_;
};

/// The document that the text is, in which no object names a member twice; raises `setup_error`.
nlohmann::json parse_json(std::string_view text);

}  // namespace demo
