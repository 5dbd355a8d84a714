// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>

/// Texts that are ids, or nearly.
namespace uuid_texts {

using generator = std::mt19937_64;

inline std::string random_id(generator& random) {
    std::string text = "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx";
    for (auto& c : text) {
        if (c == 'x') c = "0123456789abcdef"[random() % 16];
        if (c == 'v') c = "89ab"[random() % 4];
    }
    return text;
}

/// An id that is none, or still is: a few bytes are changed, to what comes near or to anything.
inline std::string nearly_an_id(generator& random) {
    constexpr std::string_view near = "0123456789abcdefABCDEF--gG`@/: \t{}";
    auto text = random_id(random);
    for (auto changes = random() % 4; changes > 0; --changes) {
        auto const byte = random() % 4 == 0 ? static_cast<char>(random()) : near[random() % near.size()];
        text[random() % text.size()] = byte;
    }
    return text;
}

/// A page between two that end the program when they are read.
class lone_page {
public:
    static constexpr std::size_t id_size = 36;

    lone_page() {
        static_cast<void>(
            mprotect(readable(), size_, PROT_READ | PROT_WRITE));  // else the first write ends the program
    }
    ~lone_page() { munmap(mapped_, 3 * size_); }
    lone_page(lone_page const&) = delete;
    lone_page& operator=(lone_page const&) = delete;

    /// Where a text of 36 characters lies at the page's beginning, and at its end.
    std::array<char*, 2> edges() const noexcept { return {readable(), readable() + size_ - id_size}; }

private:
    char* readable() const noexcept { return static_cast<char*>(mapped_) + size_; }

    std::size_t size_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* mapped_ = mmap(nullptr, 3 * size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
};

}  // namespace uuid_texts
