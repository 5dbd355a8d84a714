// SPDX-License-Identifier: BSL-1.0
#include "ticks.hpp"

#include <sallyport/credential/guarded_verifier.hpp>
#include <sallyport/credential/hmac_scheme.hpp>
#include <sallyport/credential/sha256_scheme.hpp>
#include <sallyport/credential/verifier.hpp>
#include <sallyport/openpanel.hpp>
#include <sallyport/with/openssl.hpp>
#include <sallyport/with/sodium.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Whether the time of a refusal tells an id that nobody has from one whose secret is wrong. Both are asked for in
// random order, at one gate, and the medians of their times compared: 0.95 to 1.05 is the same.
//
// In a store of several schemes an id, known or not, is cheap or expensive to refuse, and a median over both kinds says
// little. There the share of the expensive ones is compared, and the medians among the cheap and among the expensive.
//
// Few enough ids are asked for that their records stay in the processor's caches: how long a look-up takes is the
// store's affair, and a record that has to come from memory costs as much as a cheap hash.
//
// A burst of other work on the machine can spoil a round: a gate passes if one of three rounds is the same in all that
// is compared, and its leaky twin is caught only if none is.

namespace sp = sallyport;
namespace op = sallyport::openpanel;

namespace {

constexpr double least = 0.95;
constexpr double most = 1.05;
constexpr int rounds = 3;
constexpr double costly = 1e6;  // ticks: scrypt takes at least ten times that, all else less than a tenth

std::mt19937_64 random{std::random_device{}()};

using secrets = std::vector<sp::stored_secret>;

sp::hmac_scheme peppered() {
    std::vector<sp::pepper> peppers;
    peppers.push_back({.id = "", .key = sp::secret("a pepper of more than sixteen bytes")});
    return sp::hmac_scheme(std::move(peppers));
}

sp::openssl::scrypt const quick_scrypt({.ln = 10, .r = 8, .p = 1});
sp::sodium::argon2id const quick_argon2id({.m = 1024, .t = 2, .p = 1});
auto const verifier =
    sp::verifier(sp::sha256_scheme{}, peppered(), sp::openssl::openpanel_scrypt{}, quick_scrypt, quick_argon2id);

/// As a host has it, but for the throttle, which would stop this test.
sp::guarded_verifier guarded{verifier};

secrets one_of(sp::hash_form const& form) { return {{.hash = form}}; }
secrets const by_sha256 = one_of(sp::sha256_scheme::store("the right secret"));
secrets const rotating{by_sha256.front(), {.hash = sp::sha256_scheme::store("the next secret")}};
secrets const by_hmac = one_of(peppered().store("the right secret"));
secrets const by_scrypt{
    verifier.parse("0dfe29e560adfbc489d9b5872231d10c.928c3fad8a64f330af35426e200b319e3b6c46b343c802c9d0a7ae2bf9c43c24")
        .value()};

secrets const by_phc_scrypt = one_of(quick_scrypt.store("the right secret"));
secrets const by_argon2id = one_of(quick_argon2id.store("the right secret"));

/// An id as it is asked for, and how long each of its refusals took.
struct caller {
    sp::uuid id;
    bool known;
    std::vector<double> times{};
};

sp::uuid random_id() {
    std::string text = "00000000-0000-4000-8000-000000000000";
    for (auto const i : {0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35}) {
        text[static_cast<std::size_t>(i)] = "0123456789abcdef"[random() % 16];
    }
    return sp::parse_uuid_v4(text).value();
}

/// A store whose records take turns in what secrets they have, and as many ids that it doesn't have.
struct population {
    std::vector<caller> callers;
    op::clients clients;

    population(std::size_t size, std::vector<secrets> const& profiles)
        : callers(make_callers(size)), clients(records(callers, profiles), {{.id = "shop", .organization = "acme"}}) {}

private:
    static std::vector<caller> make_callers(std::size_t size) {
        std::vector<caller> made;
        for (std::size_t i = 0; i < 2 * size; ++i) made.push_back({.id = random_id(), .known = i % 2 == 0});
        return made;
    }

