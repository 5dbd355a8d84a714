// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/block_memory.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace sallyport {

/// The state of one key at a time. It is never given back while the table lives, so that who found it without a
/// lock may look at it late; that another key has it since, the generation tells.
template <std::size_t Words, class State>
struct alignas(16) key_block {
    using key_type = std::array<std::uint32_t, Words>;

    explicit key_block(std::uint32_t capacity) noexcept : state(capacity) {}

    static key_block* make(block_memory& in, std::uint32_t capacity) {
        static_assert(alignof(key_block) <= block_memory::alignment);
        return ::new (in.take(sizeof(key_block) + State::bytes_behind(capacity))) key_block(capacity);
    }
    static void destroy(block_memory& in, key_block* gone) noexcept {
        gone->~key_block();
        in.give_back(gone);
    }

    bool is_of(key_type const& key) const noexcept {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return ((words[I].load(std::memory_order_acquire) == key[I]) && ...);
        }
        (std::make_index_sequence<Words>());
    }
    /// Generations go by turns: with the first a key's begins, with the next the block is spare.
    static constexpr bool is_in_use(std::uint32_t generation) noexcept { return generation % 2 == 1; }
    std::uint32_t begin_generation() noexcept {
        auto const begun = generation.load(std::memory_order_relaxed) + 1;
        generation.store(begun, std::memory_order_release);
        return begun;
    }
    key_type key() const noexcept {
        key_type read;
        for (std::size_t i = 0; i < Words; ++i) read[i] = words[i].load(std::memory_order_relaxed);
        return read;
    }

    std::uint32_t capacity() const noexcept { return state.capacity(); }

    /// While it is spare, where others are (see `spare_blocks`), in the place of the key.
    key_block* next_spare() const noexcept { return link(0); }
    key_block* next_list() const noexcept { return link(2); }
    void set_next_spare(key_block* next) noexcept { set_link(0, next); }
    void set_next_list(key_block* next) noexcept { set_link(2, next); }

    std::array<std::atomic<std::uint32_t>, Words> words{};
    std::atomic<std::uint32_t> generation{0};
    State state;  // last: memory is behind it

private:
    static_assert(Words >= 4, "a spare block's key has room for where two others are");

    key_block* link(std::size_t first) const noexcept {
        auto const half = [&](std::size_t i) { return std::uint64_t{words[i].load(std::memory_order_relaxed)}; };
        return reinterpret_cast<key_block*>(static_cast<std::uintptr_t>(half(first) | half(first + 1) << 32));
    }
    void set_link(std::size_t first, key_block* to) noexcept {
        auto const place = std::uint64_t{reinterpret_cast<std::uintptr_t>(to)};
        words[first].store(static_cast<std::uint32_t>(place), std::memory_order_release);  // after the generation
        words[first + 1].store(static_cast<std::uint32_t>(place >> 32), std::memory_order_release);
    }
};

/// A state that was found without a lock. What was read of it is its key's if it `is_still` there after.
template <class State>
class found_key {
public:
    found_key() noexcept = default;
    template <std::size_t Words>
    found_key(key_block<Words, State>& in, std::uint32_t generation) noexcept
        : state_(&in.state), now_(&in.generation), then_(generation) {}

    explicit operator bool() const noexcept { return state_ != nullptr; }
    State& operator*() const noexcept { return *state_; }
    State* operator->() const noexcept { return state_; }
    bool is_still() const noexcept { return now_->load(std::memory_order_relaxed) == then_; }

    /// Whether no other key has had it since: what was changed in it, before it was taken out of use, was of this key.
    bool is_no_others() const noexcept { return now_->load(std::memory_order_relaxed) - then_ <= 1; }

private:
    State* state_ = nullptr;
    std::atomic<std::uint32_t> const* now_ = nullptr;
    std::uint32_t then_ = 0;
};

}  // namespace sallyport
