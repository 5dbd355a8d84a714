// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/hash_scheme.hpp>
#include <sallyport/credential/proof.hpp>
#include <sallyport/credential/sha256_scheme.hpp>
#include <sallyport/crypto/constant_time.hpp>
#include <sallyport/crypto/wipe.hpp>
#include <sallyport/model/client.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace sallyport {

/// Some of an attempt's secrets, or of its decoys: a bit for each, in the record's order.
using secret_set = unsigned;
static_assert(max_secrets < std::numeric_limits<secret_set>::digits);

/// The places of a set's secrets in the record's order, for a loop over them.
class places_in {
public:
    explicit constexpr places_in(secret_set of) noexcept : left_(of) {}

    constexpr places_in begin() const noexcept { return *this; }
    constexpr secret_set end() const noexcept { return 0; }

    constexpr std::size_t operator*() const noexcept { return static_cast<std::size_t>(std::countr_zero(left_)); }
    constexpr places_in& operator++() noexcept {
        left_ &= left_ - 1;
        return *this;
    }
    friend constexpr bool operator!=(places_in at, secret_set end) noexcept { return at.left_ != end; }

private:
    secret_set left_;
};

/// What trying the secrets of an attempt came to.
struct secret_matches {
    secret_set matched = 0;
    unsigned derivations = 0;
    bool failed = false;  ///< a scheme could not do its work

    friend constexpr secret_matches operator+(secret_matches a, secret_matches const& b) noexcept {
        a.matched |= b.matched;
        a.failed = a.failed || b.failed;
        a.derivations += b.derivations;
        return a;
    }
};

/// Verifies secrets stored by any of its schemes, and is the one place that knows which schemes there are; the
/// first is the one that the host wants its secrets stored by. Every secret of a record is tried, without telling
/// which matched; digests are compared in constant time. Thread-safe: it holds nothing that changes.
template <hash_scheme... Schemes>
class verifier {
    static_assert(sizeof...(Schemes) > 0, "a verifier needs a hash scheme");
    static_assert(
        [] {
            auto const bearers_of = [](std::string_view name) { return (0 + ... + (name == Schemes::name)); };
            return ((bearers_of(Schemes::name) == 1) && ...);
        }(),
        "two hash schemes have one name");

public:
    constexpr verifier() noexcept = default;
    constexpr explicit verifier(Schemes... schemes) noexcept : schemes_(std::move(schemes)...) {}

    /// The secret whose stored form the text is; an error if no scheme reads it, or if it is malformed.
    result<stored_secret> parse(std::string_view text) const { return parse_by<Schemes...>(text); }

    /// The text of a stored form, as `parse` reads it; empty if no scheme here is the form's.
    std::string text(hash_form const& form) const {
        std::string written;
        static_cast<void>(((is_of<Schemes>(form) && (written = std::get<Schemes>(schemes_).text(form), true)) || ...));
        return written;
    }

    /// One derivation for each secret, or for each decoy where there is none.
    constexpr verification verify(proof_attempt const& attempt) const noexcept {
        auto made = judge(attempt, match(attempt, all(attempt)));
        made.at_once = ((Schemes::cost == scheme_cost::cheap) && ...) || expensive(attempt) == 0;
        return made;
    }

    /// The answer, if it takes no expensive hash.
    constexpr std::optional<verification> settle(proof_attempt const& attempt) const noexcept {
        auto const expensive = this->expensive(attempt);
        auto cheaply = judge(attempt, match(attempt, all(attempt) & ~expensive));
        cheaply.at_once = true;
        bool const proven = cheaply.outcome == verification::verdict::proven && !attempt.barred;
        return proven || expensive == 0 ? std::optional(cheaply) : std::nullopt;
    }

    /// What is tried for an attempt: the record's secrets, or as many decoys.
    constexpr std::span<stored_secret const> tried(proof_attempt const& attempt) const noexcept {
        auto const found = attempt.secrets.empty() ? attempt.decoys : attempt.secrets;
        if (found.empty()) return {&stand_in_, 1};
        return found.first(std::min(found.size(), max_secrets));
    }

    /// What a verification of this form costs. One that no scheme here reads costs what the costliest decoy does.
    constexpr scheme_cost cost_of(hash_form const& form) const noexcept {
        auto cost = scheme_cost::cheap;
        bool const known = ((is_of<Schemes>(form) && (cost = Schemes::cost, true)) || ...);
        return known ? cost : cost_of(stand_in_.hash);
    }

