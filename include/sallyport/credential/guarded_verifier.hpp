// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/bulkhead.hpp>
#include <sallyport/credential/hash_scheme.hpp>
#include <sallyport/credential/proof.hpp>
#include <sallyport/credential/single_flight.hpp>
#include <sallyport/credential/verified_cache.hpp>
#include <sallyport/credential/verifier.hpp>
#include <sallyport/model/client.hpp>
#include <sallyport/model/counted_attempt.hpp>

#include <array>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace sallyport {

/// Counts attempts that fail, and says when there were too many. All members may be called from several threads at
/// once; they may throw, which counts as a failure of the verification.
///   - `count`: counts an attempt as failed, if it may be made; `give_back`: it was none;
///   - `wait`: how long until an attempt may be made, 0 if it may be made now.
template <class T>
concept attempt_throttle = requires(T& throttle, peer_address const& peer, uuid const& client, steady_time now,
                                    counted_attempt const& counted) {
    { throttle.count(peer, client, now) } -> std::same_as<counted_attempt>;
    { throttle.wait(peer, client, now) } -> std::same_as<std::chrono::nanoseconds>;
    throttle.give_back(counted);
};

/// Lets everybody try for ever.
struct no_throttle {
    static counted_attempt count(peer_address const&, uuid const&, steady_time) noexcept { return {}; }
    static std::chrono::nanoseconds wait(peer_address const&, uuid const&, steady_time) noexcept { return {}; }
    static void give_back(counted_attempt const&) noexcept {}
};

/// How a guarded verifier is bounded.
struct guard_options {
    verified_cache::options remembered{};
    bulkhead::options hashing{};
    std::size_t sharing = 256;                    ///< calls that wait for an equal one at most, each on its thread
    std::chrono::milliseconds retry_after{1000};  ///< what an attempt is told for which there is no room
};

/// A verifier that withstands those who guess. For everybody who presents an id and a secret, known or not:
///
///     proof by a cheap scheme, or remembered → throttle → bulkhead → the expensive hash
///
/// So a right secret that needs no expensive hash passes from any peer at any time. One that does can be held up by
/// others of the same address, while they go on failing and for at most the throttle's window after. Every attempt that
/// was not proven cheaply is counted from its beginning, and given back if it succeeds, or if it came to no verdict.
/// Equal attempts at the same moment share one hash; those who wait for it hold their threads, and are counted once it
/// has failed. Thread-safe; may be moved while nobody uses it.
template <class Verifier, attempt_throttle Throttle>
class guarded_verifier {
public:
    explicit guarded_verifier(Verifier verifier, Throttle failures = {}, guard_options const& bounds = {})
        : verifier_(std::move(verifier)),
          throttle_(std::move(failures)),
          remembered_(bounds.remembered),
          desk_(std::make_unique<desk>(bounds)),
          retry_after_(bounds.retry_after) {}

    /// The verifier inside, which reads and writes stored forms.
    Verifier const& schemes() const noexcept { return verifier_; }

    verification verify(proof_attempt const& attempt) noexcept {
        return never_throwing([&]() -> verification {
            auto const known = recognize(attempt);
            if (known.proven) return proof_at_once(attempt, known);
            return known.expensive == 0 ? count_failure(attempt, known.seen) : hash(attempt, known);
        });
    }

    /// The answer, if it takes no expensive hash and no waiting; else none, and nothing was counted.
    std::optional<verification> settle(proof_attempt const& attempt) noexcept {
        bool settled = true;
        auto const answer = never_throwing([&]() -> verification {
            auto const known = recognize(attempt);
            if (known.proven) return proof_at_once(attempt, known);
            if (known.expensive == 0) return count_failure(attempt, known.seen);
            auto const wait =
                attempt.exempt ? std::chrono::nanoseconds{0} : throttle_.wait(attempt.peer, attempt.client, attempt.at);
            if (wait > std::chrono::nanoseconds::zero()) return refused(verdict::throttled, wait, known.seen);
            settled = !desk_->equal.is_under_way(all_of(attempt, known)) &&
                      desk_->hashing.turns_away(attempt.peer.network(), attempt.at);
            return refused(verdict::overloaded, retry_after_, known.seen);
        });
        return settled ? std::optional(answer) : std::nullopt;
    }

private:
    using tag = verified_cache::tag;
    using verdict = verification::verdict;

