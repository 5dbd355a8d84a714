// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace sallyport {

/// Blocks that nobody has at the moment: a list for each capacity, in whatever unit the owner counts. Each block keeps where
/// the next one of its list is (`next_spare`), and the first of a list where the next list is (`next_list`), so that they
/// take no memory but their own. They are the owner's: nothing is freed here. One thread at a time.
template <class Block>
class spare_blocks {
public:
    /// A block of at least this capacity and not of many times more; null if there is none. Linear in the different
    /// capacities that are spare, and so is `give_back`.
    Block* take(std::uint32_t capacity) noexcept {
        Block* before = nullptr;
        for (auto* first = lists_; first; before = first, first = first->next_list()) {
            auto const its = first->capacity();
            if (its >= capacity && its / 2 <= capacity) return take_first(before, *first);
        }
        return nullptr;
    }
    /// Any block; null if there is none.
    Block* take_any() noexcept { return lists_ ? take_first(nullptr, *lists_) : nullptr; }

    void give_back(Block& block) noexcept {
        Block* before = nullptr;
        auto* first = lists_;
        while (first && first->capacity() != block.capacity()) {
            before = first;
            first = first->next_list();
        }
        block.set_next_spare(first);
        block.set_next_list(first ? first->next_list() : nullptr);
        put_behind(before, &block);
    }

private:
    /// Takes out the first block of a list; null stands for the beginning of all.
    Block* take_first(Block* list_before, Block& first) noexcept {
        auto* const second = first.next_spare();
        if (second) second->set_next_list(first.next_list());
        put_behind(list_before, second ? second : first.next_list());
        return &first;
    }
    void put_behind(Block* list_before, Block* list) noexcept {
        list_before ? list_before->set_next_list(list) : void(lists_ = list);
    }

    Block* lists_ = nullptr;
};

}  // namespace sallyport
