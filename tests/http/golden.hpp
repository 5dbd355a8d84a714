#pragma once

#include "../catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

inline std::vector<std::string> lines_of(std::string const& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

/// The lines that differ: those of `expected` after a minus, those of `made` after a plus. What both begin and end
/// with is left out.
inline std::string difference(std::string const& expected, std::string const& made) {
    auto old_lines = lines_of(expected);
    auto new_lines = lines_of(made);
    auto const from = std::mismatch(old_lines.begin(), old_lines.end(), new_lines.begin(), new_lines.end());
    auto const to = std::mismatch(old_lines.rbegin(), std::make_reverse_iterator(from.first), new_lines.rbegin(),
                                  std::make_reverse_iterator(from.second));
    std::string shown = "from line " + std::to_string(from.first - old_lines.begin() + 1) + ":\n";
    for (auto line = from.first; line != to.first.base(); ++line) shown += "- " + *line + '\n';
    for (auto line = from.second; line != to.second.base(); ++line) shown += "+ " + *line + '\n';
    return shown;
}

/// Checks that the bytes are those of http/golden/NAME. With SALLYPORT_UPDATE_GOLDEN=1 in the environment the file is
/// written anew, and the change is for a reader of the diff to judge.
inline void check_golden(std::string const& name, std::string const& made) {
    auto const path = "http/golden/" + name;
    if (auto const* update = std::getenv("SALLYPORT_UPDATE_GOLDEN"); update && std::string_view(update) == "1") {
        std::ofstream(path, std::ios::binary) << made;
    }
    std::ifstream file(path, std::ios::binary);
    REQUIRE(file);
    std::string const expected{std::istreambuf_iterator<char>(file), {}};
    INFO(path << " differs " << difference(expected, made));
    CHECK((expected == made));
}