    /// What can be told of an attempt without an expensive hash.
    struct recognition {
        secret_set expensive = 0;           ///< what only an expensive hash can prove
        secret_matches seen{};              ///< what cheap ones did, and once it is proof enough, what is remembered
        std::array<tag, max_secrets> tags;  ///< what the expensive ones are remembered by; of the others nothing
        bool proven = false;                ///< whether that is proof enough
        bool remembered = false;            ///< whether it is because it was before
    };

    /// What the expensive hashes came to.
    struct hashed {
        secret_matches seen{};
        bool done = false;  ///< false: there was no room for them
    };

    /// A tag is as good as random: any part of it is a hash.
    struct tag_hash {
        std::size_t operator()(tag const& of) const noexcept { return static_cast<std::size_t>(of[0]); }
    };

    /// Where attempts meet.
    struct desk {
        explicit desk(guard_options const& bounds) : equal(bounds.sharing), hashing(bounds.hashing) {}

        single_flight<tag, hashed, tag_hash> equal;
        bulkhead hashing;
    };

    recognition recognize(proof_attempt const& attempt) const noexcept {
        recognition made;
        made.expensive = verifier_.expensive(attempt);
        if (auto const cheap = verifier_.all(attempt) & ~made.expensive) made.seen = verifier_.match(attempt, cheap);
        made.proven = verifier_.passes(attempt, made.seen.matched);
        if (made.proven) return made;
        auto const tried = verifier_.tried(attempt);
        for (auto const i : places_in(made.expensive)) {
            made.tags[i] = remembered_.tag_of(attempt.client, attempt.hashed(), tried[i].hash);
        }
        recall(attempt, made);
        return made;
    }

    /// Settles an attempt that was proven before.
    void recall(proof_attempt const& attempt, recognition& known) const noexcept {
        secret_set matched = 0;
        for (auto const i : places_in(known.expensive)) {
            if (remembered_.contains(known.tags[i], attempt.at)) matched |= 1U << i;
        }
        if (!attempt.may_match() || !verifier_.passes(attempt, matched)) return;
        known.seen.matched |= matched;
        known.proven = known.remembered = true;
    }

    verification proof_of(proof_attempt const& attempt, recognition const& known) const noexcept {
        auto made = verifier_.judge(attempt, known.seen);
        made.remembered = known.remembered;
        return made;
    }

    verification proof_at_once(proof_attempt const& attempt, recognition const& known) const noexcept {
        auto made = proof_of(attempt, known);
        made.at_once = true;
        return made;
    }

    /// Remembers what the hashes have proven.
    void remember(proof_attempt const& attempt, recognition const& known, secret_matches const& seen) noexcept {
        if (!verifier_.passes(attempt, known.seen.matched | seen.matched)) return;
        for (auto const i : places_in(known.expensive & seen.matched)) {
            if (attempt.secrets[i].valid_at(attempt.now)) remembered_.insert(known.tags[i], attempt.at);
        }
    }

