// SPDX-License-Identifier: BSL-1.0
#include "watched_heap.hpp"

#include "../catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>

namespace {

thread_local std::size_t asked_for = 0;
thread_local watched_heap::watch* current = nullptr;

void* count_and_take(std::size_t size) noexcept {
    ++asked_for;
    return std::malloc(size == 0 ? 1 : size);
}

void* allocate(std::size_t size) {
    if (void* const block = count_and_take(size)) return block;
    throw std::bad_alloc();
}

void release(void* block) noexcept {
    if (current && block) current->look(block);
    std::free(block);
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, std::nothrow_t const&) noexcept { return count_and_take(size); }
void* operator new[](std::size_t size, std::nothrow_t const&) noexcept { return count_and_take(size); }
void operator delete(void* block) noexcept { release(block); }
void operator delete[](void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t) noexcept { release(block); }

namespace watched_heap {

std::size_t allocations() noexcept { return asked_for; }

watch::watch(void const* block, std::size_t size) noexcept : block_(block), size_(std::min(size, max_size)) {
    current = this;
}

watch::~watch() { current = nullptr; }

bool watch::was_clear() const noexcept {
    return std::all_of(content_.begin(), content_.begin() + static_cast<std::ptrdiff_t>(size_),
                       [](auto byte) { return byte == 0; });
}

void watch::look(void const* block) noexcept {
    if (block != block_) return;
    std::memcpy(content_.data(), block, size_);
    given_back_ = true;
}

}  // namespace watched_heap

TEST_CASE("the watched heap counts what is asked for") {
    auto const before = watched_heap::allocations();
    auto const text = std::make_unique<std::string>(100, 'x');
    CHECK(watched_heap::allocations() == before + 2);
}

TEST_CASE("the watched heap sees what a block holds when it is given back") {
    auto text = std::make_unique<char[]>(64);
    std::fill_n(text.get(), 64, 'x');
    watched_heap::watch const seen(text.get(), 64);
    CHECK_FALSE(seen.given_back());
    text.reset();
    CHECK(seen.given_back());
    CHECK_FALSE(seen.was_clear());
}
