// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <benchmark/benchmark.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// Two sides of a contest take turns in one run, many times; what counts is the median of the ratios, round by round.
/// So what disturbs the machine disturbs both.
namespace contest {

/// Runs operations `first` to `first + count` and tells how many gave the answer that was to be expected: all of them,
/// or the row fails. A benchmark that measures a refusal where it should measure a grant measures nothing.
using side = std::function<std::size_t(unsigned thread, std::size_t first, std::size_t count)>;

/// A side whose operations are independent of each other: `right(i)` does the i-th, and checks it.
template <class Right>
side each(Right right) {
    return [right](unsigned, std::size_t first, std::size_t count) {
        std::size_t expected = 0;
        for (std::size_t i = first; i < first + count; ++i) expected += right(i) ? 1 : 0;
        return expected;
    };
}

struct sides {
    side ours;
    side yardstick;
};

struct terms {
    std::string what;
    std::string yardstick;
    double goal = 0;  ///< of the yardstick's time; 0: none is set
    unsigned threads = 1;
};

/// Threads that stay, each on a processor of its own. The one that makes the team is its first.
class team {
public:
    explicit team(unsigned size) : done_(size) {
        if (processors().size() < size) throw std::runtime_error("there are too few processors");
        pin(0);
        for (unsigned thread = 1; thread < size; ++thread) others_.emplace_back([this, thread] { serve(thread); });
    }
    ~team() {
        start(nullptr);
        for (auto& other : others_) other.join();
    }

    struct time {
        double nanoseconds;  ///< from when all had begun until the last was done
        bool disturbed;      ///< whether one of them lost its processor to somebody else's work meanwhile
    };

    /// Has each thread do `work(thread)` at once.
    time measure(std::function<void(unsigned)> const& work) {
        start(&work);
        take_part(0);
        while (finished_.load() != done_.size()) std::this_thread::yield();
        auto all = done_[0];
        for (auto const& each : done_) {
            all.from = std::min(all.from, each.from);
            all.to = std::max(all.to, each.to);
            all.disturbed = all.disturbed || each.disturbed;
        }
        return {std::chrono::duration<double, std::nano>(all.to - all.from).count(), all.disturbed};
    }

private:
    using clock = std::chrono::steady_clock;
    struct span {
        clock::time_point from, to;
        bool disturbed;
    };

    /// How often this thread had to leave its processor, and would have gone on.
    static long interruptions() {
        rusage used{};
        getrusage(RUSAGE_THREAD, &used);
        return used.ru_nivcsw;
    }

    /// Those that the program may use, before any thread was pinned. The first comes last: most of the machine's own
    /// work is there.
    static std::vector<int> const& processors() {
        static auto const all = [] {
            cpu_set_t set;
            sched_getaffinity(0, sizeof set, &set);
            std::vector<int> made;
            for (int i = CPU_SETSIZE - 1; i >= 0; --i) {
                if (CPU_ISSET(i, &set)) made.push_back(i);
            }
            return made;
        }();
        return all;
    }

    static void pin(unsigned thread) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(static_cast<std::size_t>(processors()[thread]), &set);
        if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) throw std::runtime_error("can't be pinned");
    }

    void start(std::function<void(unsigned)> const* work) {
        work_ = work;
        begun_ = 0;
        finished_ = 0;
        ++rounds_;
        rounds_.notify_all();
    }

    void serve(unsigned thread) {
        pin(thread);
        for (unsigned round = 0;; ++round) {
            rounds_.wait(round);
            if (!work_) return;
            take_part(thread);
        }
    }

    void take_part(unsigned thread) {
        ++begun_;
        while (begun_.load() != done_.size()) {
        }
        auto const before = interruptions();
        auto const from = clock::now();
        (*work_)(thread);
        auto const to = clock::now();
        done_[thread] = {from, to, interruptions() != before};
        ++finished_;
    }

    std::vector<span> done_;
    std::function<void(unsigned)> const* work_ = nullptr;
    std::atomic<unsigned> rounds_{0};
    std::atomic<std::size_t> begun_{0};
    std::atomic<std::size_t> finished_{0};
    std::vector<std::thread> others_;
};

/// One of the sides, and how far it has come.
class contender {
public:
    contender(side run, team& by, unsigned threads) : run_(std::move(run)), team_(by), threads_(threads) {
        while (slice() * static_cast<double>(count_) < least_slice) count_ *= 2;
    }

    /// Nanoseconds an operation took each thread, in a slice of some milliseconds. One that other work on the machine
    /// has disturbed is not taken, if there is one that wasn't.
    double slice() {
        auto made = measure();
        for (int attempt = 1; made.disturbed && attempt < most_attempts; ++attempt) made = measure();
        disturbed_ += made.disturbed ? 1 : 0;
        return made.nanoseconds / static_cast<double>(count_);
    }

    /// How many slices had to be taken that were disturbed.
    std::size_t disturbed() const { return disturbed_; }

private:
    static constexpr double least_slice = 2e6;
    static constexpr int most_attempts = 20;

    team::time measure() {
        static_cast<void>(measure(count_ / 8 + 1));  // brings back into the caches what the other side has driven out
        return measure(count_);
    }

    team::time measure(std::size_t count) {
        std::atomic<std::size_t> expected{0};
        auto const taken =
            team_.measure([&](unsigned thread) { expected += run_(thread, next_ + thread * count, count); });
        next_ += threads_ * count;
        if (expected != threads_ * count) throw std::runtime_error("an operation gave another answer than it should");
        return taken;
    }

    side run_;
    team& team_;
    unsigned threads_;
    std::size_t count_ = 16;
    std::size_t next_ = 0;
    std::size_t disturbed_ = 0;
};

/// The value below which this share of the values lies.
inline double quantile(std::vector<double> values, double share) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

/// A row of the table: `make` sets both sides up, when the row is run.
class row {
public:
    row(terms const& of, std::function<sides()> make) {
        benchmark::RegisterBenchmark(of.what.c_str(), [of, make](benchmark::State& state) { run(state, of, make); })
            ->UseManualTime()
            ->Iterations(61);
    }

private:
    static void run(benchmark::State& state, terms const& of, std::function<sides()> const& make) {
        std::fprintf(stderr, "%s | %s\n", of.what.c_str(), of.yardstick.c_str());
        state.SetLabel(of.yardstick);
        try {
            team threads(of.threads);
            auto const made = make();
            contender ours(made.ours, threads, of.threads), yardstick(made.yardstick, threads, of.threads);
            std::vector<double> our_times, its_times, ratios;
            for (auto _ : state) {
                bool const first = ratios.size() % 2 == 0;
                if (first) our_times.push_back(ours.slice());
                its_times.push_back(yardstick.slice());
                if (!first) our_times.push_back(ours.slice());
                ratios.push_back(our_times.back() / its_times.back());
                state.SetIterationTime(our_times.back() * 1e-9);
            }
            state.counters["ns"] = quantile(our_times, 0.5);
            state.counters["yardstick_ns"] = quantile(its_times, 0.5);
            state.counters["ratio"] = quantile(ratios, 0.5);
            state.counters["low"] = quantile(ratios, 0.25);
            state.counters["high"] = quantile(ratios, 0.75);
            state.counters["disturbed"] = static_cast<double>(ours.disturbed() + yardstick.disturbed());
            state.counters["on_threads"] = of.threads;
            if (of.goal > 0) state.counters["goal"] = of.goal;
        } catch (std::exception const& wrong) {
            state.SkipWithError(wrong.what());
        }
    }
};

}  // namespace contest