    static std::vector<op::client> records(std::vector<caller> const& callers, std::vector<secrets> const& profiles) {
        std::vector<op::client> made;
        for (auto const& each : callers) {
            if (!each.known) continue;
            made.push_back({.id = each.id,
                            .level = op::level::read,
                            .organization = "acme",
                            .project = "shop",
                            .secrets = profiles[made.size() % profiles.size()]});
        }
        return made;
    }
};

/// Has each of these refused so often, all in random order.
template <class Gate>
void refuse(Gate& gate, std::span<caller*> callers, int passes) {
    for (int pass = 0; pass < passes; ++pass) {
        std::shuffle(callers.begin(), callers.end(), random);
        for (caller* const each : callers) {
            auto const id = each->id.text();
            std::array<sp::header_line, 2> const lines{{{"openpanel-client-id", {id.data(), id.size()}},
                                                        {"openpanel-client-secret", "sec_5b1e8d0c2f7a4e6990d3"}}};
            op::request const asked{.headers = lines, .api = op::api::insights, .project = "shop"};
            auto const start = ticks();
            bool const granted = static_cast<bool>(gate.authorize(asked));
            auto const taken = ticks() - start;
            if (granted) std::puts("a wrong secret was taken for a right one");
            each->times.push_back(static_cast<double>(taken));
        }
    }
}

/// Lets each that is known in once: a limiter then keeps something of it, as of whoever is in use.
template <class Gate>
void let_in(Gate& gate, population const& people, std::string_view secret) {
    for (auto const& each : people.callers) {
        auto const id = each.id.text();
        std::array<sp::header_line, 2> const lines{
            {{"openpanel-client-id", {id.data(), id.size()}}, {"openpanel-client-secret", secret}}};
        bool const granted = static_cast<bool>(gate.authorize({.headers = lines, .api = op::api::insights}));
        if (granted != each.known) std::puts("a right secret was taken for a wrong one");
    }
}

std::vector<caller*> all_of(population& people) {
    std::vector<caller*> made;
    for (auto& each : people.callers) {
        each.times.clear();
        made.push_back(&each);
    }
    return made;
}

double median(std::vector<double> values) {
    auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    if (middle == values.end()) return 0;
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// The median time of unknown ids over that of known ones.
double ratio(std::span<caller* const> callers) {
    std::vector<double> unknown, known;
    for (auto const* each : callers) {
        auto& times = each->known ? known : unknown;
        times.insert(times.end(), each->times.begin(), each->times.end());
    }
    return median(unknown) / median(known);
}

bool is_same(double of_unknown_to_known) { return of_unknown_to_known >= least && of_unknown_to_known <= most; }

/// One round with one scheme.
template <class Gate>
bool alike(Gate& gate, population& people, int passes) {
    auto callers = all_of(people);
    refuse(gate, callers, passes);
    double const found = ratio(callers);
    std::printf(" %.3f", found);
    return is_same(found);
}

/// How many of these are known, or how many are not.
double count(std::span<caller* const> callers, bool known) {
    return static_cast<double>(
        std::count_if(callers.begin(), callers.end(), [known](auto const* each) { return each->known == known; }));
}

/// One round with a mix of schemes. Each id is asked for once, and some of the cheap ones then often: an expensive hash
/// pushes all else out of the caches.
template <class Gate>
bool alike_in_a_mix(Gate& gate, population& people, int passes) {
    auto callers = all_of(people);
    refuse(gate, callers, 1);
    auto const split =
        std::partition(callers.begin(), callers.end(), [](auto const* each) { return each->times.front() < costly; });
    std::span const expensive(split, callers.end());
    std::span const all_cheap(callers.begin(), split);
    auto const cheap = all_cheap.first(std::min(all_cheap.size(), std::size_t{300}));
    for (auto* each : cheap) each->times.clear();
    refuse(gate, cheap, passes);

    // That of the known is given, that of the unknown drawn: one draw in 15,000 is beyond four standard deviations.
    auto const size = static_cast<double>(people.callers.size() / 2);
    double const share = count(expensive, true) / size, share_of_unknown = count(expensive, false) / size;
    bool const in_proportion = std::abs(share_of_unknown - share) <= 4 * std::sqrt(share * (1 - share) / size);
    double const among_cheap = ratio(cheap), among_expensive = ratio(expensive);
    std::printf(" (share %.3f to %.3f, cheap %.3f, expensive %.3f)", share_of_unknown, share, among_cheap,
                among_expensive);
    return in_proportion && is_same(among_cheap) && is_same(among_expensive);
}

/// Whether the rounds say of a gate what they have to.
template <class Round>
bool passes(char const* name, bool is_leaky, Round round) {
    int same = 0;
    std::printf("%-48s unknown/wrong", name);
    for (int i = 0; i < rounds && (is_leaky || same == 0); ++i) {
        same += round();
        std::fflush(stdout);
    }
    bool const passed = (same != 0) != is_leaky;
    std::printf("  %s\n", passed ? "ok" : "FAILED");
    return passed;
}

/// Verifies nothing for a record that isn't there.
struct hasty_verifier {
    sp::verification verify(sp::proof_attempt const& attempt) const noexcept {
        if (attempt.secrets.empty()) return {.outcome = sp::verification::verdict::wrong};
        return verifier.verify(attempt);
    }
};

/// Has the costliest decoy for everybody.
struct costliest_decoys {
    using record_type = op::client;
    op::clients const& clients;

    auto find(sp::uuid const& id, std::string_view project) const {
        static auto const decoys = std::make_shared<secrets const>(by_scrypt);
        return clients.find(id, project).with_decoys(decoys);
    }
};

bool one_scheme(char const* name, std::size_t size, secrets const& stored, int times,
                std::string_view secret = "the right secret") {
    population people(size, {stored});
    sp::authorizer gate{people.clients, op::rules(), guarded};
    sp::authorizer hasty{people.clients, op::rules(), hasty_verifier{}};
    auto const twin = "to be caught: no decoys, " + std::string(name);
    let_in(gate, people, secret);
    bool const passed = passes(name, false, [&] { return alike(gate, people, times); });
    return passes(twin.c_str(), true, [&] { return alike(hasty, people, times); }) && passed;
}

bool a_mix() {
    std::vector<secrets> profiles(11, by_sha256);
    profiles.insert(profiles.end(), {rotating, rotating, by_hmac, by_scrypt, by_scrypt});
    population many(800, profiles);
    sp::authorizer gate{many.clients, op::rules(), guarded};
    sp::authorizer hasty{many.clients, op::rules(), hasty_verifier{}};
    population few(80, profiles);  // of whom every second one is expensive
    sp::authorizer costliest{costliest_decoys{few.clients}, op::rules(), verifier};
    auto const round = [](auto& at, population& people) { return [&] { return alike_in_a_mix(at, people, 200); }; };
    bool passed = passes("a mix", false, round(gate, many));
    passed &= passes("to be caught: no decoys, a mix", true, round(hasty, many));
    passed &= passes("to be caught: the costliest decoy, a mix", true, round(costliest, few));
    return passed;
}

}  // namespace

int main() {
    bool passed = one_scheme("sha256", 200, by_sha256, 200);
    passed &= one_scheme("hmac-sha256", 200, by_hmac, 200);
    passed &= one_scheme("openpanel-scrypt", 40, by_scrypt, 2, "sec_0a97ca92f3880b893a34");
    passed &= one_scheme("scrypt", 40, by_phc_scrypt, 20);
    passed &= one_scheme("argon2id", 40, by_argon2id, 20);
    passed &= a_mix();
    return passed ? 0 : 1;
}