    /// Hashes, or waits for an equal attempt that does. What that proves is remembered before it is over, and looked for
    /// once more before another may begin: so none is hashed twice.
    verification hash(proof_attempt const& attempt, recognition known) {
        counted_attempt counted;
        auto const may_lead = [&] {
            recall(attempt, known);
            if (!known.proven) counted = count(attempt);
            return !known.proven && counted.admitted;
        };
        auto const work = [&]() noexcept -> hashed {
            auto const room = desk_->hashing.enter(attempt.peer.network(), attempt.at);
            if (!room) return {};
            hashed const made{verifier_.match(attempt, known.expensive), true};
            remember(attempt, known, made.seen);
            return made;
        };
        auto const [role, result] = desk_->equal.run(all_of(attempt, known), may_lead, work);
        switch (role) {
            case flight_role::led: return conclude(attempt, known, counted, result);
            case flight_role::joined: return follow(attempt, known, result);
            case flight_role::refused:
                return known.proven ? proof_of(attempt, known)
                                    : refused(verdict::throttled, counted.retry_after, known.seen);
            case flight_role::crowded: break;
        }
        return refused(verdict::overloaded, retry_after_, known.seen);
    }

    /// The answer to the attempt that was hashed.
    verification conclude(proof_attempt const& attempt, recognition const& known, counted_attempt const& counted,
                          hashed const& result) {
        auto const made = verifier_.judge(attempt, known.seen + result.seen);
        bool const no_verdict = !result.done || made.outcome == verdict::failed;
        if ((no_verdict || passes(attempt, made)) && !attempt.exempt) throttle_.give_back(counted);
        return result.done ? made : refused(verdict::overloaded, retry_after_, known.seen);
    }

    /// The answer to an attempt for which an equal one was hashed. It counts by itself, unless it succeeds.
    verification follow(proof_attempt const& attempt, recognition const& known, hashed const& result) {
        if (!result.done) return refused(verdict::overloaded, retry_after_, known.seen);
        auto seen = known.seen + result.seen;
        seen.derivations = known.seen.derivations;
        auto const made = verifier_.judge(attempt, seen);
        if (passes(attempt, made) || made.outcome == verdict::failed) return made;
        return count_failure(attempt, seen);
    }

    verification count_failure(proof_attempt const& attempt, secret_matches const& seen) {
        auto const counted = count(attempt);
        if (!counted.admitted) return refused(verdict::throttled, counted.retry_after, seen);
        return verifier_.judge(attempt, seen);
    }

    counted_attempt count(proof_attempt const& attempt) {
        return attempt.exempt ? counted_attempt{} : throttle_.count(attempt.peer, attempt.client, attempt.at);
    }

    static bool passes(proof_attempt const& attempt, verification const& made) noexcept {
        return made.outcome == verdict::proven && !attempt.barred;
    }

    static verification refused(verdict why, std::chrono::nanoseconds wait, secret_matches const& seen) noexcept {
        return {.outcome = why, .derivations = seen.derivations, .retry_after = wait};
    }

    /// What tells an attempt from all that are not equal to it. One that can't match hashes another text in its own's place.
    static tag all_of(proof_attempt const& attempt, recognition const& known) noexcept {
        tag made{known.expensive, attempt.may_match()};
        for (auto const i : places_in(known.expensive)) {
            made[0] += std::rotl(known.tags[i][0], static_cast<int>(i * 16));
            made[1] += std::rotl(known.tags[i][1], static_cast<int>(i * 16));
        }
        return made;
    }

    template <class Work>
    static verification never_throwing(Work&& work) noexcept {
#if defined(__cpp_exceptions)
        try {
            return work();
        } catch (...) {
            return {};
        }
#else
        return work();
#endif
    }

    Verifier verifier_;
    Throttle throttle_;
    verified_cache remembered_;
    std::unique_ptr<desk> desk_;
    std::chrono::nanoseconds retry_after_;
};

template <class Verifier>
guarded_verifier(Verifier) -> guarded_verifier<Verifier, no_throttle>;
template <class Verifier, class Throttle>
guarded_verifier(Verifier, Throttle) -> guarded_verifier<Verifier, Throttle>;
template <class Verifier, class Throttle>
guarded_verifier(Verifier, Throttle, guard_options) -> guarded_verifier<Verifier, Throttle>;

}  // namespace sallyport
