// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/wipe.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

/// SHA-256's compression (FIPS 180-4 §6.2.2) in plain C++: for constant expressions, and for processors without
/// instructions for it.
namespace sallyport::crypto {

using sha256_chain = std::array<std::uint32_t, 8>;
constexpr std::size_t sha256_block = 64;  // bytes

/// §4.2.2: the fractions of the cube roots of the first 64 primes.
alignas(16) inline constexpr std::array<std::uint32_t, 64> sha256_constants{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// Four bytes or characters, most significant first.
template <class Byte>
constexpr std::uint32_t load_big_endian(Byte const* from) noexcept {
    return std::uint32_t{static_cast<std::uint8_t>(from[0])} << 24 |
           std::uint32_t{static_cast<std::uint8_t>(from[1])} << 16 |
           std::uint32_t{static_cast<std::uint8_t>(from[2])} << 8 | std::uint32_t{static_cast<std::uint8_t>(from[3])};
}

/// Writes a word, most significant byte first.
constexpr void store_big_endian(std::uint32_t word, std::uint8_t* to) noexcept {
    if (!std::is_constant_evaluated() && std::endian::native == std::endian::little) {
        std::uint32_t const turned = (std::rotl(word, 8) & 0x00ff00ff) | (std::rotr(word, 8) & 0xff00ff00);
        std::memcpy(to, &turned, sizeof turned);  // one store, which g++ doesn't make of the loop below
        return;
    }
    for (int i = 0; i < 4; ++i) to[i] = static_cast<std::uint8_t>(word >> (24 - 8 * i));
}

/// One block's way through the 64 rounds.
class sha256_rounds {
public:
    using word = std::uint32_t;

    template <class Byte>
    constexpr void mix(sha256_chain& chain, Byte const* block) noexcept {
        for (std::size_t i = 0; i < w_.size(); ++i) w_[i] = load_big_endian(block + 4 * i);
        auto [a, b, c, d, e, f, g, h] = chain;
        for (std::size_t t = 0; t < 64; t += 16) {
            if (t != 0) extend(std::make_index_sequence<16>());
            for (std::size_t i = 0; i < 16; i += 8) {
                word const* const k = &sha256_constants[t + i];
                word const* const m = &w_[i];
                // The eight variables take turns instead of moving up by one.
                turn(a, b, c, d, e, f, g, h, m[0] + k[0]);
                turn(h, a, b, c, d, e, f, g, m[1] + k[1]);
                turn(g, h, a, b, c, d, e, f, m[2] + k[2]);
                turn(f, g, h, a, b, c, d, e, m[3] + k[3]);
                turn(e, f, g, h, a, b, c, d, m[4] + k[4]);
                turn(d, e, f, g, h, a, b, c, m[5] + k[5]);
                turn(c, d, e, f, g, h, a, b, m[6] + k[6]);
                turn(b, c, d, e, f, g, h, a, m[7] + k[7]);
            }
        }
        sha256_chain const mixed{a, b, c, d, e, f, g, h};
        for (std::size_t i = 0; i < chain.size(); ++i) chain[i] += mixed[i];
    }

private:
    static constexpr void turn(word a, word b, word c, word& d, word e, word f, word g, word& h, word input) noexcept {
        word const choice = g ^ (e & (f ^ g));
        word const majority = (a & b) + (c & (a ^ b));  // no bit is in both
        h += input + choice + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25));
        d += h;
        h += majority + (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22));
    }

    // The next 16 words of the schedule in place of the last 16, which are all that they depend on. Written out, which
    // g++ does not do to a loop at -O2, and which takes a fifth off the whole.
    template <std::size_t... I>
    constexpr void extend(std::index_sequence<I...>) noexcept {
        ((w_[I] +=
          small_sigma(w_[(I + 1) % 16], 7, 18, 3) + w_[(I + 9) % 16] + small_sigma(w_[(I + 14) % 16], 17, 19, 10)),
         ...);
    }

    static constexpr word small_sigma(word x, int first, int second, int shift) noexcept {
        return std::rotr(x, first) ^ std::rotr(x, second) ^ x >> shift;
    }

    std::array<word, 16> w_{};
};

/// Takes some whole blocks into the chain; they are bytes or characters.
template <class Byte>
constexpr void sha256_compress_portable(sha256_chain& chain, Byte const* blocks, std::size_t count) noexcept {
    sha256_rounds rounds;
    for (; count != 0; --count, blocks += sha256_block) rounds.mix(chain, blocks);
    wipe_value(rounds);  // the message can be computed back from its schedule
}

}  // namespace sallyport::crypto
