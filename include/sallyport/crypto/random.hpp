// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/siphash.hpp>
#include <sallyport/crypto/wipe.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#if defined(__linux__)
#    include <sys/random.h>
#    include <cerrno>
#elif defined(_WIN32)
#    ifndef NOMINMAX
#        define NOMINMAX  // or the header breaks std::min
#    endif
#    include <windows.h>
// bcrypt.h can't be read before windows.h
#    include <bcrypt.h>
#    if defined(_MSC_VER)
#        pragma comment(lib, "bcrypt")
#    endif
#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) || \
    defined(__DragonFly__)
#    include <stdlib.h>  // arc4random_buf
#else
#    error "sallyport knows no random generator on this system"
#endif

/// Random bytes from the operating system. Nothing else in this folder asks the system for anything.
namespace sallyport::crypto {

/// Fills `out` from the system's generator. False if the system refused; `out` is then unspecified and not for use.
/// May wait for the generator's first seed just after boot. Safe from any number of threads.
[[nodiscard]] inline bool fill_random(std::span<std::uint8_t> out) noexcept {
#if defined(__linux__)
    while (!out.empty()) {
        ssize_t const drawn = ::getrandom(out.data(), out.size(), 0);
        if (drawn > 0) {
            out = out.subspan(static_cast<std::size_t>(drawn));  // a long draw may be cut short by a signal
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
#elif defined(_WIN32)
    constexpr std::size_t most = 0x4000'0000;  // the system counts in 32 bits
    while (!out.empty()) {
        auto const part = out.first(out.size() < most ? out.size() : most);
        if (::BCryptGenRandom(nullptr, part.data(), static_cast<ULONG>(part.size()), BCRYPT_USE_SYSTEM_PREFERRED_RNG) !=
            0) {
            return false;
        }
        out = out.subspan(part.size());
    }
    return true;
#else
    ::arc4random_buf(out.data(), out.size());
    return true;
#endif
}

/// A fresh key. If the system has no randomness to give, this says so on stderr and ends the program: no table may ever
/// be used under a key that a stranger could know.
[[nodiscard]] inline siphash_key random_siphash_key() noexcept {
    std::array<std::uint8_t, 16> bytes{};
    if (!fill_random(bytes)) {
        std::fputs("sallyport: the system's random generator failed; no hash key can be drawn\n", stderr);
        std::abort();
    }
    siphash_key const key = siphash_key_from(bytes);
    wipe_value(bytes);
    return key;
}

}  // namespace sallyport::crypto
