// SPDX-License-Identifier: BSL-1.0
#include "timestamp.hpp"

#include <sallyport/ascii.hpp>

#include <chrono>
#include <cstdint>

namespace demo {
namespace {

/// Takes the front of a text apart; after the first mismatch everything fails.
class scanner {
public:
    explicit scanner(std::string_view text) : rest_(text) {}

    /// Exactly this many digits.
    unsigned digits(std::size_t count) {
        unsigned value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            good_ = good_ && i < rest_.size() && sallyport::ascii::is_digit(rest_[i]);
            if (good_) value = value * 10 + static_cast<unsigned>(rest_[i] - '0');
        }
        if (good_) rest_.remove_prefix(count);
        return value;
    }
    void literal(char expected) {
        good_ = good_ && next_is(expected);
        if (good_) rest_.remove_prefix(1);
    }
    bool next_is(char expected) const { return !rest_.empty() && rest_.front() == expected; }
    bool next_is_digit() const { return !rest_.empty() && sallyport::ascii::is_digit(rest_.front()); }

    /// Whether all was as expected and nothing is left.
    bool done() const { return good_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool good_ = true;
};

std::int64_t parse_fraction(scanner& in) {
    if (!in.next_is('.')) return 0;
    in.literal('.');
    std::int64_t nanoseconds = in.digits(1) * 100'000'000LL;
    for (std::int64_t unit = 10'000'000; unit > 0 && in.next_is_digit(); unit /= 10) nanoseconds += in.digits(1) * unit;
    return nanoseconds;
}

}  // namespace

std::optional<sallyport::wall_time> parse_timestamp(std::string_view text) {
    using namespace std::chrono;
    scanner in(text);
    auto const y = in.digits(4);
    in.literal('-');
    auto const m = in.digits(2);
    in.literal('-');
    auto const d = in.digits(2);
    in.literal('T');
    auto const hour = in.digits(2);
    in.literal(':');
    auto const minute = in.digits(2);
    in.literal(':');
    auto const second = in.digits(2);
    auto const fraction = parse_fraction(in);
    in.literal('Z');

    year_month_day const date(year(static_cast<int>(y)), month(m), day(d));
    if (!in.done() || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    if (y < 1678) return sallyport::wall_time::min();
    if (y > 2261) return sallyport::wall_time::max();
    return sys_days(date) + hours(hour) + minutes(minute) + seconds(second) + nanoseconds(fraction);
}

}  // namespace demo
