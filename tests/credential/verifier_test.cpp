// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/credential/sha256_scheme.hpp>
#include <sallyport/credential/verifier.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace sp = sallyport;
using namespace std::chrono_literals;
using verdict = sp::verification::verdict;

namespace {

/// What was asked of the schemes below, in order: which scheme, and how long the presented secret was.
struct derivation {
    std::string_view scheme;
    std::size_t presented;

    friend bool operator==(derivation const&, derivation const&) = default;
};
using derivations = std::vector<derivation>;

/// A scheme that writes down what is asked of it. It derives what sha256 does, at a work of its own saying.
template <char Letter, std::uint64_t Work>
struct noted {
    static constexpr char letters[] = {Letter};
    static constexpr std::string_view name{letters, 1};
    static constexpr std::string_view form = "noted:TEXT";
    static constexpr sp::scheme_cost cost = sp::scheme_cost::expensive;

    derivations* notes = nullptr;
    bool broken = false;  ///< says that it could not be done, whatever stands in `out`

    static bool recognizes(std::string_view text) { return text.starts_with(Letter); }
    static sp::result<sp::hash_form> parse(std::string_view text) {
        if (text.size() < 3) return sp::error{"expected " + std::string(1, Letter) + ":TEXT"};
        return stored(text.substr(2));
    }
    bool derive(std::string_view presented, sp::hash_form const& stored_as,
                std::span<std::uint8_t> out) const noexcept {
        if (notes) notes->push_back({name, presented.size()});
        return sp::sha256_scheme::derive(presented, stored_as, out) && !broken;
    }
    static std::string text(sp::hash_form const&) { return std::string(1, Letter) + ":TEXT"; }
    static bool is_current(sp::hash_form const&) noexcept { return true; }
    static sp::hash_form decoy() { return stored("a decoy's"); }

    static sp::hash_form stored(std::string_view plain) {
        auto made = sp::sha256_scheme::store("another");
        auto const digest = sp::crypto::sha256(plain);
        std::copy(digest.begin(), digest.end(), made.digest.begin());
        made.scheme = name;
        made.work = Work;
        return made;
    }
};

/// A scheme to which all secrets are alike: each derives zeros, as many as are asked for.
struct alike {
    static constexpr std::string_view name = "alike";
    static constexpr std::string_view form = "alike";
    static constexpr sp::scheme_cost cost = sp::scheme_cost::cheap;

    static bool recognizes(std::string_view) { return true; }
    static sp::result<sp::hash_form> parse(std::string_view) { return decoy(); }
    static bool derive(std::string_view, sp::hash_form const&, std::span<std::uint8_t> out) noexcept {
        std::fill(out.begin(), out.end(), std::uint8_t{0});
        return true;
    }
    static std::string text(sp::hash_form const&) { return "alike"; }
    static bool is_current(sp::hash_form const&) noexcept { return true; }
    static sp::hash_form decoy() { return of_size(32); }

