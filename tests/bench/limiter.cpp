// SPDX-License-Identifier: BSL-1.0
#include "contest.hpp"
#include "population.hpp"

#include <sallyport/limit/sliding_log.hpp>
#include <sallyport/model/cached_clock.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#if defined(__x86_64__)
#    include <x86intrin.h>
#endif

// What a limiter's answer costs. Time passes so fast that a key which is granted has used some tenths of its limit, and
// is read once in 16 answers, as a host would read it once for each batch of events.

namespace {

namespace sp = sallyport;
using namespace std::chrono_literals;

/// The finest time there is that all threads share, sped up.
class fast_clock {
public:
    explicit fast_clock(double speed) : speed_(speed) {}

    std::chrono::nanoseconds read(std::size_t i) {
        if (i % 16 == 0)
            now_ = std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(raw() - start_) * speed_));
        return now_;
    }

private:
    static std::uint64_t raw() {
#if defined(__x86_64__)
        return __rdtsc();
#else
        return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
    }

    static inline std::uint64_t const start_ = raw();
    double speed_;
    std::chrono::nanoseconds now_{0};
};

constexpr auto window = 10s;
constexpr std::uint32_t few = 100, many = 1000;

/// So fast that each of the keys uses up a quarter of its limit in a window at 50 million answers a second.
double speed_for(std::size_t keys, std::uint32_t limit) {
    constexpr double ticks_per_ns = 2.5;
    auto const uses = static_cast<double>(keys) * limit / 4;
    return 1e10 / (uses * 20.0 * ticks_per_ns);
}

sp::quota quota_of(std::uint32_t limit) { return sp::quota::make(limit, window).value(); }

template <class Take>
contest::side taking(double speed, bool granted, Take take) {
    return [=](unsigned, std::size_t first, std::size_t count) {
        fast_clock clock(speed);
        std::size_t expected = 0;
        static_cast<void>(clock.read(0));
        for (std::size_t i = first; i < first + count; ++i) expected += take(i, clock.read(i)) == granted ? 1 : 0;
        return expected;
    };
}

template <class Claims>
bool admits(sp::sliding_log& limiter, Claims const& claims, std::chrono::nanoseconds now) {
    auto const answer = limiter.take(claims, sp::steady_time(now));
    benchmark::DoNotOptimize(answer.states);
    return answer.outcome == sp::allowance::verdict::admitted;
}

template <class Limiter, class... Key>
bool admitted_by(Limiter& limiter, std::chrono::nanoseconds now, Key const&... key) {
    auto const answer = limiter.take(key..., ordinary::clock::time_point(now));
    benchmark::DoNotOptimize(answer.remaining);
    return answer.admitted;
}

/// One key that all threads ask for: within its limit, or where time stands still once it is used up.
contest::sides hot(bool granted) {
    auto const limit = granted ? many : few;
    auto const speed = granted ? speed_for(1, limit) : 0;
    auto const ours = std::make_shared<sp::sliding_log>();
    auto const ordinarily = std::make_shared<ordinary::single_limiter>(limit, window);
    std::array<sp::claim, 1> const claims{{{.key = {.client = bench::random_id()}, .quota = quota_of(limit)}}};
    for (std::uint32_t i = 0; !granted && i < limit; ++i) {
        static_cast<void>(admits(*ours, claims, 0ns));
        static_cast<void>(admitted_by(*ordinarily, 0ns));
    }
    return {taking(speed, granted, [=](std::size_t, auto now) { return admits(*ours, claims, now); }),
            taking(speed, granted, [=](std::size_t, auto now) { return admitted_by(*ordinarily, now); })};
}

