// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/sha256_portable.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__) && (defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 12))
#    include <cpuid.h>
#    define SALLYPORT_SHA256_X86 [[gnu::target("sha,ssse3")]]
#endif

/// SHA-256's compression by the SHA instructions of x86-64 (SHA256RNDS2 and its kin, Intel's Software Developer's
/// Manual, volume 2B). Compiled whatever the build's flags are, and called where the processor has them. In the
/// compilers' own vector types: the header of all intrinsics takes longer to read than the rest of this library.
#if defined(SALLYPORT_SHA256_X86)
namespace sallyport::crypto {

/// Whether this processor has the instructions: CPUID leaf 7 and SSSE3. Asked once.
inline bool has_sha256_instructions() noexcept {
    static bool const has = [] {
        unsigned a = 0, b = 0, c = 0, d = 0;
        bool const ssse3 = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSSE3) != 0;
        return ssse3 && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
    }();
    return has;
}

class sha256_x86 {
public:
    SALLYPORT_SHA256_X86 static void compress(sha256_chain& chain, void const* blocks, std::size_t count) noexcept {
        auto const* at = static_cast<std::uint8_t const*>(blocks);
        words low, high;  // a, b, c, d and e, f, g, h
        std::memcpy(&low, &chain[0], sizeof low);
        std::memcpy(&high, &chain[4], sizeof high);
        words abef = __builtin_shufflevector(low, high, 5, 4, 1, 0);  // as the instructions have them
        words cdgh = __builtin_shufflevector(low, high, 7, 6, 3, 2);
        std::array<words, 4> w;
        for (; count != 0; --count, at += sha256_block) {
            words const abef_before = abef;
            words const cdgh_before = cdgh;
            for (std::size_t i = 0; i < 4; ++i) w[i] = load(at + 16 * i);
            for (std::size_t t = 0; t < 48; t += 16) {
                mix(abef, cdgh, w[0], t);
                w[0] = extend(w[0], w[1], w[2], w[3]);
                mix(abef, cdgh, w[1], t + 4);
                w[1] = extend(w[1], w[2], w[3], w[0]);
                mix(abef, cdgh, w[2], t + 8);
                w[2] = extend(w[2], w[3], w[0], w[1]);
                mix(abef, cdgh, w[3], t + 12);
                w[3] = extend(w[3], w[0], w[1], w[2]);
            }
            mix(abef, cdgh, w[0], 48);
            mix(abef, cdgh, w[1], 52);
            mix(abef, cdgh, w[2], 56);
            mix(abef, cdgh, w[3], 60);
            abef += abef_before;
            cdgh += cdgh_before;
        }
        low = __builtin_shufflevector(abef, cdgh, 3, 2, 7, 6);
        high = __builtin_shufflevector(abef, cdgh, 1, 0, 5, 4);
        std::memcpy(&chain[0], &low, sizeof low);
        std::memcpy(&chain[4], &high, sizeof high);
        wipe_value(w);
        clear_registers();
    }

private:
    using words = std::uint32_t __attribute__((vector_size(16)));
    using ints = int __attribute__((vector_size(16)));
    using bytes = std::uint8_t __attribute__((vector_size(16)));

    /// Four words of the message, most significant byte first.
    SALLYPORT_SHA256_X86 [[gnu::always_inline]] static words load(std::uint8_t const* from) noexcept {
        bytes four;
        std::memcpy(&four, from, sizeof four);
        return words(__builtin_shufflevector(four, four, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
    }

    /// Four rounds.
    SALLYPORT_SHA256_X86 [[gnu::always_inline]] static void mix(words& abef, words& cdgh, words w,
                                                                std::size_t t) noexcept {
        words k;
        std::memcpy(&k, &sha256_constants[t], sizeof k);
        words const input = w + k;
        cdgh = words(__builtin_ia32_sha256rnds2(ints(cdgh), ints(abef), ints(input)));
        words const rest = __builtin_shufflevector(input, input, 2, 3, 2, 3);
        abef = words(__builtin_ia32_sha256rnds2(ints(abef), ints(cdgh), ints(rest)));
    }

    /// The four words of the schedule that follow on these sixteen.
    SALLYPORT_SHA256_X86 [[gnu::always_inline]] static words extend(words w0, words w1, words w2, words w3) noexcept {
        words const partial = words(__builtin_ia32_sha256msg1(ints(w0), ints(w1)));
        words const sum = partial + __builtin_shufflevector(w2, w3, 1, 2, 3, 4);
        return words(__builtin_ia32_sha256msg2(ints(sum), ints(w3)));
    }

    /// The message can be computed back from its schedule, and registers come onto the stack sooner or later.
    SALLYPORT_SHA256_X86 [[gnu::always_inline]] static void clear_registers() noexcept {
        __asm__ volatile(
            "pxor %%xmm0, %%xmm0\n pxor %%xmm1, %%xmm1\n pxor %%xmm2, %%xmm2\n pxor %%xmm3, %%xmm3\n"
            "pxor %%xmm4, %%xmm4\n pxor %%xmm5, %%xmm5\n pxor %%xmm6, %%xmm6\n pxor %%xmm7, %%xmm7\n"
            "pxor %%xmm8, %%xmm8\n pxor %%xmm9, %%xmm9\n pxor %%xmm10, %%xmm10\n pxor %%xmm11, %%xmm11\n"
            "pxor %%xmm12, %%xmm12\n pxor %%xmm13, %%xmm13\n pxor %%xmm14, %%xmm14\n pxor %%xmm15, %%xmm15"
            :
            :
            : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
              "xmm13", "xmm14", "xmm15");
    }
};

}  // namespace sallyport::crypto
#endif
