// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/wipe.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// SHA-256, as in FIPS 180-4.
namespace sallyport::crypto {

/// The 32 bytes of a SHA-256 digest, or of a tag made from one.
using digest256 = std::array<std::uint8_t, 32>;

/// A message on its way to its digest, given in as many pieces as one likes.
/// Wipes what it kept of the message when finished and when destroyed. A copy goes its own way. One thread at a time.
class sha256_state {
public:
    constexpr sha256_state() noexcept = default;
    constexpr sha256_state(sha256_state const&) noexcept = default;
    constexpr sha256_state& operator=(sha256_state const&) noexcept = default;
    constexpr ~sha256_state() {
        wipe_value(chain_);
        wipe_value(block_);
    }

    /// Appends to the message. Linear in the size of the piece.
    constexpr void update(std::span<std::uint8_t const> piece) noexcept;
    constexpr void update(std::string_view piece) noexcept;  ///< the same for text, byte for byte

    /// The digest of the message so far. Leaves the state as if new, ready for another message.
    [[nodiscard]] constexpr digest256 finish() noexcept {
        pad();
        digest256 digest{};
        for (std::size_t i = 0; i < digest.size(); ++i) {
            digest[i] = static_cast<std::uint8_t>(chain_[i / 4] >> (24 - 8 * (i % 4)));
        }
        wipe_value(block_);
        chain_ = initial_chain;
        length_ = 0;
        return digest;
    }

private:
    using word = std::uint32_t;
    static constexpr std::size_t block_size = 64;

    // FIPS 180-4 §5.3.3: the fractions of the square roots of the first 8 primes.
    static constexpr std::array<word, 8> initial_chain{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

    // §4.2.2: the fractions of the cube roots of the first 64 primes.
    static constexpr std::array<word, 64> round_constants{
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

    // A template, so that characters need no cast to bytes that a constant expression would refuse.
    template <class Byte>
    constexpr void append(Byte const* piece, std::size_t size) noexcept {
        std::size_t const held = length_ % block_size;
        length_ += size;
        if (held + size < block_size) {
            std::copy_n(piece, size, block_.begin() + held);
            return;
        }
        if (held != 0) {
            std::size_t const missing = block_size - held;
            std::copy_n(piece, missing, block_.begin() + held);
            compress(block_.data(), 1);
            piece += missing;
            size -= missing;
        }
        std::size_t const whole = size / block_size;
        compress(piece, whole);
        std::copy_n(piece + whole * block_size, size % block_size, block_.begin());
    }

    // §5.1.1: a one bit, zeros, and the length in bits as the last 8 bytes of a block.
    constexpr void pad() noexcept {
        std::uint64_t const bits = length_ * 8;
        std::size_t held = length_ % block_size;
        block_[held++] = 0x80;
        if (held > block_size - 8) {
            std::fill(block_.begin() + held, block_.end(), std::uint8_t{0});
            compress(block_.data(), 1);
            held = 0;
        }
        std::fill(block_.begin() + held, block_.end(), std::uint8_t{0});
        for (std::size_t i = 0; i < 8; ++i) {
            block_[block_size - 1 - i] = static_cast<std::uint8_t>(bits >> (8 * i));
        }
        compress(block_.data(), 1);
    }

    // §6.2.2 for some whole blocks.
    template <class Byte>
    constexpr void compress(Byte const* blocks, std::size_t count) noexcept {
        std::array<word, 16> schedule{};
        for (; count != 0; --count, blocks += block_size) {
            for (std::size_t i = 0; i < schedule.size(); ++i) {
                schedule[i] = load(blocks + 4 * i);
            }
            mix(schedule);
        }
        wipe_value(schedule);  // the message can be computed back from it
    }

    template <class Byte>
    static constexpr word load(Byte const* from) noexcept {
        return word{static_cast<std::uint8_t>(from[0])} << 24 | word{static_cast<std::uint8_t>(from[1])} << 16 |
               word{static_cast<std::uint8_t>(from[2])} << 8 | word{static_cast<std::uint8_t>(from[3])};
    }

    constexpr void mix(std::array<word, 16>& w) noexcept {
        auto [a, b, c, d, e, f, g, h] = chain_;
        for (std::size_t t = 0; t < 64; t += 8) {
            if (t == 16 || t == 32 || t == 48) {
                extend(w);
            }
            word const* const k = &round_constants[t];
            word const* const m = &w[t % 16];
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
        std::array<word, 8> const mixed{a, b, c, d, e, f, g, h};
        for (std::size_t i = 0; i < chain_.size(); ++i) {
            chain_[i] += mixed[i];
        }
    }

    static constexpr void turn(word a, word b, word c, word& d, word e, word f, word g, word& h, word input) noexcept {
        word const choice = g ^ (e & (f ^ g));
        word const majority = (a & b) | (c & (a | b));
        h += input + choice + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25));
        d += h;
        h += majority + (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22));
    }

    // The next 16 words of the schedule in place of the last 16, which are all that they depend on.
    static constexpr void extend(std::array<word, 16>& w) noexcept {
        for (std::size_t i = 0; i < 16; ++i) {
            word const early = w[(i + 1) % 16];
            word const late = w[(i + 14) % 16];
            w[i] += (std::rotr(early, 7) ^ std::rotr(early, 18) ^ early >> 3) + w[(i + 9) % 16] +
                    (std::rotr(late, 17) ^ std::rotr(late, 19) ^ late >> 10);
        }
    }

    std::array<word, 8> chain_ = initial_chain;
    std::array<std::uint8_t, block_size> block_{};
    std::uint64_t length_ = 0;  // in bytes
};

constexpr void sha256_state::update(std::span<std::uint8_t const> piece) noexcept {
    append(piece.data(), piece.size());
}

constexpr void sha256_state::update(std::string_view piece) noexcept { append(piece.data(), piece.size()); }

/// The digest of one message.
[[nodiscard]] constexpr digest256 sha256(std::span<std::uint8_t const> message) noexcept {
    sha256_state state;
    state.update(message);
    return state.finish();
}

/// The digest of a text, byte for byte.
[[nodiscard]] constexpr digest256 sha256(std::string_view message) noexcept {
    sha256_state state;
    state.update(message);
    return state.finish();
}

}  // namespace sallyport::crypto
