// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/clock.hpp>

#include <optional>
#include <string_view>

namespace demo {

/// The moment that an RFC 3339 timestamp in UTC names: `2026-01-01T00:00:00Z`, with up to nine digits of a fraction.
/// A year that the clock can't count (before 1678, after 2261) is the nearest moment that it can.
std::optional<sallyport::wall_time> parse_timestamp(std::string_view text);

}  // namespace demo
