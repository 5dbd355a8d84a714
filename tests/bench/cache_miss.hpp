// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "contest.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace bench {

/// A yardstick: so many lines of 64 bytes, each of which names the next one, in a random order that comes to all. What
/// an operation takes is one cache miss on which the next depends, in as many bytes.
inline contest::side dependent_misses(std::size_t lines) {
    struct alignas(64) line {
        std::uint32_t next;
    };
    auto const memory = std::make_shared<std::vector<line>>(lines);
    std::vector<std::uint32_t> order(lines);
    std::iota(order.begin(), order.end(), 0U);
    std::shuffle(order.begin(), order.end(), std::mt19937_64(1));
    for (std::size_t i = 0; i < lines; ++i) (*memory)[order[i]].next = order[(i + 1) % lines];
    return [memory](unsigned, std::size_t first, std::size_t count) {
        std::size_t here = first % memory->size();
        for (std::size_t i = 0; i < count; ++i) here = (*memory)[here].next;
        return here < memory->size() ? count : 0;
    };
}

}  // namespace bench
