// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../catch.hpp"
#include "../sanitizer.hpp"

#include <pthread.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

/// Runs work on a stack of its own, and shows what is left there. The work is done twice: the loader lays all registers
/// onto the stack when a function of another library is called for the first time.
inline std::vector<std::uint8_t> stack_after(std::function<void()> work) {
    work();
    constexpr std::size_t size = std::size_t{1} << 20;
    std::vector<std::uint8_t> memory(size + 4096, 0);
    auto const address = reinterpret_cast<std::uintptr_t>(memory.data());
    auto* const stack = memory.data() + (4096 - address % 4096);
    pthread_attr_t attributes;
    REQUIRE(pthread_attr_init(&attributes) == 0);
    REQUIRE(pthread_attr_setstack(&attributes, stack, size) == 0);
    pthread_t thread;
    auto const run = [](void* of) -> void* {
        // Deep enough that what ends the thread doesn't write over it.
        std::array<char, 16 * 1024> above;
        __asm__ volatile("" : : "r"(above.data()) : "memory");
        (*static_cast<std::function<void()>*>(of))();
        return nullptr;
    };
    REQUIRE(pthread_create(&thread, &attributes, run, &work) == 0);
    REQUIRE(pthread_join(thread, nullptr) == 0);
    pthread_attr_destroy(&attributes);
    return memory;
}

inline constexpr bool shows_stacks = !sanitized;  // a sanitizer puts variables where it likes
