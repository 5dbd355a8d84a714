// SPDX-License-Identifier: BSL-1.0
#include "contest.hpp"

#include <sallyport/credential/guarded_verifier.hpp>
#include <sallyport/credential/verifier.hpp>
#include <sallyport/crypto/constant_time.hpp>
#include <sallyport/with/openssl.hpp>

#include <openssl/crypto.h>
#include <sodium.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

// What it costs to compare digests, and to know a secret again that an expensive hash has proven before.

namespace {

namespace sp = sallyport;

using digest = std::array<std::uint8_t, 32>;

/// Of every two that are compared, one differs in a byte.
struct pairs {
    static constexpr std::size_t count = 1024;
    std::array<digest, count> left{}, right{};

    pairs() {
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t k = 0; k < 32; ++k) left[i][k] = static_cast<std::uint8_t>(i * 7 + k * 31);
            right[i] = left[i];
            if (i % 2 == 1) right[i][i / 2 % 32] ^= 1;
        }
    }
};

contest::row const compare({"compare, 32 bytes", "CRYPTO_memcmp", 0.2}, [] {
    auto const of = std::make_shared<pairs>();
    auto const by = [of](auto equal) {
        return contest::each([of, equal](std::size_t i) {
            return equal(of->left[i % pairs::count], of->right[i % pairs::count]) == (i % 2 == 0);
        });
    };
    return contest::sides{
        by([](digest const& a, digest const& b) { return sp::crypto::constant_time_equal(a, b); }),
        by([](digest const& a, digest const& b) { return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; })};
});

/// A client whose secret scrypt has proven before.
struct proven_before {
    std::string secret = "acme_jtkp4jamvbgtmf2hmryeesttaezrx43kzenoiodftf5kf6vltzoarodpwpy";
    sp::openssl::openpanel_scrypt scrypt;
    sp::guarded_verifier<sp::verifier<sp::sha256_scheme, sp::openssl::openpanel_scrypt>, sp::no_throttle> verifier{
        sp::verifier{sp::sha256_scheme{}, scrypt}};
    std::vector<sp::stored_secret> secrets{{.hash = scrypt.store(secret)}};
    sp::proof_attempt attempt{.presented = secret, .secrets = secrets};

    proven_before() { static_cast<void>(verifier.verify(attempt)); }

    /// What the tag by which it is remembered covers: the client, three words of sizes and costs, the form, the secret.
    std::size_t bytes() const {
        auto const& form = secrets[0].hash;
        return 16 + 24 + form.scheme.size() + form.salt.size() + form.digest.size() + secret.size();
    }
};

contest::row const again({"proven again", "libsodium's SipHash-2-4-128 of the same bytes", 1.2}, [] {
    if (sodium_init() < 0) throw std::runtime_error("libsodium can't be used");
    auto const client = std::make_shared<proven_before>();
    std::vector<unsigned char> const bytes(client->bytes());
    std::array<unsigned char, crypto_shorthash_siphashx24_KEYBYTES> const key{1, 2, 3};
    return contest::sides{contest::each([client](std::size_t) {
                              auto const made = client->verifier.verify(client->attempt);
                              return made.remembered && made.outcome == sp::verification::verdict::proven;
                          }),
                          contest::each([bytes, key](std::size_t) {
                              std::array<unsigned char, crypto_shorthash_siphashx24_BYTES> tag{};
                              crypto_shorthash_siphashx24(tag.data(), bytes.data(), bytes.size(), key.data());
                              benchmark::DoNotOptimize(tag);
                              return true;
                          })};
});

}  // namespace
