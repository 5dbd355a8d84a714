// SPDX-License-Identifier: BSL-1.0
#include <sallyport/credential/guarded_verifier.hpp>
#include <sallyport/credential/verifier.hpp>
#include <sallyport/with/openssl.hpp>

#include <sodium.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

// What a secret costs that was proven by OpenPanel's scrypt before: less than a ten-thousandth of what it cost then, and
// little more than the MAC by which it is remembered. Both are measured beside each other, and medians compared. Only the
// first is held to its goal here: the second is a matter of tens of nanoseconds, which a busy machine spoils.

namespace sp = sallyport;
using clock_type = std::chrono::steady_clock;

namespace {

template <class Work>
double nanoseconds_of(int times, Work work) {
    auto const start = clock_type::now();
    for (int i = 0; i < times; ++i) work();
    return std::chrono::duration<double, std::nano>(clock_type::now() - start).count() / times;
}

double median(std::vector<double> values) {
    auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

template <class T>
void keep(T const& value) noexcept {
    __asm__ volatile("" : : "r"(&value) : "memory");
}

}  // namespace

int main() {
    if (sodium_init() < 0) return 1;
    std::string const secret = "acme_jtkp4jamvbgtmf2hmryeesttaezrx43kzenoiodftf5kf6vltzoarodpwpy";
    sp::openssl::openpanel_scrypt const scrypt;
    sp::guarded_verifier verifier{sp::verifier{sp::sha256_scheme{}, scrypt}};
    std::vector<sp::stored_secret> const secrets{{.hash = scrypt.store(secret)}};
    sp::proof_attempt const attempt{.presented = secret, .secrets = secrets};
    if (verifier.verify(attempt).remembered || !verifier.verify(attempt).remembered) return 1;

    auto const& form = secrets[0].hash;
    std::vector<unsigned char> same_bytes(16 + 24 + form.scheme.size() + form.salt.size() + form.digest.size() +
                                          secret.size());
    std::array<unsigned char, crypto_shorthash_siphashx24_KEYBYTES> const key{1, 2, 3};
    std::array<unsigned char, crypto_shorthash_siphashx24_BYTES> tag{};
    std::array<unsigned char, 32> derived{};
    std::vector<double> hashing, again, to_mac;
    for (int round = 0; round < 51; ++round) {
        if (round < 5) hashing.push_back(nanoseconds_of(1, [&] { keep(scrypt.derive(secret, form, derived)); }));
        auto const proven = nanoseconds_of(10'000, [&] { keep(verifier.verify(attempt)); });
        auto const mac = nanoseconds_of(10'000, [&] {
            crypto_shorthash_siphashx24(tag.data(), same_bytes.data(), same_bytes.size(), key.data());
            keep(tag);
        });
        again.push_back(proven);
        to_mac.push_back(proven / mac);
    }
    auto const times_cheaper = median(hashing) / median(again);
    std::printf(
        "proven again: %.0f ns, scrypt %.0f times that (goal: 10,000), %.2f of libsodium's SipHash-2-4-128 of the "
        "same bytes (goal: 1.2)\n",
        median(again), times_cheaper, median(to_mac));
    return times_cheaper > 10'000 ? 0 : 1;
}
