// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>

#if defined(__x86_64__)
#    include <x86intrin.h>
#endif

/// A moment in the finest units that there are; what is asked before it is done before it.
inline std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
    _mm_lfence();
    auto const now = __rdtsc();
    _mm_lfence();
    return now;
#else
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}
