// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/sha256_portable.hpp>
#include <sallyport/crypto/sha256_x86.hpp>
#include <sallyport/crypto/wipe.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

/// SHA-256, as in FIPS 180-4.
namespace sallyport::crypto {

/// The 32 bytes of a SHA-256 digest, or of a tag made from one.
using digest256 = std::array<std::uint8_t, 32>;

/// Takes some whole blocks into the chain; they are bytes or characters. By the processor's instructions if it has them.
template <class Byte>
constexpr void sha256_compress(sha256_chain& chain, Byte const* blocks, std::size_t count) noexcept {
    if (std::is_constant_evaluated()) {
        sha256_compress_portable(chain, blocks, count);
        return;
    }
    void const* const memory = blocks;
    auto const* const bytes = static_cast<std::uint8_t const*>(memory);  // of which g++ loads whole words, of char not
#if defined(SALLYPORT_SHA256_X86) && defined(__OPTIMIZE__)  // or else the stack holds the schedule, which nobody wipes
    if (has_sha256_instructions()) {
        sha256_x86::compress(chain, bytes, count);
        return;
    }
#endif
    sha256_compress_portable(chain, bytes, count);
}

/// Copies bytes or characters; by the bulk where no compiler checks it.
template <class Byte>
constexpr void copy_bytes(Byte const* from, std::size_t size, std::uint8_t* to) noexcept {
    if (std::is_constant_evaluated()) {
        std::copy_n(from, size, to);
    } else if (size != 0) {  // an empty view may point nowhere, and memcpy must not
        std::memcpy(to, from, size);
    }
}

/// FIPS 180-4 §5.3.3: the fractions of the square roots of the first 8 primes.
constexpr sha256_chain sha256_initial_chain{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/// The digest of a message of `size` bytes, of which the chain has taken in all whole blocks. Wipes the chain.
template <class Byte>
constexpr digest256 sha256_finish(sha256_chain& chain, Byte const* rest, std::uint64_t size) noexcept {
    // §5.1.1: a one bit, zeros, and the length in bits as the last 8 bytes of a block.
    std::array<std::uint8_t, sha256_block> block{};
    std::size_t const held = size % sha256_block;
    copy_bytes(rest, held, block.data());
    block[held] = 0x80;
    if (held >= sha256_block - 8) {
        sha256_compress(chain, block.data(), 1);
        block.fill(0);
    }
    store_big_endian(static_cast<std::uint32_t>(size >> 29), &block[sha256_block - 8]);
    store_big_endian(static_cast<std::uint32_t>(size << 3), &block[sha256_block - 4]);
    sha256_compress(chain, block.data(), 1);
    wipe_value(block);

    digest256 digest{};
    for (std::size_t i = 0; i < chain.size(); ++i) store_big_endian(chain[i], &digest[4 * i]);
    wipe_value(chain);
    return digest;
}

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
        digest256 const digest = sha256_finish(chain_, block_.data(), length_);
        wipe_value(block_);
        chain_ = sha256_initial_chain;
        length_ = 0;
        return digest;
    }

private:
    // A template, so that characters need no cast to bytes that a constant expression would refuse.
    template <class Byte>
    constexpr void append(Byte const* piece, std::size_t size) noexcept {
        std::size_t const held = length_ % sha256_block;
        length_ += size;
        if (held + size < sha256_block) {
            copy_bytes(piece, size, block_.data() + held);
            return;
        }
        if (held != 0) {
            std::size_t const missing = sha256_block - held;
            copy_bytes(piece, missing, block_.data() + held);
            sha256_compress(chain_, block_.data(), 1);
            piece += missing;
            size -= missing;
        }
        std::size_t const whole = size / sha256_block;
        sha256_compress(chain_, piece, whole);
        copy_bytes(piece + whole * sha256_block, size % sha256_block, block_.data());
    }

    sha256_chain chain_ = sha256_initial_chain;
    std::array<std::uint8_t, sha256_block> block_{};
    std::uint64_t length_ = 0;  // in bytes
};

constexpr void sha256_state::update(std::span<std::uint8_t const> piece) noexcept {
    append(piece.data(), piece.size());
}

constexpr void sha256_state::update(std::string_view piece) noexcept { append(piece.data(), piece.size()); }

/// The digest of so many bytes or characters.
template <class Byte>
constexpr digest256 sha256_of(Byte const* message, std::size_t size) noexcept {
    auto chain = sha256_initial_chain;
    std::size_t const whole = size / sha256_block;
    if (whole != 0) sha256_compress(chain, message, whole);
    return sha256_finish(chain, message + whole * sha256_block, size);
}

/// The digest of one message.
[[nodiscard]] constexpr digest256 sha256(std::span<std::uint8_t const> message) noexcept {
    return sha256_of(message.data(), message.size());
}

/// The digest of a text, byte for byte.
[[nodiscard]] constexpr digest256 sha256(std::string_view message) noexcept {
    return sha256_of(message.data(), message.size());
}

}  // namespace sallyport::crypto