    /// All of those.
    constexpr secret_set all(proof_attempt const& attempt) const noexcept { return (1U << tried(attempt).size()) - 1; }

    /// Which of those are expensive to verify.
    constexpr secret_set expensive(proof_attempt const& attempt) const noexcept {
        secret_set found = 0;
        auto const all = tried(attempt);
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (cost_of(all[i].hash) == scheme_cost::expensive) found |= 1U << i;
        }
        return found;
    }

    /// Tries these of an attempt's secrets, or decoys.
    constexpr secret_matches match(proof_attempt const& attempt, secret_set these) const noexcept {
        secret_matches seen;
        auto const all = tried(attempt);
        for (auto const i : places_in(these)) {
            if (matches(attempt.hashed(), all[i].hash, seen) && attempt.may_match()) {
                seen.matched |= 1U << i;
            }
        }
        return seen;
    }

    /// Whether one of these secrets of the record counts at the attempt's moment, and the client is not barred.
    static constexpr bool passes(proof_attempt const& attempt, secret_set matched) noexcept {
        for (auto const i : places_in(matched)) {
            if (attempt.secrets[i].valid_at(attempt.now)) return !attempt.barred;
        }
        return false;
    }

    /// What these matches are worth at the attempt's moment. One that proves outweighs all, and a failure all else.
    constexpr verification judge(proof_attempt const& attempt, secret_matches const& seen) const noexcept {
        verification made{.outcome = verification::verdict::wrong, .derivations = seen.derivations};
        for (auto const i : places_in(seen.matched)) {
            if (made.outcome == verification::verdict::proven) break;
            auto const& stored = attempt.secrets[i];
            bool const proven = stored.valid_at(attempt.now);
            made.outcome = proven ? verification::verdict::proven : verification::verdict::expired;
            made.secret = stored.id;
            made.needs_rehash = proven && !is_current(stored.hash);
        }
        if (seen.failed && made.outcome != verification::verdict::proven) {
            made.outcome = verification::verdict::failed;
        }
        return made;
    }

private:
    using wanted = std::tuple_element_t<0, std::tuple<Schemes...>>;

    /// Whether a form is of the scheme: a look at where the name lies, which is nearly always the same place, or at it.
    template <class Scheme>
    static constexpr bool is_of(hash_form const& form) noexcept {
        std::string_view const name = Scheme::name;
        if (form.scheme.size() != name.size()) return false;
        return (!std::is_constant_evaluated() && form.scheme.data() == name.data()) || form.scheme == name;
    }

    /// Whether the presented secret derives the form's digest. A form that no scheme here reads costs a decoy.
    constexpr bool matches(std::string_view presented, hash_form const& form, secret_matches& seen) const noexcept {
        bool matched = false;
        bool const known = ((is_of<Schemes>(form) && (matched = derives<Schemes>(presented, form, seen), true)) || ...);
        if (!known) static_cast<void>(matches(presented, stand_in_.hash, seen));
        return matched;
    }

    template <class Scheme>
    constexpr bool derives(std::string_view presented, hash_form const& form, secret_matches& seen) const noexcept {
        std::array<std::uint8_t, hash_form::max_digest> derived{};
        auto const out = std::span(derived).first(form.digest.size());
        bool const done = std::get<Scheme>(schemes_).derive(presented, form, out);
        bool const equal = crypto::constant_time_equal(out, form.digest_bytes());
        crypto::wipe_value(derived);
        ++seen.derivations;
        seen.failed = seen.failed || !done;
        return done && equal && form.digest.size() >= hash_form::min_digest;
    }

    /// Whether the form is as the host wants it: of the first scheme, and not below what that costs now.
    constexpr bool is_current(hash_form const& form) const noexcept {
        return is_of<wanted>(form) && std::get<wanted>(schemes_).is_current(form);
    }

    template <class Scheme, class... Others>
    result<stored_secret> parse_by(std::string_view text) const {
        auto const& scheme = std::get<Scheme>(schemes_);
        if (!scheme.recognizes(text)) {
            if constexpr (sizeof...(Others) > 0) {
                return parse_by<Others...>(text);
            } else {
                return error{"unknown stored form; this verifier reads " + forms()};
            }
        }
        auto form = scheme.parse(text);
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
    stored_secret stand_in_{.hash = costliest()};
};

template <class... Schemes>
verifier(Schemes...) -> verifier<Schemes...>;

}  // namespace sallyport