    static sp::hash_form of_size(std::size_t size) {
        sp::hash_form made{.scheme = name, .work = 1};
        for (std::size_t i = 0; i < size; ++i) static_cast<void>(made.digest.push_back(0));
        return made;
    }
};

using cheap = noted<'c', 1>;
using dear = noted<'d', 1000>;

constexpr sp::wall_time now{1'700'000'000s};

sp::stored_secret valid(std::string_view plain) { return {.hash = dear::stored(plain)}; }
sp::stored_secret run_out(std::string_view plain) { return {.hash = dear::stored(plain), .expires = now}; }
sp::stored_secret not_begun(std::string_view plain) { return {.hash = dear::stored(plain), .not_before = now + 1ns}; }

/// A verifier whose schemes note what is asked of them.
struct noting {
    derivations notes;
    sp::verifier<cheap, dear> verifier{cheap{&notes}, dear{&notes}};

    sp::verification verify(std::string_view presented, std::vector<sp::stored_secret> const& secrets,
                            std::vector<sp::stored_secret> const& decoys = {}) {
        notes.clear();
        return verifier.verify({.presented = presented, .secrets = secrets, .decoys = decoys, .now = now});
    }
};

// A verification at compile time: a sha256 secret is proven, and another is wrong.
constexpr sp::verifier<sp::sha256_scheme> by_sha256;
constexpr sp::stored_secret stored_abc{
    .hash = sp::sha256_scheme::store("abc"), .not_before = now, .expires = now + 1ns};
constexpr sp::verification seen(std::string_view presented, sp::wall_time at) {
    return by_sha256.verify({.presented = presented, .secrets = {&stored_abc, 1}, .now = at});
}
static_assert(seen("abc", now).outcome == verdict::proven);
static_assert(seen("abc", now).secret == stored_abc.id);
static_assert(seen("abc", now).derivations == 1);
static_assert(seen("abd", now).outcome == verdict::wrong && seen("abd", now).secret == sp::secret_id());
static_assert(seen("abc", now - 1ns).outcome == verdict::expired);
static_assert(seen("abc", now + 1ns).outcome == verdict::expired);
static_assert(by_sha256.verify({.presented = "abc"}).outcome == verdict::wrong);
static_assert(by_sha256.verify({.presented = "abc"}).derivations == 1);

static_assert(sp::credential_verifier<sp::verifier<sp::sha256_scheme>>);
static_assert(sp::credential_verifier<sp::verifier<cheap, dear> const>);
static_assert(sp::hash_scheme<cheap> && sp::hash_scheme<dear>);

}  // namespace

TEST_CASE("the right secret proves, and says which it was") {
    noting with;
    auto const proven = with.verify("right", {valid("right")});
    CHECK(proven.outcome == verdict::proven);
    CHECK(proven.secret == valid("right").id);
    CHECK(proven.derivations == 1);
    CHECK(with.notes == derivations{{"d", 5}});

    for (std::string_view const wrong : {"wrong", "righ", "right ", "RIGHT", "a decoy's"}) {
        auto const refused = with.verify(wrong, {valid("right")});
        CHECK(refused.outcome == verdict::wrong);
        CHECK(refused.secret == sp::secret_id());
        CHECK(with.notes == derivations{{"d", wrong.size()}});
    }
}

TEST_CASE("unknown, wrong, right, run out, not yet begun and without secrets cost the same") {
    noting with;
    std::vector<sp::stored_secret> const decoys{{.hash = dear::decoy()}};
    derivations const one{{"d", 5}};
    CHECK(with.verify("right", {valid("right")}, decoys).outcome == verdict::proven);
    CHECK(with.notes == one);
    CHECK(with.verify("wrong", {valid("right")}, decoys).outcome == verdict::wrong);
    CHECK(with.notes == one);
    CHECK(with.verify("right", {run_out("right")}, decoys).outcome == verdict::expired);
    CHECK(with.notes == one);
    CHECK(with.verify("right", {not_begun("right")}, decoys).outcome == verdict::expired);
    CHECK(with.notes == one);
    CHECK(with.verify("wrong", {run_out("right")}, decoys).outcome == verdict::wrong);
    CHECK(with.notes == one);
    CHECK(with.verify("right", {}, decoys).outcome == verdict::wrong);
    CHECK(with.notes == one);
    CHECK(with.verify("right", {}).outcome == verdict::wrong);
    CHECK(with.notes == one);
}

TEST_CASE("a decoy proves nobody, even one whose secret is known") {
    noting with;
    auto const seen_by_decoy = with.verify("right", {}, {valid("right")});
    CHECK(seen_by_decoy.outcome == verdict::wrong);
    CHECK(seen_by_decoy.secret == sp::secret_id());
    CHECK(with.verify("a decoy's", {}).outcome == verdict::wrong);
}

TEST_CASE("without decoys of the store the verifier's own is of its costliest scheme") {
    derivations notes;
    auto const scheme_of_decoy = [&](auto const& verifier) {
        notes.clear();
        static_cast<void>(verifier.verify({.presented = "x"}));
        REQUIRE(notes.size() == 1);
        return notes[0].scheme;
    };
    CHECK(scheme_of_decoy(sp::verifier{cheap{&notes}, dear{&notes}}) == "d");
    CHECK(scheme_of_decoy(sp::verifier{dear{&notes}, cheap{&notes}}) == "d");
    CHECK(scheme_of_decoy(sp::verifier{cheap{&notes}}) == "c");
}

TEST_CASE("all secrets of a record are tried, whichever matches") {
    noting with;
    std::vector<std::string> const plain{"zero0", "one01", "two02", "three"};
    for (std::size_t count = 2; count <= sp::max_secrets; ++count) {
        std::vector<sp::stored_secret> secrets;
        for (std::size_t i = 0; i < count; ++i) secrets.push_back(valid(plain[i]));
        derivations const each(count, {"d", 5});
        for (std::size_t i = 0; i < count; ++i) {
            CAPTURE(count, i);
            auto const proven = with.verify(plain[i], secrets);
            CHECK(proven.outcome == verdict::proven);
            CHECK(proven.secret == secrets[i].id);
            CHECK(proven.derivations == count);
            CHECK(with.notes == each);
        }
        CHECK(with.verify("wrong", secrets).outcome == verdict::wrong);
        CHECK(with.notes == each);
    }
}

TEST_CASE("a fifth secret is not tried, nor a fifth decoy") {
    noting with;
    std::vector<sp::stored_secret> five(4, valid("other"));
    five.push_back(valid("right"));
    CHECK(with.verify("right", five).outcome == verdict::wrong);
    CHECK(with.notes.size() == 4);
    CHECK(with.verify("right", {}, five).outcome == verdict::wrong);
    CHECK(with.notes.size() == 4);
}

TEST_CASE("of several secrets that match, one that counts now proves") {
    noting with;
    for (auto const& secrets : std::vector<std::vector<sp::stored_secret>>{
             {run_out("right"), valid("right")},
             {valid("right"), run_out("right")},
             {not_begun("right"), run_out("right"), valid("right")},
             {valid("right"), valid("right")},
             {valid("other"), run_out("right"), valid("right"), not_begun("right")}}) {
        CHECK(with.verify("right", secrets).outcome == verdict::proven);
        CHECK(with.notes.size() == secrets.size());
    }
    CHECK(with.verify("right", {run_out("right"), valid("other")}).outcome == verdict::expired);
    CHECK(with.verify("right", {valid("other"), not_begun("right"), run_out("right")}).outcome == verdict::expired);
    CHECK(with.verify("wrong", {run_out("right"), valid("other")}).outcome == verdict::wrong);
}

TEST_CASE("a secret counts from the first nanosecond of its time to the last") {
    noting with;
    auto const outcome_at = [&](std::optional<sp::wall_time> from, std::optional<sp::wall_time> until) {
        return with.verify("right", {{.hash = dear::stored("right"), .not_before = from, .expires = until}}).outcome;
    };
    CHECK(outcome_at(now, now + 1ns) == verdict::proven);
    CHECK(outcome_at(now, {}) == verdict::proven);
    CHECK(outcome_at(now + 1ns, {}) == verdict::expired);
    CHECK(outcome_at({}, now + 1ns) == verdict::proven);
    CHECK(outcome_at({}, now) == verdict::expired);
}

TEST_CASE("a secret of 1 KiB is tried; one byte more is wrong at the same cost, whatever is stored") {
    noting with;
    std::string const longest(1024, 'x');
    CHECK(sp::max_presented_secret == 1024);
    CHECK(with.verify(longest, {valid(longest)}).outcome == verdict::proven);
    CHECK(with.notes == derivations{{"d", 1024}});

    for (std::size_t const size : {std::size_t{1025}, std::size_t{2048}, std::size_t{1'000'000}}) {
        CAPTURE(size);
        std::string const too_long(size, 'x');
        auto const refused = with.verify(too_long, {valid(too_long), valid("other")});
        CHECK(refused.outcome == verdict::wrong);
        CHECK(refused.secret == sp::secret_id());
        REQUIRE(with.notes.size() == 2);
        CHECK(with.notes[0].presented <= 1024);
        auto const stand_in = with.notes[0].presented;
        CHECK(with.verify(too_long, {}).outcome == verdict::wrong);
        CHECK(with.notes == derivations{{"d", stand_in}});
        CHECK(with.verify(too_long, {run_out(too_long)}).outcome == verdict::wrong);
        CHECK(with.notes == derivations{{"d", stand_in}});
    }
}

TEST_CASE("a secret that no verifier would take can't be stored") {
    CHECK_THROWS_WITH(sp::sha256_scheme::store(""), "an empty secret can't be stored");
    CHECK_THROWS_WITH(sp::sha256_scheme::store(std::string(1025, 'x')),
                      "a secret of more than 1024 bytes can't be stored");
    CHECK_NOTHROW(sp::sha256_scheme::store(std::string(1024, 'x')));
}

TEST_CASE("what is verified in the place of a secret proves nobody, even where it derives the right digest") {
    sp::verifier<alike> const verifier;
    std::vector<sp::stored_secret> const secrets{verifier.parse("alike").value()};
    CHECK(verifier.verify({.presented = "anything", .secrets = secrets}).outcome == verdict::proven);
    CHECK(verifier.verify({.presented = std::string(1025, 'x'), .secrets = secrets}).outcome == verdict::wrong);
    CHECK(verifier.verify({.presented = "", .secrets = secrets}).outcome == verdict::wrong);
    CHECK(verifier.verify({.presented = "anything"}).outcome == verdict::wrong);
    CHECK(verifier.verify({.presented = "anything", .decoys = secrets}).outcome == verdict::wrong);
}

TEST_CASE("an empty secret proves nobody, at the cost of any other") {
    // A store may hold what no scheme would have stored.
    auto const of_empty = valid("");
    noting with;
    CHECK(with.verify("", {of_empty}).outcome == verdict::wrong);
    CHECK(with.notes == derivations{{"d", 0}});
    CHECK(with.verify("", {}).outcome == verdict::wrong);
    CHECK(with.notes == derivations{{"d", 0}});
}

TEST_CASE("a scheme that fails makes the verification fail, unless another secret proves") {
    derivations notes;
    sp::verifier const verifier{cheap{&notes}, dear{&notes, true}};
    sp::stored_secret const by_cheap{.hash = cheap::stored("right")};
    sp::stored_secret const run_out_by_cheap{.hash = cheap::stored("right"), .expires = now};
    auto const outcome = [&](std::string_view presented, std::vector<sp::stored_secret> const& secrets,
                             std::vector<sp::stored_secret> const& decoys = {}) {
        return verifier.verify({.presented = presented, .secrets = secrets, .decoys = decoys, .now = now}).outcome;
    };
    CHECK(outcome("right", {valid("right")}) == verdict::failed);
    CHECK(outcome("wrong", {valid("right")}) == verdict::failed);
    CHECK(outcome("right", {valid("right"), by_cheap}) == verdict::proven);
    CHECK(outcome("right", {by_cheap, valid("other")}) == verdict::proven);
    CHECK(outcome("wrong", {by_cheap, valid("other")}) == verdict::failed);
    CHECK(outcome("right", {run_out_by_cheap, valid("other")}) == verdict::failed);
    CHECK(outcome("wrong", {by_cheap}) == verdict::wrong);

    // The same for nobody: a failure doesn't tell whether there is a record.
    CHECK(outcome("right", {}, {valid("right")}) == verdict::failed);
    CHECK(outcome("right", {}) == verdict::failed);
    CHECK(outcome("right", {}, {by_cheap}) == verdict::wrong);
}

TEST_CASE("a form that no scheme of the verifier reads proves nobody, at the cost of its decoy") {
    derivations notes;
    sp::verifier const verifier{cheap{&notes}};
    for (auto const& foreign : {valid("right"), sp::stored_secret{}}) {
        notes.clear();
        std::vector<sp::stored_secret> const secrets{foreign, {.hash = cheap::stored("mine1")}};
        auto const refused = verifier.verify({.presented = "right", .secrets = secrets});
        CHECK(refused.outcome == verdict::wrong);
        CHECK(refused.derivations == 2);
        CHECK(notes == derivations{{"c", 5}, {"c", 5}});
        CHECK(verifier.verify({.presented = "mine1", .secrets = secrets}).outcome == verdict::proven);
    }
}

TEST_CASE("a digest too short to tell secrets apart proves nobody") {
    for (std::size_t size = 0; size <= sp::hash_form::max_digest; ++size) {
        CAPTURE(size);
        std::vector<sp::stored_secret> const secrets{{.hash = alike::of_size(size)}};
        auto const seen_now = sp::verifier<alike>().verify({.presented = "anything", .secrets = secrets});
        CHECK(seen_now.outcome == (size < 16 ? verdict::wrong : verdict::proven));
        CHECK(seen_now.derivations == 1);
    }
}

TEST_CASE("a scheme whose decoy names another scheme costs a derivation all the same") {
    struct forgetful : dear {
        static sp::hash_form decoy() {
            auto made = dear::decoy();
            made.scheme = "nobody's";
            return made;
        }
    };
    derivations notes;
    sp::verifier const verifier{forgetful{{&notes}}};
    CHECK(verifier.verify({.presented = "x"}).outcome == verdict::wrong);
    CHECK(notes.size() == 1);
}

TEST_CASE("a text is read by the scheme that recognizes it, or refused with all forms that are read") {
    sp::verifier<sp::sha256_scheme, dear> const verifier;
    CHECK(verifier.parse("d:anything").value().hash.scheme == "d");
    auto const abc = verifier.parse("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad").value();
    CHECK(abc.hash.scheme == "sha256");
    CHECK(abc.id == sp::sha256_scheme::store("abc").id());
    CHECK_FALSE(abc.not_before);
    CHECK_FALSE(abc.expires);

    CHECK(verifier.parse("sha256:00").message() == "expected sha256:HEX, 64 hex digits");
    CHECK(verifier.parse("d:").message() == "expected d:TEXT");
    for (std::string_view const text : {"", "sec_plain_secret", "argon2id:00", "$2b$10$abc", "\xff"}) {
        auto const refused = verifier.parse(text);
        CHECK_FALSE(refused);
        CHECK(refused.message() == "unknown stored form; this verifier reads sha256:HEX, 64 hex digits; noted:TEXT");
    }
}

TEST_CASE("whatever a record holds, a slow model agrees on verdict and cost") {
    std::mt19937_64 random(1);
    noting with;
    std::vector<std::string> const plain{"aaaaa", "bbbbb", "ccccc"};
    for (int step = 0; step < 50'000; ++step) {
        std::vector<sp::stored_secret> secrets;
        auto const presented = plain[random() % plain.size()];
        bool any_counts = false;
        bool any_matches = false;
        for (auto count = random() % 5; count > 0; --count) {
            auto const& own = plain[random() % plain.size()];
            sp::stored_secret stored{.hash = random() % 2 == 0 ? dear::stored(own) : cheap::stored(own)};
            if (random() % 2 == 0)
                stored.not_before = now + std::chrono::nanoseconds(static_cast<int>(random() % 3) - 1);
            if (random() % 2 == 0) stored.expires = now + std::chrono::nanoseconds(static_cast<int>(random() % 3) - 1);
            bool const counts =
                !(stored.not_before && *stored.not_before > now) && !(stored.expires && *stored.expires <= now);
            any_matches = any_matches || own == presented;
            any_counts = any_counts || (own == presented && counts);
            secrets.push_back(stored);
        }
        auto const seen_now = with.verify(presented, secrets);
        auto const wanted = any_counts ? verdict::proven : any_matches ? verdict::expired : verdict::wrong;
        if (seen_now.outcome != wanted) FAIL("judged otherwise at step " << step);
        auto const cost = secrets.empty() ? std::size_t{1} : secrets.size();
        if (seen_now.derivations != cost || with.notes.size() != cost) FAIL("another cost at step " << step);
        auto const named = std::any_of(secrets.begin(), secrets.end(), [&](auto const& stored) {
            return stored.id == seen_now.secret && stored.valid_at(now) == (wanted == verdict::proven);
        });
        if (any_matches != named) FAIL("names another secret at step " << step);
    }
}

TEST_CASE("a verifier may be used by several threads at once") {
    sp::verifier<sp::sha256_scheme> const verifier;
    std::vector<sp::stored_secret> const secrets{{.hash = sp::sha256_scheme::store("right")}};
    std::vector<std::thread> threads;
    std::array<int, 4> proven{};
    for (std::size_t i = 0; i < proven.size(); ++i) {
        threads.emplace_back([&, i] {
            for (int round = 0; round < 1000; ++round) {
                auto const* presented = round % 2 == 0 ? "right" : "wrong";
                proven[i] += verifier.verify({.presented = presented, .secrets = secrets}).outcome == verdict::proven;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    for (auto const count : proven) CHECK(count == 500);
}

TEST_CASE("what is stored proves nobody who presents it") {
    sp::verifier<sp::sha256_scheme> const verifier;
    auto const form = sp::sha256_scheme::store("the right secret");
    std::vector<sp::stored_secret> const secrets{{.hash = form}};
    auto const text = verifier.text(form);
    std::string const digest(reinterpret_cast<char const*>(form.digest.data()), form.digest.size());
    for (std::string_view const presented :
         {std::string_view(text), std::string_view(text).substr(7), std::string_view(digest)}) {
        CHECK(verifier.verify({.presented = presented, .secrets = secrets}).outcome ==
              sp::verification::verdict::wrong);
    }
    CHECK(verifier.verify({.presented = "the right secret", .secrets = secrets}).outcome ==
          sp::verification::verdict::proven);
}
