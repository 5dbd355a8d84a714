// SPDX-License-Identifier: BSL-1.0
// What memory_clients asks of the heap, seen by this program's own operators new and delete.
#include "store_conformance.hpp"

#include <sallyport/store/memory_clients.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

using namespace store_conformance;
using sp::openpanel::clients;

namespace {

std::atomic<long> living_blocks{0};
thread_local std::size_t allocations = 0;

void* counted(std::size_t size, std::size_t alignment = __STDCPP_DEFAULT_NEW_ALIGNMENT__) noexcept {
    ++allocations;
    ++living_blocks;
    return std::aligned_alloc(alignment, (size / alignment + 1) * alignment);
}

void* or_throw(void* block) {
    if (block) return block;
    throw std::bad_alloc();
}

/// Never inlined: a compiler that sees `free` take what `new` gave warns of a mismatch.
[[gnu::noinline]] void release(void* block) noexcept {
    if (block) --living_blocks;
    std::free(block);
}

}  // namespace

void* operator new(std::size_t size) { return or_throw(counted(size)); }
void* operator new[](std::size_t size) { return or_throw(counted(size)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return or_throw(counted(size, static_cast<std::size_t>(alignment)));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return or_throw(counted(size, static_cast<std::size_t>(alignment)));
}
void* operator new(std::size_t size, std::nothrow_t const&) noexcept { return counted(size); }
void* operator new[](std::size_t size, std::nothrow_t const&) noexcept { return counted(size); }
void operator delete(void* block) noexcept { release(block); }
void operator delete[](void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t) noexcept { release(block); }
void operator delete(void* block, std::align_val_t) noexcept { release(block); }
void operator delete[](void* block, std::align_val_t) noexcept { release(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { release(block); }
void operator delete(void* block, std::nothrow_t const&) noexcept { release(block); }
void operator delete[](void* block, std::nothrow_t const&) noexcept { release(block); }

namespace {

/// With a secret of one of so many profiles.
client with_secret(std::uint32_t number, std::uint32_t profiles = 3) {
    sp::uuid::bytes_type bytes{};
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
    bytes[6] = 0x40;
    bytes[8] = 0x80;
    client made = reader();
    made.id = sp::uuid(bytes);
    made.secrets = {made.secrets[0]};
    made.secrets[0].hash.work = 1 + number % profiles;
    return made;
}

client_list many(std::uint32_t count) {
    client_list made;
    for (std::uint32_t i = 0; i < count; ++i) made.push_back(with_secret(i));
    return made;
}

using answer = std::optional<sp::lookup<client>>;

answer ask(clients const& store, std::uint32_t number) { return store.find(with_secret(number).id, "shop"); }

}  // namespace

TEST_CASE("a look-up allocates nothing, whether the id is known or not") {
    clients store(many(100), projects());
    auto const known = with_secret(5).id;
    static_cast<void>(store.find(known, "shop"));
    auto const before = allocations;
    for (int i = 0; i < 100; ++i) {
        auto const one = store.find(known, "shop");
        auto const other = store.find(unknown_id, "nowhere");
        auto const copy = one;
        auto const moved = std::move(other);
    }
    CHECK(allocations == before);
}

TEST_CASE("all that a store took is given back") {
    auto const before = living_blocks.load();
    {
        clients store(many(100), projects());
        REQUIRE(store.replace(many(200), projects()));
        for (std::uint32_t i = 200; i < 1000; ++i) static_cast<void>(store.insert(with_secret(i)));
        for (std::uint32_t i = 0; i < 1000; i += 2) static_cast<void>(store.update(with_secret(i, 7)));
        for (std::uint32_t i = 0; i < 1000; i += 3) static_cast<void>(store.erase(with_secret(i).id));
    }
    CHECK(living_blocks == before);
}

TEST_CASE("a store that could not be made leaves nothing behind") {
    auto const before = living_blocks.load();
    {
        auto wrong = many(100);
        wrong.push_back(with_secret(50));
        auto const made = clients::make(std::move(wrong), projects());
        static_cast<void>(made);
    }
    CHECK(living_blocks == before);
}

TEST_CASE("changes leave nothing behind, and an answer that is held keeps its own record alone") {
    clients store(many(1000), projects());
    auto held = ask(store, 7);
    auto const churn = [&](std::uint32_t round) {
        for (std::uint32_t i = 0; i < 1000; ++i) {
            auto changed = with_secret(i);
            changed.disabled = round % 2 == 0;
            static_cast<void>(store.update(std::move(changed)));
        }
        static_cast<void>(store.erase(with_secret(7).id));
        static_cast<void>(store.insert(with_secret(7)));
        static_cast<void>(store.replace(many(1000), projects()));
    };
    churn(0);
    auto const after_one = living_blocks.load();
    for (std::uint32_t round = 1; round < 4; ++round) churn(round);
    CHECK(living_blocks == after_one);
    CHECK(held->record()->id == with_secret(7).id);
    CHECK(held->decoys().size() == 1);

    auto const before_end = living_blocks.load();
    held.reset();
    auto const of_it = before_end - living_blocks.load();
    CHECK(of_it >= 2);   // what its lists hold
    CHECK(of_it <= 20);  // and the decoys that it was shown with, of three profiles
}

TEST_CASE("an answer outlives the store, and gives back what is left of it on whichever thread it ends") {
    auto const before = living_blocks.load();
    {
        auto store = std::make_unique<clients>(many(100), projects());
        auto held = ask(*store, 7);
        auto unknown = std::optional(store->find(unknown_id, ""));
        store.reset();
        bool const whole = held->record()->secrets[0].hash.work == 1 + 7 % 3 && held->organization() == "acme" &&
                           held->decoys().size() == 1 && unknown->decoys().size() == 1;
        CHECK(whole);
        CHECK(living_blocks > before);
        std::thread([last = std::move(held)]() mutable { last.reset(); }).join();
        unknown.reset();
    }
    CHECK(living_blocks == before);
}

TEST_CASE("a store that was moved is the same store; one that it is assigned to gives back what it had") {
    auto const before = living_blocks.load();
    {
        clients one(many(10), projects());
        clients other(many(20), projects());
        auto const of_the_one = ask(one, 5);
        auto const of_the_other = ask(other, 15);
        one = std::move(other);
        CHECK(one.size() == 20);
        CHECK(of_the_one->record()->id == with_secret(5).id);
        CHECK(of_the_other->record() == ask(one, 15)->record());
    }
    CHECK(living_blocks == before);
}
