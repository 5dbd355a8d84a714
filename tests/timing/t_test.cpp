// SPDX-License-Identifier: BSL-1.0
#include "leaky.hpp"
#include "ticks.hpp"
#include "welch.hpp"

#include <sallyport/credential/sha256_scheme.hpp>
#include <sallyport/credential/verifier.hpp>
#include <sallyport/crypto/constant_time.hpp>
#include <sallyport/crypto/sha256.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string_view>
#include <vector>

// Whether the time of a function tells one input from random ones: "Dude, is my code constant time?" (Reparaz, Balasch
// and Verbauwhede 2017). Inputs of two classes, one fixed and one random, are measured in random order, a million a
// round; times above a threshold are left out, for a hundred thresholds and for none, since only some part of a
// distribution may tell; the largest |t| of Welch's test counts, and 4.5 is the bound.
//
// A machine that does other things too can push one round over the bound, by chance or by a burst that hits one class;
// a leak does so in every round. So a function passes if one of three independent rounds stays below 4.5, and its leaky
// twin is caught only if every one of the three exceeds it.

namespace sp = sallyport;

namespace {

constexpr double bound = 4.5;
constexpr int rounds = 3;
constexpr std::size_t measurements = 1'000'000;
constexpr std::size_t batch = 10'000;
constexpr std::size_t thresholds = 100;

using input = std::array<std::uint8_t, 32>;
using function = bool (*)(input const&);

std::mt19937_64 random{std::random_device{}()};

input random_input() {
    input made{};
    for (auto& byte : made) byte = static_cast<std::uint8_t>(random());
    return made;
}

/// The input of the fixed class, and the digests that functions know: its own, and one that equals its digest but for
/// the last byte. So `verify` refuses both classes, the fixed one at the last byte and the random at the first.
input const fixed = random_input();
std::string_view text_of(input const& from) { return {reinterpret_cast<char const*>(from.data()), from.size()}; }

std::array<sp::stored_secret, 1> const nearly_right = [] {
    auto form = sp::sha256_scheme::store(text_of(fixed));
    form.digest[31] ^= 1;
    return std::array{sp::stored_secret{.hash = form}};
}();

bool equal(input const& guess) { return sp::crypto::constant_time_equal(guess, fixed); }
bool leaky_equal(input const& guess) { return leaky::equal(guess, fixed); }

template <class Verifier>
bool verifies(input const& guess) {
    static Verifier const verifier;
    auto const made = verifier.verify({.presented = text_of(guess), .secrets = nearly_right});
    return made.outcome == sp::verification::verdict::proven;
}

struct measurement {
    bool of_fixed;
    std::uint64_t time;
};

/// One batch. Inputs are made before and the class is looked at after; what is measured sees one place in memory.
void measure(function measured, std::vector<measurement>& into) {
    std::vector<input> inputs(batch);
    std::vector<char> is_fixed(batch);
    for (std::size_t i = 0; i < batch; ++i) {
        is_fixed[i] = static_cast<char>(random() & 1U);
        auto const drawn = random_input();
        inputs[i] = is_fixed[i] != 0 ? fixed : drawn;
    }
    static input presented;
    for (std::size_t i = 0; i < batch; ++i) {
        presented = inputs[i];
        auto const start = ticks();
        static_cast<void>(sp::crypto::value_barrier(unsigned{measured(presented)}));
        into.push_back({is_fixed[i] != 0, ticks() - start});
    }
}

/// Times of which half, a quarter … of the first batch's are longer, as the paper's own program spreads them.
std::array<std::uint64_t, thresholds> thresholds_of(std::vector<measurement> const& sample) {
    std::vector<std::uint64_t> times;
    for (auto const& each : sample) times.push_back(each.time);
    std::sort(times.begin(), times.end());
    std::array<std::uint64_t, thresholds> made{};
    for (std::size_t i = 0; i < thresholds; ++i) {
        double const share = 1 - std::pow(0.5, 10.0 * static_cast<double>(i + 1) / thresholds);
        made[i] = times[static_cast<std::size_t>(share * static_cast<double>(times.size()))];
    }
    return made;
}

/// The largest |t| of a round. Its first batch warms up and sets the thresholds, and isn't counted.
double largest_t(function measured) {
    std::vector<measurement> taken;
    measure(measured, taken);
    auto const at_most = thresholds_of(taken);
    std::array<std::array<running_variance, 2>, thresholds + 1> classes{};
    for (std::size_t done = 0; done < measurements; done += batch) {
        taken.clear();
        measure(measured, taken);
        for (auto const& [of_fixed, time] : taken) {
            auto const value = static_cast<double>(time);
            classes[thresholds][of_fixed].add(value);
            for (std::size_t i = 0; i < thresholds; ++i) {
                if (time <= at_most[i]) classes[i][of_fixed].add(value);
            }
        }
    }
    double largest = 0;
    for (auto const& [of_random, of_fixed] : classes) {
        if (of_random.count() < batch || of_fixed.count() < batch) continue;  // too few to say anything
        largest = std::max(largest, std::abs(welch_t(of_random, of_fixed)));
    }
    return largest;
}

/// Whether the rounds say of a function what they have to.
bool passes(char const* name, function measured, bool is_leaky) {
    int below = 0;
    std::printf("%-44s |t|", name);
    for (int round = 0; round < rounds; ++round) {
        double const t = largest_t(measured);
        below += t < bound;
        std::printf(" %.1f", t);
        std::fflush(stdout);
    }
    bool const passed = is_leaky ? below == 0 : below > 0;
    std::printf("  %s\n", passed ? "ok" : "FAILED");
    return passed;
}

}  // namespace

int main() {
    bool passed = passes("constant_time_equal", equal, false);
    passed &= passes("verify by sha256", verifies<sp::verifier<sp::sha256_scheme>>, false);
    passed &= passes("to be caught: a comparison with early exit", leaky_equal, true);
    passed &= passes("to be caught: a verifier with early exit", verifies<leaky::verifier>, true);
    return passed ? 0 : 1;
}
