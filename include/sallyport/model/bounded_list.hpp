// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace sallyport {

/// At most `Capacity` values, kept in place: no allocation, trivially copied where T is.
template <std::default_initializable T, std::size_t Capacity>
class bounded_list {
public:
    static constexpr std::size_t capacity() noexcept { return Capacity; }

    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }

    /// Appends; false, and nothing changed, if the list is full.
    [[nodiscard]] constexpr bool push_back(T const& value) noexcept {
        if (size_ == Capacity) return false;
        items_[size_++] = value;
        return true;
    }

    constexpr T& operator[](std::size_t index) noexcept { return items_[index]; }
    constexpr T const& operator[](std::size_t index) const noexcept { return items_[index]; }
    constexpr T const* data() const noexcept { return items_.data(); }
    constexpr T* begin() noexcept { return items_.data(); }
    constexpr T* end() noexcept { return items_.data() + size_; }
    constexpr T const* begin() const noexcept { return items_.data(); }
    constexpr T const* end() const noexcept { return items_.data() + size_; }

private:
    std::array<T, Capacity> items_{};
    std::uint8_t size_ = 0;
    static_assert(Capacity <= 255);
};

}  // namespace sallyport
