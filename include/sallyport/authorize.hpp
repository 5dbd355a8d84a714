// SPDX-License-Identifier: BSL-1.0
#pragma once

#if __cplusplus < 202002L && !(defined(_MSVC_LANG) && _MSVC_LANG >= 202002L)
#    error "Sallyport needs C++20: -std=c++20"
#endif

#include <sallyport/capped_decision.hpp>
#include <sallyport/limit/sliding_log.hpp>
#include <sallyport/parts.hpp>
#include <sallyport/passage.hpp>

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace sallyport {

/// The gate: answers who is asking, whether it is really them, whether they may, and how often, in that order.
///
///     sallyport::authorizer gate{clients, rules};                          // the parts that most hosts want
///     sallyport::authorizer gate{clients, rules, limiter, manual_clock{}};  // any part replaced, in any order
///
/// Store and parts are borrowed if they are given as lvalues, and owned if they are rvalues. Rules are copied; where they
/// may change while requests run, a `reloadable` is given in their place, and treated as a part is. Parts: a limiter
/// (`sliding_log`), the budgets of a request (`standard_budgets`), a concurrency limiter (none), a steady clock, a wall
/// clock, a verifier (of `sha256:` secrets), a way in which credentials are presented (the two fields that the rules
/// name), an observer (none). Thread-safe as far as its parts are; those of this library all are.
template <class Store, class Rules, class... Parts>
class authorizer {
    static_assert(client_store<std::remove_cvref_t<Store>>,
                  "the first argument is no client store: it needs record_type and find(id, project) const");

public:
    using level_type = typename std::remove_cvref_t<Rules>::level_type;
    using api_type = typename std::remove_cvref_t<Rules>::api_type;
    using request = sallyport::request<api_type>;
    using observation = sallyport::observation<level_type, api_type>;

private:
    using roles = part_roles<level_type, api_type>;
    using set = part_set<Parts...>;
    using held_permit = sallyport::held_permit<set, typename roles::concurrency_limiter, level_type>;

public:
    /// `decision<level_type>`; with a concurrency limiter a `capped_decision`, which holds the permit.
    using decision = typename held_permit::decision;

    /// Raises `setup_error` where `objection_to` the rules has something to say.
    constexpr authorizer(Store&& store, Rules rules, Parts&&... parts)
        : store_(static_cast<Store&&>(store)),
          rules_(static_cast<Rules&&>(rules)),
          parts_(static_cast<Parts&&>(parts)...) {
        if (auto const why = objection_to(*in_force()); !why.empty()) raise({std::string(why)});
    }

    /// Decides about one request. Never throws, and never waits but for its parts; allocates only what they do.
    decision authorize(request const& asked) noexcept {
        auto const rules = in_force();
        passage way(*rules, asked, presentation(*rules).read(asked.headers), budgets(), counts_running);
        held_permit permit;
        pass(way, permit, [this](proof_attempt const& attempt) { return std::optional(verifier().verify(attempt)); });
        return conclude(way, permit);
    }

    /// Decides about one request if that takes no expensive hash, and no waiting for one: on the thread of an event
    /// loop. None, and nothing was counted, if it does: then a thread that may take its time calls `authorize`. The
    /// verifier has `settle(attempt)`, as those of this library do.
    std::optional<decision> try_authorize(request const& asked) noexcept {
        static_assert(settling_verifier<std::remove_reference_t<decltype(verifier())>>,
                      "the verifier can't tell whether it has an answer at once: it needs settle(attempt)");
        auto const rules = in_force();
        passage way(*rules, asked, presentation(*rules).read(asked.headers), budgets(), counts_running);
        held_permit permit;
        pass(way, permit, [this](proof_attempt const& attempt) { return verifier().settle(attempt); });
        if (way.next() != need::nothing) return std::nullopt;
        return conclude(way, permit);
    }

    /// Takes back what a grant has used up of all its budgets, after work that failed, say; whether it was still there
    /// in each. Once for a decision, with the same request; the standard budgets read no header of it. Budgets are
    /// those of the rules in force now: what was used of one that is gone since counts on. The limiter has
    /// `give_back(key, cost, receipt)`, as `sliding_log` does. Never throws; where it can't allocate, what is left
    /// counts on.
    bool give_back(decision const& granted, request const& asked) noexcept {
        static_assert(returning_limiter<std::remove_reference_t<decltype(limiter())>>,
                      "the limiter can't take anything back: it needs give_back(key, cost, receipt)");
        if (!granted) return false;
        bool all = false;
        static_cast<void>(succeeds([&] {
            auto const own = own_windows(granted.rates(), asked.api);
            auto const claims = budgets().claims(*in_force(), granted.principal(), own, asked);
            all = give_back_each(limiter(), granted.rates(), claims);
        }));
        return all;
    }

    /// The rules as they were given.
    Rules const& rules() const noexcept { return rules_; }

private:
    using record_type = client_record<level_type, api_type>;
    using rules_type = sallyport::rules<level_type, api_type>;
    using store_type = std::remove_cvref_t<Store>;
    using budgets_type = part_type<set, typename roles::budgets, standard_budgets>;
    using passage = sallyport::passage<level_type, api_type, budgets_type>;
    using need = typename passage::need;

    static_assert(std::is_same_v<typename store_type::record_type, record_type>,
                  "the store holds records of other levels or APIs than the rules speak of");
    static_assert(
        ((roles::template count<std::remove_reference_t<Parts>> > 0) && ...),
        "a part fits no role: a limiter has take(claims, now), budgets have claims(rules, who, own, asked), a "
        "concurrency limiter enter(key) and retry_after(), a clock now(), a verifier verify(attempt), a presentation "
        "read(headers), an observer on_decision(observation); all but take and enter are noexcept");
    static_assert(((roles::template count<std::remove_reference_t<Parts>> < 2) && ...),
                  "a part fits several roles: give one part for each role");

    template <class Role>
    static constexpr bool has = [] {
        static_assert(set::template count<Role> < 2, "two parts were given for one role");
        return set::template count<Role> == 1;
    }();

    static constexpr bool counts_running = has<typename roles::concurrency_limiter>;

    /// The rules in force, as they are while the answer lives.
    constexpr auto in_force() const noexcept {
        if constexpr (rules_source<std::remove_cvref_t<Rules>>) {
            return rules_.read();
        } else {
            return static_cast<rules_type const*>(&rules_);
        }
    }

    /// Goes on until nothing more is needed, or `prove` has no answer. An exception of a part ends here: it counts as
    /// the failure of what the part was asked for.
    template <class Prove>
    void pass(passage& way, held_permit& permit, Prove const& prove) noexcept {
        if (!succeeds([&] { ask(way, permit, prove); })) way.answer_failed();
    }

    template <class Work>
    static bool succeeds(Work const& work) noexcept {
#if defined(__cpp_exceptions)
        try {
            work();
        } catch (...) {
            return false;
        }
#else
        work();
#endif
        return true;
    }

    /// Asks the parts that the passage needs, in their order. The moment at which the record was on its way is that of the
    /// request, unless the proof took time.
    template <class Prove>
    void ask(passage& way, held_permit& permit, Prove const& prove) {
        instant moment;
        if (way.next() == need::record) {
            auto usage = approach(way);
            auto const found = look_up(way, usage, moment);
            way.answer(found);
            if (way.next() == need::proof) {
                look_at_clock(moment);
                auto const verified = prove(way.attempt(found, wall_time_at(moment.at), moment.at));
                if (!verified) return;
                // No sooner: the time would tell who guesses an id whether it is in use.
                if (verified->outcome == verification::verdict::proven) usage.to_state();
                way.answer(*verified);
                moment.is_now = verified->at_once;
            }
        }
        if (way.next() == need::permit) way.answer(permit.enter(parts_, way.key()));
        if (way.next() == need::allowance) {
            way.answer(limiter().take(way.claims(), moment.is_now ? moment.at : steady().now()));
        }
    }

    /// The moment of a request, once a clock was looked at, and as long as it is still now.
    struct instant {
        steady_time at{};
        bool is_now = false;
    };
    void look_at_clock(instant& moment) noexcept {
        if (!moment.is_now) moment = {steady().now(), true};
    }

    /// The calendar's time at a moment that the steady clock has just shown: where both are the machine's, by that alone.
    wall_time wall_time_at(steady_time moment) noexcept {
        using steady_type = part_type<set, typename roles::steady_clock, sallyport::steady_clock>;
        using wall_type = part_type<set, typename roles::wall_clock, sallyport::wall_clock>;
        if constexpr (std::is_same_v<steady_type, sallyport::steady_clock> &&
                      std::is_same_v<wall_type, sallyport::wall_clock>) {
            return wall().at(moment);
        } else {
            return wall().now();
        }
    }

    /// What the store finds. While one waits for memory, more is asked for, and the clock is read.
    template <class Approach>
    auto look_up(passage const& way, Approach& usage, instant& moment) {
        auto const meanwhile = [&] {
            usage.to_block();
            look_at_clock(moment);
        };
        if constexpr (requires { store().find(way.client(), way.project(), meanwhile); }) {
            return store().find(way.client(), way.project(), meanwhile);
        } else {
            usage.to_block();
            return store().find(way.client(), way.project());
        }
    }

    /// The way to what the limiter knows of the client, if it is who it says.
    auto approach(passage const& way) noexcept {
        if constexpr (prefetching_limiter<std::remove_reference_t<decltype(limiter())>>) {
            return limiter().prefetch(way.key_if_proven());
        } else {
            return no_approach{};
        }
    }
    struct no_approach {
        void to_block() const noexcept {}
        void to_state() const noexcept {}
    };

    decision conclude(passage const& way, held_permit& permit) noexcept {
        decision made = permit.with(way);
        if constexpr (has<typename roles::observer>) observer().on_decision(way.observed(made));
        return made;
    }

    template <class Role, class Default>
    auto& part(Default& stand_in) noexcept {
        if constexpr (has<Role>) {
            return parts_.template get<Role>();
        } else {
            return stand_in;
        }
    }

    store_type const& store() const noexcept { return store_; }
    auto& limiter() noexcept { return part<typename roles::limiter>(limiter_); }
    auto& budgets() noexcept { return part<typename roles::budgets>(budgets_); }
    auto& steady() noexcept { return part<typename roles::steady_clock>(steady_); }
    auto& wall() noexcept { return part<typename roles::wall_clock>(wall_); }
    auto& verifier() noexcept { return part<typename roles::verifier>(verifier_); }
    auto& presentation(rules_type const& rules) noexcept { return part<typename roles::presentation>(rules.fields); }
    auto& observer() noexcept { return parts_.template get<typename roles::observer>(); }

    Store store_;
    Rules rules_;
    set parts_;
    [[no_unique_address]] default_part<set, typename roles::limiter, sliding_log> limiter_{};
    [[no_unique_address]] default_part<set, typename roles::budgets, standard_budgets> budgets_{};
    [[no_unique_address]] default_part<set, typename roles::steady_clock, sallyport::steady_clock> steady_{};
    [[no_unique_address]] default_part<set, typename roles::wall_clock, sallyport::wall_clock> wall_{};
    [[no_unique_address]] default_part<set, typename roles::verifier, sallyport::verifier<sha256_scheme>> verifier_{};
};

template <class Store, class Rules, class... Parts>
authorizer(Store&&, Rules&&, Parts&&...) -> authorizer<
    Store, std::conditional_t<rules_source<std::remove_cvref_t<Rules>>, Rules, std::remove_cvref_t<Rules>>, Parts...>;

}  // namespace sallyport
