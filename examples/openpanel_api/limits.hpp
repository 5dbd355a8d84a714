// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/quota.hpp>
#include <sallyport/model/result.hpp>

#include <string_view>

namespace demo {

/// The windows that `N/SECONDS[,N/SECONDS…]` spells, or no limit for `none`: as the option `--limit` and a record's
/// `limits` write them.
sallyport::result<sallyport::quotas> parse_limits(std::string_view text);

/// The windows that are in force, and beside them those that `N/SECONDS[,N/SECONDS…]` spells, in shadow: as the option
/// `--shadow-limit` writes them.
sallyport::result<sallyport::quotas> parse_shadow_limits(std::string_view text, sallyport::quotas const& beside);

}  // namespace demo
