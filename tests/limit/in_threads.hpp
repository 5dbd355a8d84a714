// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <latch>
#include <thread>
#include <vector>

namespace limits {

inline constexpr unsigned thread_count = 8;

/// Runs `work(number)` in eight threads that start together.
template <class Work>
void in_threads(Work work) {
    std::latch start(thread_count);
    std::vector<std::jthread> threads;
    for (unsigned number = 0; number < thread_count; ++number) {
        threads.emplace_back([&start, &work, number] {
            start.arrive_and_wait();
            work(number);
        });
    }
}

}  // namespace limits
