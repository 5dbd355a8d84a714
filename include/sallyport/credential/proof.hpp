// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/clock.hpp>
#include <sallyport/model/peer_address.hpp>
#include <sallyport/model/stored_secret.hpp>
#include <sallyport/model/uuid.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sallyport {

/// A secret over this many bytes is refused as wrong, at the cost of any other. So is an empty one, whatever is stored.
inline constexpr std::size_t max_presented_secret = 1024;

/// An attempt to prove oneself: who claims to be asking, what was presented, and what the store holds. The
/// spans borrow from the store's answer.
struct proof_attempt {
    uuid client{};
    peer_address peer{};
    std::string_view presented{};
    std::span<stored_secret const> secrets{};  ///< the record's; none if there is no record
    std::span<stored_secret const> decoys{};   ///< what to verify against where there is none; may be empty
    wall_time now{};                           ///< by which secrets begin and expire
    steady_time at{};                          ///< by which failures are counted, and proofs grow old
    bool exempt = false;                       ///< failures of this peer are not counted
    bool barred = false;                       ///< no secret lets this client in: it costs what a wrong one does

    /// Whether any secret could match at all.
    constexpr bool may_match() const noexcept { return fits() && !presented.empty() && !secrets.empty(); }

    /// What is hashed: the text presented, or one in its place that costs no more than any other.
    constexpr std::string_view hashed() const noexcept {
        return fits() ? presented : std::string_view("a secret of an ordinary length");
    }

private:
    constexpr bool fits() const noexcept { return presented.size() <= max_presented_secret; }
};

/// What an attempt came to.
struct verification {
    enum class verdict : std::uint8_t {
        proven,
        wrong,       ///< no secret of the record matches
        expired,     ///< one does, and doesn't count at this moment: run out, or not yet begun
        throttled,   ///< too many attempts of this peer have failed; nothing was hashed
        overloaded,  ///< there is no room for one more expensive verification at this moment
        failed,      ///< a scheme could not do its work, for want of memory say
    };

    verdict outcome = verdict::failed;
    secret_id secret{};                       ///< which secret matched
    unsigned derivations = 0;                 ///< how many digests were derived, decoys counted
    std::chrono::nanoseconds retry_after{0};  ///< of a throttled or an overloaded one
    bool needs_rehash = false;                ///< proven, by a form that costs less than the host wants by now
    bool remembered = false;                  ///< proven before, and not hashed again
    bool at_once = false;  ///< it took no expensive hash and no waiting: the attempt's moment is still now
};

/// Decides whether an attempt proves its client. May be called from several threads at once. Whatever the
/// record holds, attempts at records of equally many secrets of the same schemes do the same work.
template <class T>
concept credential_verifier = requires(T& verifier, proof_attempt const& attempt) {
    { verifier.verify(attempt) }
    noexcept->std::same_as<verification>;
};

/// A verifier that can also tell whether it has an answer at once, without an expensive hash and without waiting.
template <class T>
concept settling_verifier = credential_verifier<T> && requires(T& verifier, proof_attempt const& attempt) {
    { verifier.settle(attempt) }
    noexcept->std::same_as<std::optional<verification>>;
};

}  // namespace sallyport
