// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/crypto/wipe.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

using namespace sallyport::crypto;

namespace {

constexpr bool usable_in_a_constant_expression() {
    std::array<std::uint8_t, 4> bytes{1, 2, 3, 4};
    wipe_value(bytes);
    return true;
}
static_assert(usable_in_a_constant_expression());

// What a function that has returned left in memory that it used, and that nobody else reads: the optimiser may drop any
// plain store in here.
template <class Wipe>
void leave_secret(unsigned char* memory, std::size_t size, Wipe wipe_it) {
    std::memset(memory, 0x5a, size);
    wipe_it(memory, size);
}

std::size_t count_zeros(unsigned char const volatile* memory, std::size_t size) {
    return static_cast<std::size_t>(std::count(memory, memory + size, 0));
}

}  // namespace

TEST_CASE("wipe clears every byte of what it is given, and no other") {
    for (std::size_t size = 0; size <= 130; ++size) {
        std::array<unsigned char, 132> memory;
        memory.fill(0x5a);
        wipe(memory.data() + 1, size);
        unsigned char const volatile* const seen = memory.data();
        REQUIRE(count_zeros(seen + 1, size) == size);
        REQUIRE(seen[0] == 0x5a);
        REQUIRE(seen[size + 1] == 0x5a);
    }
}

TEST_CASE("wiping nothing is allowed anywhere") {
    wipe(nullptr, 0);
    SUCCEED();
}

TEST_CASE("wipe clears memory that nobody reads again") {
    alignas(64) unsigned char memory[64];
    leave_secret(memory, sizeof memory, [](void* data, std::size_t size) { wipe(data, size); });
    CHECK(count_zeros(memory, sizeof memory) == sizeof memory);
}

TEST_CASE("an object that wipes itself leaves nothing behind in its memory") {
    struct holder {
        std::array<std::uint8_t, 48> secret;
        ~holder() { wipe_value(secret); }
    };
    alignas(holder) unsigned char memory[sizeof(holder)];
    auto* held = ::new (static_cast<void*>(memory)) holder;
    held->secret.fill(0x5a);
    std::destroy_at(held);
    CHECK(count_zeros(memory, sizeof memory) == sizeof memory);
}

TEST_CASE("wipe_value clears numbers, structures with padding, and arrays") {
    struct padded {
        char small;
        std::uint64_t large;
    };
    alignas(padded) unsigned char memory[sizeof(padded)];
    std::memset(memory, 0x5a, sizeof memory);
    auto* value = ::new (static_cast<void*>(memory)) padded;  // default-initialised: keeps what was there
    value->small = 'x';
    value->large = ~std::uint64_t{0};
    wipe_value(*value);
    CHECK(count_zeros(memory, sizeof memory) == sizeof memory);

    std::uint32_t number = 0xdeadbeef;
    wipe_value(number);
    CHECK(number == 0);

    std::uint16_t numbers[3]{1, 2, 3};
    wipe_value(numbers);
    CHECK(std::count(numbers, numbers + 3, 0) == 3);
}
