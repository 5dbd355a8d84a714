// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/hash_scheme.hpp>
#include <sallyport/credential/sha256_scheme.hpp>
#include <sallyport/crypto/constant_time.hpp>
#include <sallyport/crypto/wipe.hpp>
#include <sallyport/model/client.hpp>
#include <sallyport/model/clock.hpp>
#include <sallyport/model/peer_address.hpp>
#include <sallyport/model/stored_secret.hpp>
#include <sallyport/model/uuid.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

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
    wall_time now{};
};

/// What an attempt came to.
struct verification {
    enum class verdict : std::uint8_t {
        proven,
        wrong,    ///< no secret of the record matches
        expired,  ///< one does, and doesn't count at this moment: run out, or not yet begun
        failed,   ///< a scheme could not do its work, for want of memory say
    };

    verdict outcome = verdict::failed;
    secret_id secret{};        ///< which secret matched
    unsigned derivations = 0;  ///< how many digests were derived, decoys counted
};

/// Decides whether an attempt proves its client. May be called from several threads at once. Whatever the
/// record holds, attempts at records of equally many secrets of the same schemes do the same work.
template <class T>
concept credential_verifier = requires(T& verifier, proof_attempt const& attempt) {
    { verifier.verify(attempt) } noexcept -> std::same_as<verification>;
};

/// Verifies secrets stored by any of its schemes, and is the one place that knows which schemes there are.
/// Every secret of a record is tried, without telling which matched; digests are compared in constant time.
/// Thread-safe: it holds nothing that changes.
template <hash_scheme... Schemes>
class verifier {
    static_assert(sizeof...(Schemes) > 0, "a verifier needs a hash scheme");
    static_assert(
        [](auto... names) {
            std::array<std::string_view, sizeof...(names)> sorted{names...};
            std::sort(sorted.begin(), sorted.end());
            return std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
        }(std::string_view(Schemes::name)...),
        "two hash schemes have one name");

public:
    constexpr verifier() noexcept = default;
    constexpr explicit verifier(Schemes... schemes) noexcept : schemes_(std::move(schemes)...) {}

    /// The secret whose stored form the text is; an error if no scheme reads it, or if it is malformed.
    result<stored_secret> parse(std::string_view text) const {
        result<stored_secret> parsed = error{"unknown stored form; this verifier reads " + forms()};
        static_cast<void>(
            ((std::get<Schemes>(schemes_).recognizes(text) && (parsed = parse_by<Schemes>(text), true)) || ...));
        return parsed;
    }

    /// One derivation for each secret, or for each decoy where there is none.
    constexpr verification verify(proof_attempt const& attempt) const noexcept {
        bool const fits = attempt.presented.size() <= max_presented_secret;
        auto const presented = fits ? attempt.presented : std::string_view("a secret of an ordinary length");
        bool const may_match = fits && !presented.empty() && !attempt.secrets.empty();
        auto const tried = attempt.secrets.empty() ? attempt.decoys : attempt.secrets;
        tally seen;
        for (auto const& stored : tried.first(std::min(tried.size(), max_secrets))) {
            if (matches(presented, stored.hash, seen) && may_match) seen.note(stored, attempt.now);
        }
        if (tried.empty()) static_cast<void>(matches(presented, costliest_decoy_, seen));
        return seen.result();
    }

private:
    /// What the secrets tried so far came to. One that proves outweighs all, and a failure all else.
    struct tally {
        verification::verdict match = verification::verdict::wrong;
        secret_id secret{};
        unsigned derivations = 0;
        bool failed = false;

        constexpr void note(stored_secret const& stored, wall_time now) noexcept {
            if (match == verification::verdict::proven) return;
            match = stored.valid_at(now) ? verification::verdict::proven : verification::verdict::expired;
            secret = stored.id;
        }
        constexpr verification result() const noexcept {
            bool const unsure = failed && match != verification::verdict::proven;
            return {.outcome = unsure ? verification::verdict::failed : match,
                    .secret = secret,
                    .derivations = derivations};
        }
    };

    /// Whether the presented secret derives the form's digest. A form that no scheme here reads costs a decoy.
    constexpr bool matches(std::string_view presented, hash_form const& form, tally& seen) const noexcept {
        bool matched = false;
        bool const known =
            ((form.scheme == Schemes::name && (matched = derives<Schemes>(presented, form, seen), true)) || ...);
        if (!known) static_cast<void>(matches(presented, costliest_decoy_, seen));
        return matched;
    }

    template <class Scheme>
    constexpr bool derives(std::string_view presented, hash_form const& form, tally& seen) const noexcept {
        std::array<std::uint8_t, hash_form::max_digest> derived{};
        auto const out = std::span(derived).first(form.digest.size());
        bool const done = std::get<Scheme>(schemes_).derive(presented, form, out);
        bool const equal = crypto::constant_time_equal(out, form.digest_bytes());
        crypto::wipe_value(derived);
        ++seen.derivations;
        seen.failed = seen.failed || !done;
        return done && equal && form.digest.size() >= hash_form::min_digest;
    }

    template <class Scheme>
    result<stored_secret> parse_by(std::string_view text) const {
        auto form = std::get<Scheme>(schemes_).parse(text);
        if (!form) return error{form.message()};
        return stored_secret{.hash = form.value()};
    }

    static std::string forms() {
        std::string listed;
        ((listed += (listed.empty() ? "" : "; ") + std::string(Schemes::form)), ...);
        return listed;
    }

    /// The decoy of the scheme whose new secrets cost the most.
    constexpr hash_form costliest() const noexcept {
        hash_form found{};
        auto const consider = [&found](hash_form candidate, std::string_view scheme) {
            candidate.scheme = scheme;
            if (found.scheme.empty() || candidate.work > found.work) found = candidate;
        };
        (consider(std::get<Schemes>(schemes_).decoy(), Schemes::name), ...);
        return found;
    }

    std::tuple<Schemes...> schemes_{};
    hash_form costliest_decoy_ = costliest();
};

template <class... Schemes>
verifier(Schemes...) -> verifier<Schemes...>;

}  // namespace sallyport
