// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/proof.hpp>
#include <sallyport/crypto/sha256.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

/// The mistakes that the checks of this folder have to catch.
namespace leaky {

/// Stops at the first difference, so that its time tells how far a guess is right.
inline bool equal(std::span<std::uint8_t const> a, std::span<std::uint8_t const> b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] != b[i]) return false;
    }
    return true;
}

/// Verifies `sha256:` secrets by the comparison above, and for a record without any returns at once.
struct verifier {
    sallyport::verification verify(sallyport::proof_attempt const& attempt) const noexcept {
        sallyport::verification made{.outcome = sallyport::verification::verdict::wrong};
        for (auto const& stored : attempt.secrets) {
            ++made.derivations;
            bool const matched = equal(sallyport::crypto::sha256(attempt.presented), stored.hash.digest_bytes());
            if (matched) made.outcome = sallyport::verification::verdict::proven;
        }
        return made;
    }
};

}  // namespace leaky
