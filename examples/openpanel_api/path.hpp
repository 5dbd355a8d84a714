// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace demo {

/// The segments of a path, decoded once. None if the path is not plain: a broken escape, `%2F`, `%00`, an empty
/// segment (`//`, or a slash at the end) or a dot segment.
std::optional<std::vector<std::string>> segments_of(std::string_view path);

/// Which value a query gives the parameter of that name, decoded once (`+` is a blank). None if it gives none; an
/// empty one if it gives two that differ, an empty one or a broken escape.
std::optional<std::string> parameter_of(std::string_view query, std::string_view name);

}  // namespace demo
