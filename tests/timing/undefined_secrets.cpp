// SPDX-License-Identifier: BSL-1.0
#include "marks.hpp"
// Marks first: the library's headers ask whether they are there.
#include "leaky.hpp"

#include <sallyport/credential/hmac_scheme.hpp>
#include <sallyport/credential/sha256_scheme.hpp>
#include <sallyport/credential/verifier.hpp>
#include <sallyport/crypto/constant_time.hpp>
#include <sallyport/crypto/hex.hpp>
#include <sallyport/crypto/hmac.hpp>
#include <sallyport/crypto/sha256.hpp>
#include <sallyport/crypto/siphash.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#    include <cpuid.h>
#endif

// No branch and no address depends on a secret, up to the one answer of a comparison, which is public: the caller sees
// it. Lengths are public. Run by valgrind; the program itself asks it how many errors each case made.

namespace sp = sallyport;
namespace crypto = sallyport::crypto;
using marks::is_secret;
using marks::make_secret;
using marks::reveal;
using marks::secret_text;
using verdict = sp::verification::verdict;

namespace {

constexpr std::string_view right_secret = "sec_5b1e8d0c2f7a4e6990d3a1b2c3d4e5f6";
constexpr std::string_view wrong_secret = "sec_5b1e8d0c2f7a4e6990d3a1b2c3d4e5f7";
constexpr std::string_view pepper_text = "a pepper of more than sixteen bytes";

/// Lengths on both sides of a block, of a word and of what vector instructions take at once.
constexpr std::size_t lengths[] = {1, 7, 8, 16, 31, 32, 33, 55, 56, 64, 65, 200};

std::string text_of(std::size_t length) {
    std::string text(length, ' ');
    for (std::size_t i = 0; i < length; ++i) text[i] = static_cast<char>('0' + i % 75);
    return text;
}

/// Whether a result depends on the secret that it was made from, and is nevertheless right.
template <class T>
bool secret_and_right(T const& made, T const& expected) {
    return is_secret(made) && reveal(made) == expected;
}

bool compares() {
    for (auto const length : lengths) {
        std::vector<std::uint8_t> const a(length, 0xa5);
        auto const first = [&a, length](std::size_t differing) {
            auto b = a;
            if (differing < length) b[differing] ^= 1;
            VALGRIND_MAKE_MEM_UNDEFINED(b.data(), length);
            return crypto::constant_time_equal(a, b);
        };
        if (first(0) || first(length / 2) || first(length - 1) || !first(length)) return false;
    }
    return true;
}

bool digests() {
    return std::all_of(std::begin(lengths), std::end(lengths), [](std::size_t length) {
        auto const text = text_of(length);
        return secret_and_right(crypto::sha256(secret_text(text)), crypto::sha256(text));
    });
}

bool authenticates_under_a_secret_key() {
    return std::all_of(std::begin(lengths), std::end(lengths), [](std::size_t length) {
        auto const key = text_of(length);
        return secret_and_right(crypto::hmac_sha256(secret_text(key), "message"), crypto::hmac_sha256(key, "message"));
    });
}

bool authenticates_a_secret_message() {
    return std::all_of(std::begin(lengths), std::end(lengths), [](std::size_t length) {
        auto const text = text_of(length);
        return secret_and_right(crypto::hmac_sha256("key", secret_text(text)), crypto::hmac_sha256("key", text));
    });
}

bool hashes(crypto::siphash_key key, std::string_view message, std::size_t length) {
    crypto::siphash_key const known = reveal(key);
    auto const text = text_of(length);
    return secret_and_right(crypto::siphash_2_4(key, message), crypto::siphash_2_4(known, text)) &&
           secret_and_right(crypto::siphash_2_4_128(key, message), crypto::siphash_2_4_128(known, text));
}

bool hashes_under_a_secret_key() {
    return std::all_of(std::begin(lengths), std::end(lengths), [](std::size_t length) {
        crypto::siphash_key key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
        make_secret(key);
        return hashes(key, text_of(length), length);
    });
}

bool hashes_a_secret_message() {
    return std::all_of(std::begin(lengths), std::end(lengths), [](std::size_t length) {
        return hashes({0x0706050403020100, 0x0f0e0d0c0b0a0908}, secret_text(text_of(length)), length);
    });
}

/// A stored secret whose digest, too, nobody may learn from the time.
sp::stored_secret unknown_digest(sp::hash_form const& form) {
    sp::stored_secret stored{.hash = form};
    VALGRIND_MAKE_MEM_UNDEFINED(stored.hash.digest.begin(), stored.hash.digest.size());
    return stored;
}

template <class Verifier>
verdict outcome(Verifier const& verifier, std::string_view presented, std::span<sp::stored_secret const> stored) {
    auto const text = secret_text(std::string(presented));
    return verifier.verify({.presented = text, .secrets = stored, .now = sp::wall_time()}).outcome;
}

/// The one secret, the second of two, one that has run out, a wrong one of equal length, and nobody's.
template <class Scheme>
bool verifies_by(Scheme const& scheme) {
    sp::verifier const verifier(scheme);
    auto const right = unknown_digest(scheme.store(right_secret));
    auto const other = unknown_digest(scheme.store("another secret"));
    auto past = right;
    past.expires = sp::wall_time();
    std::vector const one{right}, two{other, right}, expired{past};
    std::string const longer(200, 's');
    return outcome(verifier, right_secret, one) == verdict::proven &&
           outcome(verifier, right_secret, two) == verdict::proven &&
           outcome(verifier, right_secret, expired) == verdict::expired &&
           outcome(verifier, wrong_secret, two) == verdict::wrong && outcome(verifier, longer, two) == verdict::wrong &&
           outcome(verifier, right_secret, {}) == verdict::wrong;
}

bool verifies_digests() { return verifies_by(sp::sha256_scheme{}); }

std::vector<sp::pepper> peppers(std::string_view text) {
    std::vector<sp::pepper> made;
    made.push_back({.id = "", .key = sp::secret(text)});
    return made;
}

bool verifies_tags() { return verifies_by(sp::hmac_scheme(peppers(pepper_text))); }

bool verifies_tags_under_a_secret_pepper() {
    auto kept = peppers(pepper_text);
    auto const text = kept.front().key.reveal();
    sp::hmac_scheme const scheme(std::move(kept));  // the key stays where it is
    sp::verifier const verifier(scheme);
    std::vector const stored{unknown_digest(scheme.store(right_secret))};
    VALGRIND_MAKE_MEM_UNDEFINED(text.data(), text.size());
    return outcome(verifier, right_secret, stored) == verdict::proven &&
           outcome(verifier, wrong_secret, stored) == verdict::wrong;
}

bool leaks_by_early_exit() {
    auto a = text_of(32), b = secret_text(a);
    auto const bytes = [](std::string const& text) {
        return std::span(reinterpret_cast<std::uint8_t const*>(text.data()), text.size());
    };
    return leaky::equal(bytes(a), bytes(b));
}

/// The digits of a digest are looked up in a table, at places that the digest tells.
bool leaks_by_table() {
    auto const written = [](std::string_view text) {
        std::array<char, 64> digits{};
        crypto::encode_hex(crypto::sha256(text), digits);
        return digits;
    };
    return written(secret_text(text_of(32))) == written(text_of(32));
}

/// A checksum that takes longer for some bytes than for others.
bool leaks_by_branch() {
    std::uint32_t volatile sum = 0;
    for (char const each : secret_text(text_of(32))) {
        for (int i = 0; i < each % 8; ++i) sum = sum * 31 + 1;
    }
    return true;
}

/// The same as a hash scheme, so that the library's own verifier and comparison stand around it.
struct leaky_scheme : sp::sha256_scheme {
    static bool derive(std::string_view presented, sp::hash_form const& form, std::span<std::uint8_t> out) noexcept {
        std::uint32_t volatile vowels = 0;
        for (char const each : presented) {
            if (each == 'a' || each == 'e') vowels = vowels + 1;
        }
        return sp::sha256_scheme::derive(presented, form, out);
    }
};

bool leaks_by_scheme() {
    std::vector const stored{unknown_digest(sp::sha256_scheme::store(right_secret))};
    return outcome(sp::verifier(leaky_scheme{}), right_secret, stored) == verdict::proven;
}

bool leaks_by_verifier() {
    std::vector const stored{unknown_digest(sp::sha256_scheme::store(right_secret))};
    return outcome(leaky::verifier{}, right_secret, stored) == verdict::proven;
}

struct named_case {
    char const* name;
    bool (*holds)();
};

constexpr named_case clean[] = {
    {"constant_time_equal", compares},
    {"sha256 of a secret", digests},
    {"hmac_sha256 under a secret key", authenticates_under_a_secret_key},
    {"hmac_sha256 of a secret message", authenticates_a_secret_message},
    {"siphash under a secret key", hashes_under_a_secret_key},
    {"siphash of a secret message", hashes_a_secret_message},
    {"verify by sha256", verifies_digests},
    {"verify by hmac-sha256", verifies_tags},
    {"verify by hmac-sha256 under a secret pepper", verifies_tags_under_a_secret_pepper},
};

constexpr named_case twins[] = {
    {"a comparison that stops at the first difference", leaks_by_early_exit},
    {"a digest written by a table of digits", leaks_by_table},
    {"a checksum whose loop depends on the bytes", leaks_by_branch},
    {"a hash scheme that branches on the secret", leaks_by_scheme},
    {"a verifier whose comparison stops at the first difference", leaks_by_verifier},
};

/// Runs a case; whether its answer was right and valgrind found errors in it or none, as it should.
bool passes(named_case const& each, bool is_leaky) {
    std::fprintf(stderr, "%s%s\n", is_leaky ? "to be caught: " : "", each.name);
    auto const before = VALGRIND_COUNT_ERRORS;
    bool const right = each.holds();
    auto const errors = VALGRIND_COUNT_ERRORS - before;
    bool const passed = right && (errors != 0) == is_leaky;
    std::printf("%-6s %s%s: %u errors%s\n", passed ? "ok" : "FAILED", is_leaky ? "to be caught: " : "", each.name,
                static_cast<unsigned>(errors), right ? "" : ", and its answer is wrong or no secret went into it");
    return passed;
}

/// Valgrind runs no SHA instructions and hides them, so that digest and MAC take the portable path here. The other one
/// has to be looked at in another way.
void print_paths() {
    std::puts("paths seen: SHA-256 portable, comparison as compiled, SipHash the only one that there is");
#if defined(__x86_64__)
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
    auto const has = [b](unsigned bit) { return (b >> bit & 1U) != 0 ? "yes" : "no"; };
    std::printf("instructions that valgrind offers: AVX2 %s, AVX-512F %s, SHA %s\n", has(5), has(16), has(29));
#endif
}

}  // namespace

int main() {
    if (RUNNING_ON_VALGRIND == 0) {
        std::fputs("this program shows nothing unless valgrind runs it\n", stderr);
        return 2;
    }
    print_paths();
    bool passed = true;
    for (auto const& each : clean) passed &= passes(each, false);
    for (auto const& each : twins) passed &= passes(each, true);
    return passed ? 0 : 1;
}
