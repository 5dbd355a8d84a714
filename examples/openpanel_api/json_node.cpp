// SPDX-License-Identifier: BSL-1.0
#include "json_node.hpp"

#include "in_quotes.hpp"

#include <sallyport/ascii.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace demo {
namespace {

/// A member's name as part of a place: as it is if it is a word, else in quotes.
std::string as_place(std::string_view name) {
    bool const is_word = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return sallyport::ascii::is_alpha(c) || sallyport::ascii::is_digit(c) || c == '_';
    });
    return is_word ? std::string(name) : in_quotes(name);
}

}  // namespace

void json_node::allow_members(std::initializer_list<std::string_view> names) const {
    for (auto const& [name, value] : members()) {
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            mistake(fmt::format("unknown member {}; expected {}", in_quotes(name), fmt::join(names, ", ")));
        }
    }
}

json_node json_node::at(std::string const& name) const {
    auto found = find(name);
    if (!found) mistake(fmt::format("expected a member {}", in_quotes(name)));
    return *std::move(found);
}

std::optional<json_node> json_node::find(std::string const& name) const {
    auto const found = value_->find(name);
    if (found == value_->end()) return std::nullopt;
    return child(*found, name);
}

std::vector<json_node> json_node::elements() const {
    if (!value_->is_array()) mistake("expected an array");
    std::vector<json_node> found;
    for (auto const& value : *value_) found.emplace_back(value, fmt::format("{}[{}]", where_, found.size()));
    return found;
}

std::vector<std::pair<std::string, json_node>> json_node::members() const {
    if (!value_->is_object()) mistake("expected an object");
    std::vector<std::pair<std::string, json_node>> found;
    for (auto const& [name, value] : value_->items()) found.emplace_back(name, child(value, name));
    return found;
}

std::string const& json_node::text() const {
    if (!value_->is_string()) mistake("expected a string");
    return value_->get_ref<std::string const&>();
}

bool json_node::flag() const {
    if (!value_->is_boolean()) mistake("expected true or false");
    return value_->get<bool>();
}

void json_node::mistake(std::string_view what) const {
    sallyport::raise({where_.empty() ? std::string(what) : fmt::format("{}: {}", where_, what)});
}

json_node json_node::child(nlohmann::json const& value, std::string_view name) const {
    return {value, where_.empty() ? as_place(name) : fmt::format("{}.{}", where_, as_place(name))};
}

namespace {

/// Line and column of a byte, both from 1.
std::string place_of(std::string_view text, std::size_t byte) {
    auto const before = text.substr(0, byte == 0 ? 0 : byte - 1);
    auto const line = std::count(before.begin(), before.end(), '\n') + 1;
    auto const column = before.size() - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
    return fmt::format("line {}, column {}", line, column);
}

/// Sees every object of a document while it is parsed. The parser itself would keep the last of two members.
class member_check {
public:
    using json = nlohmann::json;

    bool operator()(json::parse_event_t event, json const& parsed) {
        if (event == json::parse_event_t::object_start) {
            if (open_.size() == 1) ++element_;
            open_.emplace_back();
        }
        if (event == json::parse_event_t::object_end) open_.pop_back();
        if (event == json::parse_event_t::key) see(parsed.get_ref<std::string const&>());
        return true;
    }

private:
    void see(std::string const& name) {
        bool const on_top = open_.size() == 1;
        if (!open_.back().insert(name).second) {
            auto const where = on_top ? "the file" : fmt::format("{}[{}]", list_, element_ - 1);
            sallyport::raise({fmt::format("{}: two members {}; expected one", where, in_quotes(name))});
        }
        if (on_top) {
            list_ = as_place(name);
            element_ = 0;
        }
    }

    std::vector<std::set<std::string>> open_;  ///< the names seen in each object that is open
    std::string list_;                         ///< the member of the file that is being read
    std::size_t element_ = 0;                  ///< how many objects it had so far
};

}  // namespace

nlohmann::json parse_json(std::string_view text) {
    try {
        return nlohmann::json::parse(
            text, [check = member_check()](int, auto event, auto& parsed) mutable { return check(event, parsed); });
    } catch (nlohmann::json::parse_error const& problem) {
        sallyport::raise({"expected JSON, which ends at " + place_of(text, problem.byte)});
    } catch (nlohmann::json::out_of_range const&) {
        sallyport::raise({"expected JSON, whose numbers are not as large as one here"});
    }
}

}  // namespace demo
