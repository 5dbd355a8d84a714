// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../catch.hpp"

#include <sallyport/credential/hash_scheme.hpp>
#include <sallyport/credential/verifier.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What every hash scheme has to hold. An example is a secret and the form under which it is stored, at the costs that
/// the scheme wants.
namespace scheme_conformance {

namespace sp = sallyport;

struct example {
    std::string_view secret;
    std::string_view stored;
};

inline bool same(sp::hash_form const& a, sp::hash_form const& b) {
    return a.scheme == b.scheme && a.cost == b.cost && a.work == b.work &&
           std::ranges::equal(a.salt_bytes(), b.salt_bytes()) && std::ranges::equal(a.digest_bytes(), b.digest_bytes());
}

template <sp::hash_scheme Scheme>
bool derives(Scheme const& scheme, std::string_view presented, sp::hash_form const& form) {
    std::array<std::uint8_t, sp::hash_form::max_digest> derived{};
    auto const out = std::span(derived).first(form.digest.size());
    return scheme.derive(presented, form, out) && std::ranges::equal(out, form.digest_bytes());
}

template <sp::hash_scheme Scheme>
void a_stored_form_is_read_and_names_its_scheme(Scheme const& scheme, example const& known) {
    REQUIRE(scheme.recognizes(known.stored));
    auto const form = scheme.parse(known.stored);
    REQUIRE(form);
    CHECK(form.value().scheme == std::string_view(Scheme::name));
    CHECK(form.value().digest.size() >= 16);
    CHECK(form.value().work > 0);
    CHECK(form.value().id() == scheme.parse(known.stored).value().id());
}

template <sp::hash_scheme Scheme>
void the_right_secret_derives_the_digest_and_no_other_does(Scheme const& scheme, example const& known) {
    auto const form = scheme.parse(known.stored).value();
    std::string const right(known.secret);
    CHECK(derives(scheme, right, form));
    CHECK_FALSE(derives(scheme, right + 'x', form));
    CHECK_FALSE(derives(scheme, right.substr(1), form));
    CHECK_FALSE(derives(scheme, ' ' + right, form));
    CHECK_FALSE(derives(scheme, "", form));
    auto other = right;
    other.back() ^= 1;
    CHECK_FALSE(derives(scheme, other, form));
}

template <sp::hash_scheme Scheme>
void what_is_derived_depends_on_nothing_but_secret_and_form(Scheme const& scheme, example const& known) {
    auto const form = scheme.parse(known.stored).value();
    std::vector<std::uint8_t> first(form.digest.size(), 0x00);
    std::vector<std::uint8_t> second(form.digest.size(), 0xff);
    CHECK(scheme.derive("some secret", form, first));
    CHECK(scheme.derive("some secret", form, second));
    CHECK(first == second);
}

template <sp::hash_scheme Scheme>
void a_digest_of_another_size_is_not_derived(Scheme const& scheme, example const& known) {
    auto const form = scheme.parse(known.stored).value();
    std::array<std::uint8_t, 256> derived{};
    for (std::size_t const size :
         {std::size_t{0}, std::size_t{1}, form.digest.size() - 1, form.digest.size() + 1, derived.size()}) {
        CAPTURE(size);
        CHECK_FALSE(scheme.derive(known.secret, form, std::span(derived).first(size)));
    }
    CHECK_FALSE(scheme.derive(known.secret, form, {}));
}

/// Whether a scheme's forms are PHC strings, in which a changed character can make another well-formed one.
template <sp::hash_scheme Scheme>
constexpr bool has_phc_strings = std::string_view(Scheme::form).starts_with('$');

/// A refusal says what is accepted, and repeats nothing of the text: somebody may have put the plain secret there.
template <sp::hash_scheme Scheme>
void is_refused(Scheme const& scheme, std::string const& text) {
    auto const form = scheme.parse(text);
    if (form) FAIL("taken for a stored form: " << text);
    bool const says_form = form.message() == "expected " + std::string(Scheme::form);
    bool const says_limit = has_phc_strings<Scheme> && form.message().find(" accepted") != std::string::npos;
    if (!says_form && !says_limit) FAIL("said of " << text << ": " << form.message());
}

/// A text that differs from a stored form is none, unless it is written exactly as another form is.
template <sp::hash_scheme Scheme>
void is_not_read_as(Scheme const& scheme, sp::hash_form const& original, std::string const& text) {
    if constexpr (has_phc_strings<Scheme>) {
        if (auto const form = scheme.parse(text)) {
            if (scheme.text(form.value()) != text) FAIL("read, but not as it is written: " << text);
            if (same(form.value(), original)) FAIL("a second spelling of one form: " << text);
            return;
        }
    }
    is_refused(scheme, text);
}

template <sp::hash_scheme Scheme>
void a_malformed_form_is_refused_with_what_is_expected(Scheme const& scheme, example const& known) {
    std::string const good(known.stored);
    auto const form = scheme.parse(good).value();
    for (std::size_t size = 0; size < good.size(); ++size) is_not_read_as(scheme, form, good.substr(0, size));
    for (auto const* more : {"0", "00", "a", "g"}) is_not_read_as(scheme, form, good + more);
    for (auto const* more : {" ", "\n", ".", ":", "$", ".00", "=", "==", "-", "_"}) is_refused(scheme, good + more);
    is_refused(scheme, good + std::string(64, '0'));
    is_refused(scheme, good + '\0');
    is_refused(scheme, ' ' + good);
    is_refused(scheme, '\t' + good);
    is_refused(scheme, good + good);
    for (std::size_t place = 0; place < good.size(); ++place) {
        for (char const wrong : {'g', 'G', '/'}) {
            auto text = good;
            if (text[place] == wrong) continue;
            text[place] = wrong;
            is_not_read_as(scheme, form, text);
        }
        for (char const wrong : {':', '@', '`', ' ', '-', '\0', '\xff'}) {
            auto text = good;
            if (text[place] == wrong) continue;
            text[place] = wrong;
            is_refused(scheme, text);
        }
        auto shorter = good;
        is_not_read_as(scheme, form, shorter.erase(place, 1));
    }
}

/// Whether hexadecimal digits are of either case is the scheme's own affair, but for those of the digest.
template <sp::hash_scheme Scheme>
void a_digest_in_hexadecimal_is_read_in_either_case(Scheme const& scheme, example const& known) {
    if (has_phc_strings<Scheme>) return;
    std::string text(known.stored);
    auto const form = scheme.parse(text).value();
    auto const digest = text.end() - static_cast<std::ptrdiff_t>(2 * form.digest.size());
    std::transform(digest, text.end(), digest,
                   [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
    REQUIRE(text != known.stored);
    CHECK(same(scheme.parse(text).value(), form));
    CHECK(scheme.text(scheme.parse(text).value()) == known.stored);
}

template <sp::hash_scheme Scheme>
void a_form_is_written_as_it_is_read(Scheme const& scheme, example const& known) {
    auto const form = scheme.parse(known.stored).value();
    CHECK(scheme.text(form) == known.stored);
    auto const decoy = scheme.decoy();
    CHECK(same(scheme.parse(scheme.text(decoy)).value(), decoy));
}

template <sp::hash_scheme Scheme>
void a_secret_is_stored_as_the_host_wants_and_then_verified(Scheme const& scheme, example const& known) {
    sp::verifier const verifier{scheme};
    auto const form = scheme.store(known.secret);
    CHECK(scheme.is_current(form));
    CHECK(form.work == scheme.decoy().work);
    auto const text = scheme.text(form);
    CHECK(scheme.recognizes(text));
    CHECK(same(scheme.parse(text).value(), form));
    std::vector<sp::stored_secret> const secrets{verifier.parse(text).value()};
    using verdict = sp::verification::verdict;
    auto const outcome = [&](std::string const& presented) {
        return verifier.verify({.presented = presented, .secrets = secrets}).outcome;
    };
    CHECK(outcome(std::string(known.secret)) == verdict::proven);
    CHECK(outcome(std::string(known.secret) + 'x') == verdict::wrong);
    CHECK(outcome("") == verdict::wrong);
}

/// A digest that is quickly guessed at is salted, so that equal secrets don't show, nor are tried together.
template <sp::hash_scheme Scheme>
void an_expensive_scheme_salts_each_secret_afresh(Scheme const& scheme, example const& known) {
    if (Scheme::cost == sp::scheme_cost::cheap) return;
    auto const first = scheme.store(known.secret);
    auto const second = scheme.store(known.secret);
    CHECK(first.salt.size() >= 16);
    CHECK_FALSE(std::ranges::equal(first.salt_bytes(), second.salt_bytes()));
    CHECK_FALSE(std::ranges::equal(first.digest_bytes(), second.digest_bytes()));
}

template <sp::hash_scheme Scheme>
void the_empty_secret_is_not_stored(Scheme const& scheme) {
    CHECK_THROWS_AS(scheme.store(""), sp::setup_error);
    CHECK_THROWS_AS(scheme.store(std::string_view()), sp::setup_error);
}

template <sp::hash_scheme Scheme>
void the_decoy_costs_what_a_secret_costs_and_matches_none(Scheme const& scheme, example const& known) {
    auto const form = scheme.parse(known.stored).value();
    auto const decoy = scheme.decoy();
    CHECK(scheme.is_current(decoy));
    CHECK(decoy.scheme == form.scheme);
    CHECK(decoy.work == form.work);
    CHECK(decoy.cost == form.cost);
    CHECK(decoy.salt.size() == form.salt.size());
    CHECK(decoy.digest.size() == form.digest.size());
    for (std::string_view const presented : {known.secret, std::string_view(), std::string_view("decoy")}) {
        CHECK_FALSE(derives(scheme, presented, decoy));
    }
}

template <sp::hash_scheme Scheme>
void a_verifier_of_the_scheme_proves_the_right_secret_alone(Scheme const& scheme, example const& known) {
    using verdict = sp::verification::verdict;
    sp::verifier const verifier{scheme};
    auto const stored = verifier.parse(known.stored).value();
    std::vector<sp::stored_secret> const secrets{stored};
    auto const verify = [&](std::string_view presented) {
        return verifier.verify({.presented = presented, .secrets = secrets});
    };
    auto const right = verify(known.secret);
    CHECK(right.outcome == verdict::proven);
    CHECK(right.secret == stored.id);
    CHECK(right.derivations == 1);
    auto const wrong = verify(std::string(known.secret) + "x");
    CHECK(wrong.outcome == verdict::wrong);
    CHECK(wrong.secret == sp::secret_id());
    CHECK(wrong.derivations == 1);
}

/// Runs the suite with one example.
template <sp::hash_scheme Scheme>
void holds_for(Scheme const& scheme, example const& known) {
    a_stored_form_is_read_and_names_its_scheme(scheme, known);
    the_right_secret_derives_the_digest_and_no_other_does(scheme, known);
    what_is_derived_depends_on_nothing_but_secret_and_form(scheme, known);
    a_digest_of_another_size_is_not_derived(scheme, known);
    a_malformed_form_is_refused_with_what_is_expected(scheme, known);
    a_digest_in_hexadecimal_is_read_in_either_case(scheme, known);
    a_form_is_written_as_it_is_read(scheme, known);
    the_decoy_costs_what_a_secret_costs_and_matches_none(scheme, known);
    a_secret_is_stored_as_the_host_wants_and_then_verified(scheme, known);
    an_expensive_scheme_salts_each_secret_afresh(scheme, known);
    the_empty_secret_is_not_stored(scheme);
    a_verifier_of_the_scheme_proves_the_right_secret_alone(scheme, known);
}

}  // namespace scheme_conformance
