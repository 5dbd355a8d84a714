// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstring>
#include <type_traits>

/// Clearing what held a secret, in a way that the optimiser has to keep.
namespace sallyport::crypto {

/// Sets `size` bytes to zero even though nobody reads them again. Copies in registers or swap are out of its reach.
inline void wipe(void* data, std::size_t size) noexcept {
    if (size == 0) {
        return;  // an empty view may point nowhere, and memset must not
    }
#if defined(__GNUC__) || defined(__clang__)
    std::memset(data, 0, size);
    // The memory is said to be read here, so the stores above are not dead.
    __asm__ volatile("" : : "r"(data) : "memory");
#else
    auto volatile* bytes = static_cast<unsigned char volatile*>(data);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = 0;
    }
#endif
}

/// Wipes one object, an array included, padding and all. In a constant expression, where nothing outlives the compiler,
/// the object is left as it is.
template <class T>
constexpr void wipe_value(T& value) noexcept {
    static_assert(std::is_trivially_copyable_v<T>, "only a trivially copyable object may be overwritten as bytes");
    static_assert(!std::is_pointer_v<T>, "this would wipe the pointer, not what it points to");
    if (!std::is_constant_evaluated()) {
        wipe(&value, sizeof value);
    }
}

}  // namespace sallyport::crypto
