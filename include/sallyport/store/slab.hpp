// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/large_array.hpp>

#include <atomic>
#include <cstddef>
#include <utility>

namespace sallyport {

/// Memory in which objects of one size lie side by side that were made at once. It is given back when the last of them
/// is gone, and with them who puts them there. Objects may go on any thread.
class slab {
public:
    static constexpr std::size_t most_bytes = std::size_t{1} << 21;

    /// Says that an object is gone, or that no more are put here.
    void leave() noexcept {
        if (claims_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

private:
    template <class T>
    friend class slab_filler;

    explicit slab(std::size_t bytes) : lines_(bytes / sizeof(line)) {}

    void* take(std::size_t bytes) noexcept {
        auto* const place = &lines_[taken_];
        taken_ += bytes / sizeof(line);
        claims_.fetch_add(1, std::memory_order_relaxed);
        return place;
    }
    bool has_room(std::size_t bytes) const noexcept { return bytes / sizeof(line) <= lines_.size() - taken_; }

    struct alignas(64) line {
        std::byte bytes[64];
    };

    large_array<line> lines_;
    std::size_t taken_ = 0;
    std::atomic<std::size_t> claims_{1};
};

/// Makes so many objects of a type, and no more, in slabs, one after the other.
template <class T>
class slab_filler {
    static_assert(sizeof(T) % 64 == 0 && sizeof(T) <= slab::most_bytes);

public:
    explicit slab_filler(std::size_t objects) noexcept : left_(objects) {}
    slab_filler(slab_filler const&) = delete;
    slab_filler& operator=(slab_filler const&) = delete;
    ~slab_filler() {
        if (open_) open_->leave();
    }

    /// `T(slab&, arguments…)`, which doesn't throw, and calls `leave` once it is gone. Throws what allocation throws.
    template <class... Arguments>
    T& make(Arguments&&... arguments) {
        if (!open_) open_ = new slab(left_ > slab::most_bytes / sizeof(T) ? slab::most_bytes : left_ * sizeof(T));
        auto& in = *open_;
        auto* const made = ::new (in.take(sizeof(T))) T(in, std::forward<Arguments>(arguments)...);
        --left_;
        if (left_ == 0 || !in.has_room(sizeof(T))) std::exchange(open_, nullptr)->leave();
        return *made;
    }

private:
    slab* open_ = nullptr;
    std::size_t left_;
};

}  // namespace sallyport
