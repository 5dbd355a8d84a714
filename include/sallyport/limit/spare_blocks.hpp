// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace sallyport {

/// Blocks that nobody has at the moment, sorted by their capacity, in whatever unit the owner counts. Each keeps where the
/// next one is (`next_spare`), so that they take no memory but their own. They are the owner's: nothing is freed here. One
/// thread at a time.
template <class Block>
class spare_blocks {
public:
    /// A block of at least this capacity and not of many times more; null if there is none.
    Block* take(std::uint32_t capacity) noexcept {
        for (auto& each : sizes_) {
            if (each.capacity < capacity || each.capacity / 2 > capacity || !each.first) continue;
            return take_first(each);
        }
        return nullptr;
    }
    /// Any block; null if there is none.
    Block* take_any() noexcept {
        for (auto& each : sizes_) {
            if (each.first) return take_first(each);
        }
        return nullptr;
    }

    /// Keeps a place for blocks of this capacity, of which one is about to be made: giving it back can't fail then.
    void expect(std::uint32_t capacity) {
        auto const is_of = [capacity](size const& each) { return each.capacity == capacity; };
        if (std::none_of(sizes_.begin(), sizes_.end(), is_of)) sizes_.push_back({capacity, nullptr});
    }
    /// Takes back a block that was expected.
    void give_back(Block* block, std::uint32_t capacity) noexcept {
        for (auto& each : sizes_) {
            if (each.capacity == capacity) return block->set_next_spare(std::exchange(each.first, block));
        }
    }

private:
    struct size {
        std::uint32_t capacity;
        Block* first;
    };

    static Block* take_first(size& from) noexcept { return std::exchange(from.first, from.first->next_spare()); }

    std::vector<size> sizes_;
};

}  // namespace sallyport
