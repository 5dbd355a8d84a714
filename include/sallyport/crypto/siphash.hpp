// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

/// SipHash (Aumasson and Bernstein, 2012): a short keyed hash, for tables that a stranger's bytes reach. SipHash-2-4 is what
/// its authors call a strong pseudorandom function; SipHash-1-3, of fewer rounds, is for hashes that nobody is shown.
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
    if (!std::is_constant_evaluated() && std::endian::native == std::endian::little) {
        std::memcpy(&word, from, sizeof word);  // one load, which no compiler makes of the loop below at -O2
        return word;
    }
    for (std::size_t i = 0; i < 8; ++i) {
        word |= std::uint64_t{static_cast<std::uint8_t>(from[i])} << (8 * i);
    }
    return word;
}

/// The key that 16 bytes stand for.
constexpr siphash_key siphash_key_from(std::span<std::uint8_t const, 16> bytes) noexcept {
    return {load_little_endian(bytes.data()), load_little_endian(bytes.data() + 8)};
}

/// SipHash in the making, for a hash of one word or of two, over a message that is given word by word. Its rounds are
/// so many for each word of the message, and so many at the end.
template <std::size_t Words, int EachWord = 2, int AtEnd = 4>
class siphash_state {
    static_assert(Words == 1 || Words == 2, "SipHash gives 64 bits or 128");

public:
    explicit constexpr siphash_state(siphash_key key) noexcept
        : v0_(key.k0 ^ 0x736f6d6570736575),
          v1_(key.k1 ^ 0x646f72616e646f6d ^ (Words == 2 ? 0xee : 0)),
          v2_(key.k0 ^ 0x6c7967656e657261),
          v3_(key.k1 ^ 0x7465646279746573) {}

    /// Takes in eight bytes of the message.
    constexpr void update(std::uint64_t word) noexcept {
        v3_ ^= word;
        rounds<EachWord>();
        v0_ ^= word;
    }

    /// The hash, after the last word, which holds what is left of the message and ends with its size, modulo 256.
    constexpr std::array<std::uint64_t, Words> finish(std::uint64_t last) noexcept {
        update(last);
        std::array<std::uint64_t, Words> hash{};
        v2_ ^= Words == 2 ? 0xee : 0xff;
        hash[0] = finalize();
        if constexpr (Words == 2) {
            v1_ ^= 0xdd;
            hash[1] = finalize();
        }
        return hash;
    }

private:
    constexpr std::uint64_t finalize() noexcept {
        rounds<AtEnd>();
        return v0_ ^ v1_ ^ v2_ ^ v3_;
    }

    template <int Count>
    constexpr void rounds() noexcept {
        round();
        if constexpr (Count > 1) rounds<Count - 1>();
    }

    constexpr void round() noexcept {
        v0_ += v1_;
        v2_ += v3_;
        v1_ = std::rotl(v1_, 13) ^ v0_;
        v3_ = std::rotl(v3_, 16) ^ v2_;
        v0_ = std::rotl(v0_, 32) + v3_;
        v2_ += v1_;
        v1_ = std::rotl(v1_, 17) ^ v2_;
        v3_ = std::rotl(v3_, 21) ^ v0_;
        v2_ = std::rotl(v2_, 32);
    }

    std::uint64_t v0_, v1_, v2_, v3_;
};

/// The bytes or characters behind the last whole word, filled up with zeros.
template <class Byte>
constexpr std::uint64_t load_tail(Byte const* message, std::size_t size) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = size - size % 8; i < size; ++i) {
        word |= std::uint64_t{static_cast<std::uint8_t>(message[i])} << (8 * (i % 8));
    }
    return word;
}

/// The algorithm, for a hash of one word or of two; a message of bytes or of characters.
template <std::size_t Words, int EachWord = 2, int AtEnd = 4, class Byte>
constexpr std::array<std::uint64_t, Words> siphash_words(siphash_key key, Byte const* message,
                                                         std::size_t size) noexcept {
    siphash_state<Words, EachWord, AtEnd> state{key};
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
        state.update(load_little_endian(message + i));
    }
    return state.finish(std::uint64_t{size} << 56 | load_tail(message, size));
}

/// 64 bits for a table's index. Linear in the message; safe from any number of threads.
[[nodiscard]] constexpr std::uint64_t siphash_2_4(siphash_key key, std::span<std::uint8_t const> message) noexcept {
    return siphash_words<1>(key, message.data(), message.size())[0];
}

/// The same for text, byte for byte.
[[nodiscard]] constexpr std::uint64_t siphash_2_4(siphash_key key, std::string_view message) noexcept {
    return siphash_words<1>(key, message.data(), message.size())[0];
}

/// 64 bits by fewer rounds, for the index of a table that shows nobody where a text lies.
[[nodiscard]] constexpr std::uint64_t siphash_1_3(siphash_key key, std::string_view message) noexcept {
    return siphash_words<1, 1, 3>(key, message.data(), message.size())[0];
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
