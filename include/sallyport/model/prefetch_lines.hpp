// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace sallyport {

/// Asks for the cache lines of something that is looked at soon, and doesn't wait for them. Any address may be asked for.
inline void prefetch_lines([[maybe_unused]] void const* at, [[maybe_unused]] std::size_t bytes = 1) noexcept {
#if defined(__GNUC__)
    auto const first = reinterpret_cast<std::uintptr_t>(at);
    for (std::size_t i = 0; i < bytes; i += 64) __builtin_prefetch(reinterpret_cast<void const*>(first + i));
#endif
}

}  // namespace sallyport
