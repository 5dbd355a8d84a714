// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/store/slab.hpp>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

namespace {

struct alignas(64) thing {
    thing(sallyport::slab& in, std::uint64_t is) noexcept : lies_in(&in), value(is) {}
    void end() {
        auto& memory = *lies_in;
        std::destroy_at(this);
        memory.leave();
    }

    sallyport::slab* lies_in;
    std::uint64_t value;
};

std::vector<thing*> made(std::size_t count) {
    sallyport::slab_filler<thing> filler(count);
    std::vector<thing*> all;
    for (std::uint64_t i = 0; i < count; ++i) all.push_back(&filler.make(i));
    return all;
}

std::size_t resident_pages() {
    std::ifstream file("/proc/self/statm");
    std::size_t pages = 0, given = 0;
    file >> pages >> given;
    return given;
}

}  // namespace

TEST_CASE("objects that are made at once lie side by side, and keep what they are") {
    for (std::size_t const count : {std::size_t{1}, std::size_t{100}, std::size_t{32768}, std::size_t{70'001}}) {
        auto const all = made(count);
        std::size_t right = 0;
        for (std::size_t i = 0; i < count; ++i) {
            bool const begins = i % (sallyport::slab::most_bytes / sizeof(thing)) == 0;
            right += all[i]->value == i && (begins || all[i] == all[i - 1] + 1) ? 1 : 0;
        }
        CHECK(right == count);
        for (auto* const each : all) each->end();
    }
}

TEST_CASE("a slab is given back with the last of its objects, whichever that is and on whichever thread") {
    auto const before = resident_pages();
    for (int round = 0; round < 8; ++round) {
        auto const all = made(65'536);
        std::thread other([&] {
            for (std::size_t i = 0; i < all.size(); i += 2) all[i]->end();
        });
        for (std::size_t i = all.size(); i > 0; --i) {
            if (i % 2 == 0) all[i - 1]->end();
        }
        other.join();
    }
    CHECK(resident_pages() < before + (std::size_t{16} << 20) / 4096);
}

TEST_CASE("who stops in the middle leaves nothing behind") {
    auto const before = resident_pages();
    for (int round = 0; round < 8; ++round) {
        sallyport::slab_filler<thing> filler(100'000);
        for (std::uint64_t i = 0; i < 40'000; ++i) filler.make(i).end();
    }
    CHECK(resident_pages() < before + (std::size_t{16} << 20) / 4096);
}
