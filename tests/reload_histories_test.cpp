// SPDX-License-Identifier: BSL-1.0
#include "catch.hpp"
#include "gate_words.hpp"
#include "limit/limiter_bounds.hpp"

#include <sallyport/reloadable.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>

using namespace one_client;

namespace {

using random_engine = std::mt19937_64;

std::int64_t nanoseconds(sp::quota const& in) { return std::chrono::nanoseconds(in.window()).count(); }

/// One or two windows of a few milliseconds, with limits that are soon used up.
sp::quotas some_limits(random_engine& random) {
    sp::quotas made;
    for (auto windows = 1 + random() % 2; windows > 0; --windows) {
        auto const limit = 1 + static_cast<std::int64_t>(random() % 9);
        static_cast<void>(made.add(limits::quota(limit, (1 + static_cast<std::int64_t>(random() % 8)) * limits::ms)));
    }
    return made;
}

auto limited_to(sp::quotas const& in) {
    auto made = op::rules();
    made.limits.set(op::api::insights, in);
    return made;
}

std::int64_t some_step(random_engine& random) {
    switch (random() % 8) {
        case 0: return -static_cast<std::int64_t>(random() % (2 * limits::ms));
        case 1: return static_cast<std::int64_t>(random() % (9 * limits::ms));
        case 2:
        case 3: return static_cast<std::int64_t>(random() % limits::ms);
        default: return 0;
    }
}

/// What one client's budget may answer by all that was granted.
class replaced_limits {
public:
    /// The claims of a call. Only a window longer than all that were in force before it may miss usage, and only what is
    /// older than those reached.
    sp::claim_list claims(sp::quotas const& in, std::uint32_t cost, std::int64_t now) {
        sp::claim_list made;
        std::int64_t longest = 0;
        for (auto const& each : in) {
            static_cast<void>(made.push_back({.key = key, .quota = each.quota, .cost = cost}));
            longest = std::max(longest, nanoseconds(each.quota));
        }
        if (longest_ && longest > *longest_) {
            missed_ = std::max(missed_, bounds_.stamp(key, now) - *longest_);
            bounds_.may_miss(key, missed_);
        }
        longest_ = longest;
        return made;
    }
    std::string judge(sp::claim_list const& asked, std::int64_t now, sp::allowance const& got) {
        return got.states.size() == asked.size() ? bounds_.judge(asked, now, got) : "a limit is not told of";
    }

private:
    /// An exact limiter counts a window, and nothing before it.
    static wide exactly(sp::claim const& asked, wide now, wide last) {
        return std::max(now, last) - nanoseconds(asked.quota);
    }

    static constexpr sp::rate_key key{.client = id};
    limiter_bounds<decltype(&exactly)> bounds_{&exactly};
    std::optional<std::int64_t> longest_;
    wide missed_ = limits::earliest;
};

/// Histories of a gate whose limits are replaced now and then while its only client calls.
void answers_by_what_is_in_force(std::uint64_t histories) {
    auto const clients = one_reader();
    std::array<sp::header_line, 2> const lines{
        {{"openpanel-client-id", id_text}, {"openpanel-client-secret", right_secret}}};
    std::array<std::uint64_t, 2> counts{};
    for (std::uint64_t seed = 0; seed < histories / slowness / haste; ++seed) {
        random_engine random(seed);
        sp::manual_clock clock;
        auto in_force = some_limits(random);
        sp::reloadable rules{limited_to(in_force)};
        sp::authorizer gate{clients, rules, sp::sliding_log({.max_clients = 10, .max_unproven = 10}), clock};
        replaced_limits model;
        for (int i = 0; i < 150; ++i) {
            if (random() % 6 == 0) {
                in_force = some_limits(random);
                REQUIRE(rules.replace(limited_to(in_force)));
            }
            clock.advance(std::chrono::nanoseconds(some_step(random)));
            auto const now = clock.now().time_since_epoch().count();
            auto const cost = 1 + static_cast<std::uint32_t>(random() % 2);
            auto const claims = model.claims(in_force, cost, now);
            auto const decided = gate.authorize({.headers = lines, .api = op::api::insights, .cost = cost});
            sp::allowance got{.outcome = decided ? limits::verdict::admitted : limits::verdict::refused};
            for (auto const& each : decided.rates()) static_cast<void>(got.states.push_back(each));
            if (auto const text = model.judge(claims, now, got); !text.empty()) {
                FAIL("history " << seed << ", call " << i << "\n" << text);
            }
            ++counts[decided ? 1 : 0];
        }
    }
    CHECK(counts[0] > counts[1] / 8);
    CHECK(counts[1] > counts[0] / 8);
}

}  // namespace

TEST_CASE("limits that are replaced hold exactly from the next request on; a longer window may miss older usage") {
    answers_by_what_is_in_force(1000);
}

TEST_CASE("limits that are replaced at any time hold in a hundred thousand histories", "[.long]") {
    answers_by_what_is_in_force(100'000);
}
