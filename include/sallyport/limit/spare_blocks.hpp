// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sallyport {

/// Memory that nobody has at the moment, sorted by its capacity, in whatever unit the owner counts. It is the owner's,
/// who knows what it is: nothing is freed here. One thread at a time.
class spare_blocks {
public:
    /// A block of at least this capacity and not of many times more; null if there is none.
    void* take(std::uint32_t capacity) noexcept {
        for (auto& each : sizes_) {
            if (each.capacity < capacity || each.capacity / 2 > capacity || each.blocks.empty()) continue;
            return take_last(each);
        }
        return nullptr;
    }
    /// Any block; null if there is none.
    void* take_any() noexcept {
        for (auto& each : sizes_) {
            if (!each.blocks.empty()) return take_last(each);
        }
        return nullptr;
    }

    /// Keeps a place for one more block, which is about to be made: giving it back can't fail then.
    void expect(std::uint32_t capacity) {
        auto const is_of = [capacity](size const& each) { return each.capacity == capacity; };
        auto const known = std::find_if(sizes_.begin(), sizes_.end(), is_of);
        auto& same = known == sizes_.end() ? sizes_.emplace_back(size{capacity, {}, 0}) : *known;
        if (same.blocks.capacity() <= same.made) same.blocks.reserve(same.made * 2 + 1);
        ++same.made;
    }
    /// Takes back a block that was expected.
    void give_back(void* block, std::uint32_t capacity) noexcept {
        for (auto& each : sizes_) {
            if (each.capacity == capacity) return each.blocks.push_back(block);
        }
    }

private:
    struct size {
        std::uint32_t capacity;
        std::vector<void*> blocks;
        std::size_t made;
    };

    static void* take_last(size& from) noexcept {
        auto* const last = from.blocks.back();
        from.blocks.pop_back();
        return last;
    }

    std::vector<size> sizes_;
};

}  // namespace sallyport
