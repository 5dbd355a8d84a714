// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>

/// What this program asks of the heap, seen by its own operators new and delete (in watched_heap_test.cpp).
namespace watched_heap {

/// How many blocks this thread has asked for.
std::size_t allocations() noexcept;

/// What a block holds at the moment when it is given back. One at a time.
class watch {
public:
    watch(void const* block, std::size_t size) noexcept;
    watch(watch const&) = delete;
    watch& operator=(watch const&) = delete;
    ~watch();

    bool given_back() const noexcept { return given_back_; }
    /// Whether every byte was zero then.
    bool was_clear() const noexcept;

    /// Called with every block that is given back.
    void look(void const* block) noexcept;

private:
    static constexpr std::size_t max_size = 2048;

    void const* block_;
    std::size_t size_;
    bool given_back_ = false;
    std::array<unsigned char, max_size> content_{};
};

}  // namespace watched_heap
