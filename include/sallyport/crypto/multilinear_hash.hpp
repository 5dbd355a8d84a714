// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/random.hpp>
#include <sallyport/crypto/siphash.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace sallyport::crypto {

/// Hashes keys of a fixed number of words under a random key of its own, a few times faster than SipHash: a sum of
/// products, strongly universal (Lemire and Kaser 2014, "Strongly universal string hashing is fast"), so that whatever
/// two keys a stranger has chosen without seeing hashes, they fall together with a probability of about 2^-32; stirred,
/// so that keys in a row are spread as if at random (after the finalizer of MurmurHash3, Appleby). For tables that show
/// nobody where a key lies. Thread-safe.
template <std::size_t Words>
class multilinear_hash {
public:
    multilinear_hash() noexcept {
        auto const key = random_siphash_key();
        for (std::size_t i = 0; i < multipliers_.size(); ++i) {
            std::array const number{static_cast<std::uint8_t>(i)};
            multipliers_[i] = siphash_2_4(key, number);
        }
    }

    std::uint32_t operator()(std::array<std::uint32_t, Words> const& key) const noexcept {
        auto sum = multipliers_[Words];
        for (std::size_t i = 0; i < Words; ++i) sum += multipliers_[i] * key[i];
        sum = (sum ^ sum >> 32) * 0xff51afd7ed558ccd;
        sum = (sum ^ sum >> 29) * 0xc4ceb9fe1a85ec53;
        return static_cast<std::uint32_t>(sum >> 32);
    }

private:
    std::array<std::uint64_t, Words + 1> multipliers_{};
};

}  // namespace sallyport::crypto
