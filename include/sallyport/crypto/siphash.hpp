// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// SipHash-2-4 (Aumasson and Bernstein, 2012): a short keyed hash, for tables that a stranger's bytes reach.
namespace sallyport::crypto {

/// The 128 bits that a stranger must not know.
struct siphash_key {
    std::uint64_t k0;
    std::uint64_t k1;

    friend constexpr bool operator==(siphash_key const&, siphash_key const&) noexcept = default;
};

/// Eight bytes, least significant first, on a machine of either byte order. Takes characters as well as bytes.
template <class Byte>
constexpr std::uint64_t load_little_endian(Byte const* from) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        word |= std::uint64_t{static_cast<std::uint8_t>(from[i])} << (8 * i);
    }
    return word;
}

/// The key that 16 bytes stand for.
constexpr siphash_key siphash_key_from(std::span<std::uint8_t const, 16> bytes) noexcept {
    return {load_little_endian(bytes.data()), load_little_endian(bytes.data() + 8)};
}

/// The four words that SipHash stirs.
struct siphash_lanes {
    std::uint64_t v0, v1, v2, v3;

    explicit constexpr siphash_lanes(siphash_key key) noexcept
        : v0(key.k0 ^ 0x736f6d6570736575),
          v1(key.k1 ^ 0x646f72616e646f6d),
          v2(key.k0 ^ 0x6c7967656e657261),
          v3(key.k1 ^ 0x7465646279746573) {}

    constexpr void rounds(int count) noexcept {
        for (; count != 0; --count) {
            v0 += v1;
            v2 += v3;
            v1 = std::rotl(v1, 13) ^ v0;
            v3 = std::rotl(v3, 16) ^ v2;
            v0 = std::rotl(v0, 32) + v3;
            v2 += v1;
            v1 = std::rotl(v1, 17) ^ v2;
            v3 = std::rotl(v3, 21) ^ v0;
            v2 = std::rotl(v2, 32);
        }
    }

    /// Takes in a word of the message: the 2 of SipHash-2-4.
    constexpr void compress(std::uint64_t word) noexcept {
        v3 ^= word;
        rounds(2);
        v0 ^= word;
    }

    /// Gives out a word of the hash: the 4 of SipHash-2-4.
    constexpr std::uint64_t finalize() noexcept {
        rounds(4);
        return v0 ^ v1 ^ v2 ^ v3;
    }
};

/// The algorithm, for a hash of one word or of two; a message of bytes or of characters.
template <std::size_t Words, class Byte>
constexpr std::array<std::uint64_t, Words> siphash_words(siphash_key key, Byte const* message,
                                                         std::size_t size) noexcept {
    static_assert(Words == 1 || Words == 2, "SipHash gives 64 bits or 128");
    siphash_lanes lanes{key};
    if constexpr (Words == 2) {
        lanes.v1 ^= 0xee;
    }

    std::size_t const tail = size - size % 8;
    for (std::size_t i = 0; i < tail; i += 8) {
        lanes.compress(load_little_endian(message + i));
    }
    std::uint64_t last = std::uint64_t{size} << 56;  // the last word ends with the size, modulo 256
    for (std::size_t i = tail; i < size; ++i) {
        last |= std::uint64_t{static_cast<std::uint8_t>(message[i])} << (8 * (i - tail));
    }
    lanes.compress(last);

    std::array<std::uint64_t, Words> hash{};
    lanes.v2 ^= Words == 2 ? 0xee : 0xff;
    hash[0] = lanes.finalize();
    if constexpr (Words == 2) {
        lanes.v1 ^= 0xdd;
        hash[1] = lanes.finalize();
    }
    return hash;
}

/// 64 bits for a table's index. Linear in the message; safe from any number of threads.
[[nodiscard]] constexpr std::uint64_t siphash_2_4(siphash_key key, std::span<std::uint8_t const> message) noexcept {
    return siphash_words<1>(key, message.data(), message.size())[0];
}

/// The same for text, byte for byte.
[[nodiscard]] constexpr std::uint64_t siphash_2_4(siphash_key key, std::string_view message) noexcept {
    return siphash_words<1>(key, message.data(), message.size())[0];
}

/// The 16 bytes that two words are written as, least significant byte first.
constexpr std::array<std::uint8_t, 16> siphash_bytes(std::array<std::uint64_t, 2> words) noexcept {
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(words[i / 8] >> (8 * (i % 8)));
    }
    return bytes;
}

/// 128 bits, enough to stand for the message itself: under a secret key nobody finds two messages with the same.
[[nodiscard]] constexpr std::array<std::uint8_t, 16> siphash_2_4_128(siphash_key key,
                                                                     std::span<std::uint8_t const> message) noexcept {
    return siphash_bytes(siphash_words<2>(key, message.data(), message.size()));
}

/// The same for text, byte for byte.
[[nodiscard]] constexpr std::array<std::uint8_t, 16> siphash_2_4_128(siphash_key key,
                                                                     std::string_view message) noexcept {
    return siphash_bytes(siphash_words<2>(key, message.data(), message.size()));
}

}  // namespace sallyport::crypto
