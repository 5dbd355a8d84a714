// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>

namespace sallyport {

/// At most `Capacity` values, kept in place: no allocation. Memory that holds no value is neither written nor copied: a
/// short list costs what is in it, however many there might be.
template <std::default_initializable T, std::size_t Capacity>
class bounded_list {
    static_assert(std::is_trivially_destructible_v<T>);

public:
    static constexpr std::size_t capacity() noexcept { return Capacity; }

    constexpr bounded_list() noexcept { begin_items(); }
    constexpr bounded_list(bounded_list const& other) noexcept {
        begin_items();
        copy(other);
    }
    constexpr bounded_list& operator=(bounded_list const& other) noexcept {
        copy(other);
        return *this;
    }
    constexpr ~bounded_list() = default;

    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }

    /// Appends; false, and nothing changed, if the list is full.
    [[nodiscard]] constexpr bool push_back(T const& value) noexcept {
        if (size_ == Capacity) return false;
        std::construct_at(data() + size_++, value);
        return true;
    }

    /// Appends what `make` returns, made in its place: to copy what was written just before makes a processor wait. There
    /// has to be room.
    template <class Make>
    T& append(Make const& make) {
        auto* const added = ::new (static_cast<void*>(data() + size_)) T(make());
        ++size_;
        return *added;
    }

    constexpr T& operator[](std::size_t index) noexcept { return data()[index]; }
    constexpr T const& operator[](std::size_t index) const noexcept { return data()[index]; }
    constexpr T* data() noexcept { return items_.all.data(); }
    constexpr T const* data() const noexcept { return items_.all.data(); }
    constexpr T* begin() noexcept { return data(); }
    constexpr T* end() noexcept { return data() + size_; }
    constexpr T const* begin() const noexcept { return data(); }
    constexpr T const* end() const noexcept { return data() + size_; }

private:
    /// Value by value: of one or two that costs less than a call for their bytes.
    constexpr void copy(bounded_list const& other) noexcept {
        size_ = other.size_;
        for (std::size_t i = 0; i < size_; ++i) data()[i] = other.data()[i];
    }

    union storage {
        constexpr storage() noexcept {}

        std::array<T, Capacity> all;
    };

    /// A constant has no memory without a value. Of what is as short as a cache line zeros cost nothing, and spare
    /// g++ 12 from guessing that it is read before it is written (-Wmaybe-uninitialized).
    constexpr void begin_items() noexcept {
        if (std::is_constant_evaluated() || sizeof(storage) <= 64) std::construct_at(&items_.all);
    }

    std::uint8_t size_ = 0;  ///< in front: it shares a cache line with the first of the items
    storage items_;
    static_assert(Capacity <= 255);
};

}  // namespace sallyport