/// Keys drawn at random. They lie in the order in which they are asked for, as requests do in a host's buffers.
contest::sides keyed(std::size_t keys) {
    constexpr std::size_t asked = std::size_t{1} << 20;
    struct side_by_side {
        sp::sliding_log ours;
        ordinary::limiter ordinarily{few, window};
        std::vector<std::array<sp::claim, 1>> claims;
        std::vector<std::string> names;
    };
    auto const of = std::make_shared<side_by_side>();
    std::vector<sp::uuid> ids(keys);
    for (auto& id : ids) id = bench::random_id();
    auto const text_of = [](sp::uuid const& id) {
        auto const text = id.text();
        return std::string(text.begin(), text.end());
    };
    auto const claims_of = [](sp::uuid const& id) {
        return std::array<sp::claim, 1>{{{.key = {.client = id}, .quota = quota_of(few)}}};
    };

    auto const speed = speed_for(keys, few);
    fast_clock clock(speed);
    for (auto const& id : ids) {  // each has been used before: the room for it is there
        static_cast<void>(admits(of->ours, claims_of(id), clock.read(0)));
        static_cast<void>(admitted_by(of->ordinarily, clock.read(0), text_of(id)));
    }
    for (std::size_t i = 0; i < asked; ++i) {
        auto const& id = ids[bench::random()() % keys];
        of->claims.push_back(claims_of(id));
        of->names.push_back(text_of(id));
    }
    return {taking(speed, true, [=](std::size_t i, auto now) { return admits(of->ours, of->claims[i % asked], now); }),
            taking(speed, true,
                   [=](std::size_t i, auto now) { return admitted_by(of->ordinarily, now, of->names[i % asked]); })};
}

/// Two claims at once against one.
contest::sides two(bool of_one_key) {
    auto const ours = std::make_shared<sp::sliding_log>();
    auto const alone = std::make_shared<sp::sliding_log>();
    sp::claim const client{.key = {.client = bench::random_id()}, .quota = quota_of(many)};
    auto second = client;
    if (of_one_key) {
        second.quota = sp::quota::make(2 * many, 2 * window).value();
    } else {
        second.key.client = bench::random_id();
    }
    std::array<sp::claim, 2> const both{{client, second}};
    std::array<sp::claim, 1> const one{{client}};
    auto const speed = speed_for(1, many);
    return {taking(speed, true, [=](std::size_t, auto now) { return admits(*ours, both, now); }),
            taking(speed, true, [=](std::size_t, auto now) { return admits(*alone, one, now); })};
}

/// A cached clock that is updated once in 16 answers, against the machine's, read for each. The keys come in turn, so
/// many that none of them ever uses up its limit in real time.
contest::sides clocked() {
    constexpr std::size_t keys = 64;
    struct side_by_side {
        sp::sliding_log cached, read;
        sp::cached_clock clock{};
        std::array<std::array<sp::claim, 1>, keys> claims{};
    };
    auto const of = std::make_shared<side_by_side>();
    for (auto& each : of->claims)
        each = {{{.key = {.client = bench::random_id()}, .quota = sp::at_most(many).per(1ms)}}};
    return {contest::each([=](std::size_t i) {
                if (i % 16 == 0) of->clock.update();
                return admits(of->cached, of->claims[i % keys], of->clock.now().time_since_epoch());
            }),
            contest::each([=](std::size_t i) {
                return admits(of->read, of->claims[i % keys], sp::steady_clock().now().time_since_epoch());
            })};
}

contest::row const hot_1({"limiter, hot key, granted", "mutex + deque", 1.1}, [] { return hot(true); });
contest::row const hot_2({"limiter, hot key, granted, 2 threads", "mutex + deque", 0.6, 2}, [] { return hot(true); });
contest::row const to_clock({"limiter, hot key, granted", "reading steady_clock", 1.4}, [] {
    return contest::sides{hot(true).ours, contest::each([](std::size_t) {
                              auto now = std::chrono::steady_clock::now();
                              benchmark::DoNotOptimize(now);
                              return now.time_since_epoch().count() != 0;
                          })};
});
contest::row const cached({"limiter, 64 keys, by a cached clock", "by steady_clock", 0.9}, [] { return clocked(); });
contest::row const full_2({"limiter, hot key, refused, 2 threads", "mutex + deque", 0.6, 2}, [] { return hot(false); });
contest::row const some_2({"limiter, 1,000 keys, 2 threads", "mutex + unordered_map + deque", 0.15, 2},
                          [] { return keyed(1000); });
contest::row const all_1({"limiter, 1M keys", "mutex + unordered_map + deque", 0.6}, [] { return keyed(1'000'000); });
contest::row const all_2({"limiter, 1M keys, 2 threads", "mutex + unordered_map + deque", 0.25, 2},
                         [] { return keyed(1'000'000); });
contest::row const windows({"limiter, two windows of one key", "one window", 1.5}, [] { return two(true); });
contest::row const budgets({"limiter, client and organisation at once", "one window", 3}, [] { return two(false); });

}  // namespace
