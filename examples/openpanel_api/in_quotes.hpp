// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/http/json.hpp>

#include <string>
#include <string_view>

namespace demo {

/// Somebody's text as a message shows it: in quotes, on one line whatever it holds, cut where it is long.
inline std::string in_quotes(std::string_view text) {
    std::string shown;
    sallyport::http::append_json_string(shown, text.substr(0, 80));
    if (text.size() > 80) shown.insert(shown.size() - 1, "...");
    return shown;
}

}  // namespace demo
