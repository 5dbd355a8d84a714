// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <valgrind/memcheck.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

// What the library makes public, valgrind is told of. So this header comes before any of the library's.
#define SALLYPORT_MARK_PUBLIC(address, size) static_cast<void>(VALGRIND_MAKE_MEM_DEFINED(address, size))

/// Secrets as valgrind's memcheck can follow them: as memory that was never written. It reports every branch on such a
/// value, and every address made from one; copying and computing is allowed. (The method is Adam Langley's ctgrind.)
namespace marks {

template <class T>
void make_secret(T& object) noexcept {
    static_cast<void>(VALGRIND_MAKE_MEM_UNDEFINED(&object, sizeof object));
}

inline std::string secret_text(std::string text) {
    static_cast<void>(VALGRIND_MAKE_MEM_UNDEFINED(text.data(), text.size()));
    return text;
}

/// Whether every byte still depends on a secret.
template <class T>
bool is_secret(T const& object) noexcept {
    std::array<std::uint8_t, sizeof object> unknown{};
    bool const read = VALGRIND_GET_VBITS(&object, unknown.data(), sizeof object) == 1;
    return read && std::none_of(unknown.begin(), unknown.end(), [](std::uint8_t bits) { return bits == 0; });
}

template <class T>
T reveal(T object) noexcept {
    static_cast<void>(VALGRIND_MAKE_MEM_DEFINED(&object, sizeof object));
    return object;
}

}  // namespace marks
