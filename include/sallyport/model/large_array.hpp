// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <utility>

#if defined(__linux__)
#    include <sys/mman.h>
#endif

namespace sallyport {

/// An array whose bytes are zero at first, for what is large and looked at here and there. The system gives its memory
/// as it is used: page by page, or, of 2 MiB and more where Linux has huge pages for who asks, 2 MiB at a time. Then the
/// processor finds an address without a walk through tables that lie in no cache themselves. Where huge pages are
/// refused, or there are none, it is an array like any other. The elements are never constructed: zeros are a value.
/// Throws `std::bad_alloc`. Thread-safe as far as its elements are.
template <class T>
class large_array {
    static_assert(std::is_trivially_destructible_v<T>);

public:
    large_array() noexcept = default;
    explicit large_array(std::size_t size) : size_(size) {
        if (size > most / sizeof(T)) throw_bad_alloc();
        take(size * sizeof(T));
    }
    large_array(large_array&& other) noexcept
        : memory_(std::exchange(other.memory_, nullptr)),
          mapped_(std::exchange(other.mapped_, 0)),
          items_(std::exchange(other.items_, nullptr)),
          size_(std::exchange(other.size_, 0)) {}
    large_array& operator=(large_array other) noexcept {
        std::swap(memory_, other.memory_);
        std::swap(mapped_, other.mapped_);
        std::swap(items_, other.items_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~large_array() {
#if defined(__linux__)
        if (mapped_ > 0) {
            ::munmap(memory_, mapped_);
            return;
        }
#endif
        std::free(memory_);
    }

    T& operator[](std::size_t at) const noexcept { return items_[at]; }
    T* data() const noexcept { return items_; }
    std::size_t size() const noexcept { return size_; }

private:
    static constexpr std::size_t huge_page = std::size_t{1} << 21;
    static constexpr std::size_t most = static_cast<std::size_t>(-1) / 2 - huge_page;

    void take(std::size_t bytes) {
#if defined(__linux__)
        if (bytes >= huge_page && map((bytes + huge_page - 1) / huge_page * huge_page)) return;
#endif
        memory_ = std::calloc(1, bytes + alignof(T));
        if (!memory_) throw_bad_alloc();
        items_ = aligned(alignof(T));
    }

#if defined(__linux__)
    /// Maps so many huge pages; whether the system gave them.
    bool map(std::size_t bytes) noexcept {
        auto* const given =
            ::mmap(nullptr, bytes + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (given == MAP_FAILED) return false;
        memory_ = given;
        items_ = aligned(huge_page);
        auto* const first = reinterpret_cast<char*>(items_);
        auto const before = static_cast<std::size_t>(first - static_cast<char*>(given));
        if (before > 0) ::munmap(given, before);
        ::munmap(first + bytes, huge_page - before);
        memory_ = first;
        mapped_ = bytes;
#    if defined(MADV_HUGEPAGE)
        ::madvise(first, bytes, MADV_HUGEPAGE);  // refused, the pages are small
#    endif
        return true;
    }
#endif

    [[noreturn]] static void throw_bad_alloc() {
#if defined(__cpp_exceptions)
        throw std::bad_alloc();
#else
        std::abort();
#endif
    }

    T* aligned(std::size_t to) const noexcept {
        auto const address = reinterpret_cast<std::uintptr_t>(memory_);
        return reinterpret_cast<T*>((address + to - 1) / to * to);
    }

    void* memory_ = nullptr;
    std::size_t mapped_ = 0;  ///< bytes that the system gave by itself; 0: it is the allocator's
    T* items_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace sallyport
