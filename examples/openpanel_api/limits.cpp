// SPDX-License-Identifier: BSL-1.0
#include "limits.hpp"

#include "in_quotes.hpp"
#include "number.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>

namespace demo {
namespace {

std::optional<sallyport::quota> parse_window(std::string_view text) {
    auto const slash = text.find('/');
    if (slash == text.npos) return std::nullopt;
    auto const limit = parse_number(text.substr(0, slash), 1, 10'000);
    auto const seconds = parse_number(text.substr(slash + 1), 1, 86'400);
    if (!limit || !seconds) return std::nullopt;
    return sallyport::quota::make(*limit, std::chrono::seconds(*seconds));
}

sallyport::error no_limit(std::string_view text, std::string_view why, std::string_view or_else) {
    return {
        fmt::format("{} is no limit{}{}; expected N/SECONDS[,N/SECONDS...] with N from 1 to 10000 and SECONDS from "
                    "1 to 86400, {}",
                    in_quotes(text), why.empty() ? "" : ": ", why, or_else)};
}

/// Those that are there, and the windows of the text, each made into one in force or in shadow.
sallyport::result<sallyport::quotas> with_windows(sallyport::quotas windows, std::string_view text,
                                                  sallyport::budget_window (*made)(sallyport::quota),
                                                  std::string_view or_else) {
    for (auto rest = text;;) {
        auto const comma = rest.find(',');
        auto const window = parse_window(rest.substr(0, comma));
        if (!window) return no_limit(text, {}, or_else);
        if (!windows.add(made(*window))) return no_limit(text, windows.objection_to(made(*window)), or_else);
        if (comma == rest.npos) return windows;
        rest.remove_prefix(comma + 1);
    }
}

sallyport::budget_window in_force(sallyport::quota limit) { return limit; }

}  // namespace

sallyport::result<sallyport::quotas> parse_limits(std::string_view text) {
    if (text == "none") return sallyport::quotas();
    return with_windows({}, text, in_force, "at most four windows of which each longer one has the larger N, or none");
}

sallyport::result<sallyport::quotas> parse_shadow_limits(std::string_view text, sallyport::quotas const& beside) {
    return with_windows(beside, text, sallyport::in_shadow,
                        "at most four windows with those of --limit, each longer one here with the larger N");
}

}  // namespace demo
