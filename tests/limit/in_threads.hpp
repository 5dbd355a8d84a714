// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <latch>
#include <thread>
#include <vector>

namespace limits {

inline constexpr unsigned thread_count = 8;

/// Runs `work(number)` in so many threads that start together.
template <class Work>
void in_threads(unsigned count, Work work) {
    std::latch start(count);
    std::vector<std::jthread> threads;
    for (unsigned number = 0; number < count; ++number) {
        threads.emplace_back([&start, &work, number] {
            start.arrive_and_wait();
            work(number);
        });
    }
}

/// The same in eight.
template <class Work>
void in_threads(Work work) {
    in_threads(thread_count, work);
}

}  // namespace limits
