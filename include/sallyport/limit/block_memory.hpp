// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/large_array.hpp>

#include <algorithm>
#include <compare>
#include <cstddef>
#include <iterator>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace sallyport {

/// Memory for blocks. While they take little, each is the allocator's, and so is each large one; from 16 MiB on the others
/// are cut from pieces of 2 MiB, which lie on huge pages (see `large_array`) and are given back at the end, all at once.
/// `take` is thread-safe; blocks are given back when nobody takes any more.
class block_memory {
public:
    static constexpr std::size_t alignment = 16;

    /// So many bytes. Throws what allocation throws, and nothing has changed.
    void* take(std::size_t bytes) {
        std::lock_guard const lock(mutex_);
        auto const units = (bytes + alignment - 1) / alignment;
        if (given_ < little || units > large) {
            auto* const alone = ::operator new(bytes);
            given_ += units;
            return alone;
        }
        if (units > left_) {
            rest_ = add_piece();
            left_ = piece_size;
        }
        auto* const taken = rest_;
        rest_ += units;
        left_ -= units;
        return taken;
    }

    /// Takes a block back. Where it was cut from a piece, nothing is free yet.
    void give_back(void* block) noexcept {
        if (!is_in_piece(block)) ::operator delete(block);
    }

private:
    struct alignas(alignment) unit {
        std::byte bytes[alignment];
    };
    static constexpr std::size_t piece_size = (std::size_t{2} << 20) / alignment;
    static constexpr std::size_t little = (std::size_t{16} << 20) / alignment;
    static constexpr std::size_t large = piece_size / 16;  // so that little of a piece is left over
    static_assert(alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

    /// The order of pieces.
    static bool begins_behind(void const* place, large_array<unit> const& piece) noexcept {
        return std::compare_three_way{}(place, static_cast<void const*>(piece.data())) < 0;
    }

    unit* add_piece() {
        large_array<unit> made(piece_size);
        auto* const first = made.data();
        pieces_.insert(std::upper_bound(pieces_.begin(), pieces_.end(), first, begins_behind), std::move(made));
        return first;
    }
    bool is_in_piece(void const* block) const noexcept {
        auto const next = std::upper_bound(pieces_.begin(), pieces_.end(), block, begins_behind);
        if (next == pieces_.begin()) return false;
        auto const& piece = *std::prev(next);
        return std::compare_three_way{}(block, static_cast<void const*>(piece.data() + piece.size())) < 0;
    }

    std::mutex mutex_;
    std::vector<large_array<unit>> pieces_;
    unit* rest_ = nullptr;  ///< of the newest piece
    std::size_t left_ = 0;
    std::size_t given_ = 0;  ///< in blocks of their own
};

}  // namespace sallyport
