// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <benchmark/benchmark.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <string>

namespace contest {

/// A row of the table that has no yardstick: a figure that is held to its goal by itself, at most that.
class figure {
public:
    struct terms {
        std::string what;
        std::string unit;
        double goal = 0;
    };

    figure(terms const& of, std::function<double()> measure) {
        benchmark::RegisterBenchmark(of.what.c_str(), [of, measure](benchmark::State& state) {
            std::fprintf(stderr, "%s\n", of.what.c_str());
            state.SetLabel(of.unit);
            try {
                for (auto _ : state) state.counters["value"] = measure();
                state.counters["goal"] = of.goal;
            } catch (std::exception const& wrong) {
                state.SkipWithError(wrong.what());
            }
        })->Iterations(1);
    }
};

}  // namespace contest
