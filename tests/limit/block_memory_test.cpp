// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/limit/block_memory.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace {

struct block {
    unsigned char* at;
    std::size_t size;
    unsigned char content;
};

/// Takes blocks of so many bytes altogether, and fills each.
std::vector<block> taken(sallyport::block_memory& from, std::size_t bytes, std::size_t largest) {
    std::mt19937 random(1);
    std::vector<block> made;
    for (std::size_t all = 0; all < bytes; all += made.back().size) {
        auto const size = random() % 100 == 0 ? largest : 50 + random() % 1000;
        auto* const at = static_cast<unsigned char*>(from.take(size));
        made.push_back({at, size, static_cast<unsigned char>(random())});
        std::memset(at, made.back().content, size);
    }
    return made;
}

}  // namespace

TEST_CASE("blocks share no byte, however many and large they are") {
    sallyport::block_memory memory;
    auto const blocks = taken(memory, std::size_t{40} << 20, std::size_t{3} << 20);
    std::size_t whole = 0, aligned = 0;
    for (auto const& [at, size, content] : blocks) {
        whole += at[0] == content && std::memcmp(at, at + 1, size - 1) == 0 ? 1 : 0;
        aligned += reinterpret_cast<std::uintptr_t>(at) % sallyport::block_memory::alignment == 0 ? 1 : 0;
    }
    CHECK(whole == blocks.size());
    CHECK(aligned == blocks.size());
    for (auto const& each : blocks) memory.give_back(each.at);
}

TEST_CASE("small blocks lie side by side once there are many") {
    sallyport::block_memory memory;
    auto const first = taken(memory, std::size_t{16} << 20, 1000);
    auto const* const one = static_cast<unsigned char*>(memory.take(100));
    auto const* const next = static_cast<unsigned char*>(memory.take(100));
    CHECK(next == one + 112);
    for (auto const& each : first) memory.give_back(each.at);
}
