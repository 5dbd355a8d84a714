#pragma once

#include <sallyport/openpanel.hpp>

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <string>

/// All that a decision says, in words: two decisions are the same if these are, and a difference can be read.
inline std::string in_words(sallyport::openpanel::decision const& made) {
    std::string told;
    auto const add = std::back_inserter(told);
    if (made) {
        auto const& who = made.principal();
        fmt::format_to(add, "200 {} {} of {}/{} by {} {:08x}", who.id, sallyport::enumerator_name(who.level),
                       who.organization.view(), who.project.view(), who.proven() ? "secret" : "origin",
                       who.secret.value());
        fmt::format_to(add, ", admitted at {} after {}", made.receipt().stamp.time_since_epoch().count(),
                       made.receipt().position);
    } else {
        auto const& why = made.denial();
        fmt::format_to(add, "{} {} on {} for \"{}\", wait {}", why.status, sallyport::reason_name(why.reason), why.api,
                       why.project.view(), why.retry_after.count());
    }
    for (auto const& rate : made.rates()) {
        fmt::format_to(add, "; {}: {} in {}, {} left, more in {}, again in {}", rate.name, rate.quota.limit(),
                       rate.quota.window().count() * 1'000'000, rate.remaining, rate.reset.count(),
                       rate.retry_after.count());
    }
    return told;
}
