// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <span>
#include <vector>

/// What the operators new and delete count that memory_test.cpp puts in the library's place.
namespace counted {

inline std::atomic<std::ptrdiff_t> blocks{0};  ///< held by this program
inline thread_local std::size_t bytes = 0;     ///< that this thread has asked for
inline thread_local std::ptrdiff_t until_failure =
    -1;  ///< how many more allocations of this thread succeed; negative: all

/// Of a thread the blocks that it was given from here on and has not freed, until they are first copied.
class given_memory {
public:
    given_memory() { listener() = this; }
    given_memory(given_memory const&) = delete;
    given_memory& operator=(given_memory const&) = delete;
    ~given_memory() { listener() = nullptr; }

    /// All that they hold.
    std::vector<std::byte> content() const {
        listener() = nullptr;
        std::vector<std::byte> copy;
        for (auto const& each : std::span(given_).first(count_)) copy.insert(copy.end(), each.begin(), each.end());
        return copy;
    }

    static given_memory* listens() noexcept { return listener(); }
    void add(std::span<std::byte const> block) noexcept { given_.at(count_++) = block; }
    void remove(void const* block) noexcept {
        auto const is_it = [block](auto const& each) { return each.data() == block; };
        auto const end = given_.begin() + static_cast<std::ptrdiff_t>(count_);
        count_ = static_cast<std::size_t>(std::remove_if(given_.begin(), end, is_it) - given_.begin());
    }

private:
    static given_memory*& listener() noexcept {
        thread_local given_memory* current = nullptr;
        return current;
    }

    std::array<std::span<std::byte const>, 64> given_{};
    std::size_t count_ = 0;
};

}  // namespace counted
