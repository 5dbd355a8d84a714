// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/uuid_parse_portable.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#if defined(__AVX512VBMI__) && defined(__AVX512VL__)
#    include <immintrin.h>
#elif defined(__SSE4_1__)
#    include <smmintrin.h>
#elif defined(__SSSE3__)
#    include <tmmintrin.h>
#elif defined(__SSE2__)
#    include <emmintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__)
#    include <arm_neon.h>
#endif

/// `parse_uuid_v4_simd` does what `parse_uuid_v4_portable` does, sixteen characters at a time and with one branch, by
/// what the build's flags say that every processor has: SSE2 (all of x86-64), SSSE3, SSE4.1, AVX-512 with VL and VBMI,
/// or NEON. Elsewhere it is the portable one. The tests run all of these: NEON on an emulated processor, and AVX-512,
/// which they build everywhere, where the processor has it. All characters are judged before the answer, so that none
/// takes longer than another.
///
/// A character is less than 16 after two saturating walks, of which the smaller result counts: one takes '0' to '9' to
/// their values and all else far above, the other the letters. (The walks are by Geoff Langdale and Wojciech Muła.)
namespace sallyport {

namespace uuid_text {

/// What 16 bytes hold at some places, and where these are.
struct pattern {
    std::array<std::uint8_t, 16> mask;
    std::array<std::uint8_t, 16> value;
};

/// In the characters from the first hyphen to the last.
constexpr pattern hyphens{{255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255},
                          {'-', 0, 0, 0, 0, '-', 0, 0, 0, 0, '-', 0, 0, 0, 0, '-'}};
/// In the id's bytes: version 4, and variant 10xx.
constexpr pattern version_and_variant{{0, 0, 0, 0, 0, 0, 0xf0, 0, 0xc0}, {0, 0, 0, 0, 0, 0, 0x40, 0, 0x80}};

}  // namespace uuid_text

#if defined(__SSE2__)

namespace uuid_text {

inline __m128i load(void const* from) noexcept { return _mm_loadu_si128(static_cast<__m128i const*>(from)); }
inline __m128i load_8(void const* from) noexcept { return _mm_loadl_epi64(static_cast<__m128i const*>(from)); }
inline __m128i load_4(void const* from) noexcept {
    int word = 0;
    std::memcpy(&word, from, sizeof word);
    return _mm_cvtsi32_si128(word);
}

inline __m128i every(int byte) noexcept { return _mm_set1_epi8(static_cast<char>(byte)); }

/// The values of 16 digits; what is no digit becomes 16 or more.
inline __m128i digit_values(__m128i text) noexcept {
    __m128i const decimal = _mm_sub_epi8(_mm_subs_epu8(_mm_add_epi8(text, every(255 - '9')), every(6)), every(240));
    __m128i const lower_bits = _mm_sub_epi8(_mm_and_si128(text, every(0xdf)), every('A'));  // either case
    return _mm_min_epu8(decimal, _mm_adds_epu8(lower_bits, every(10)));
}

/// Each two digits as one number of 16 bits.
inline __m128i pairs(__m128i digits) noexcept {
#    if defined(__SSSE3__)
    return _mm_maddubs_epi16(digits, _mm_set1_epi16(0x0110));  // 16 times the first, and the second
#    else
    return _mm_srli_epi16(_mm_or_si128(_mm_slli_epi16(digits, 12), digits), 8);
#    endif
}

struct halves {
    __m128i front, back;
};

/// The 32 digits of the 36 characters.
#    if defined(__AVX512VBMI__) && defined(__AVX512VL__)
inline halves digits_of(char const* at) noexcept {
    // The last four are the last of the 32 characters that begin at the fifth.
    constexpr std::array<std::uint8_t, 32> places{0,  1,  2,  3,  4,  5,  6,  7,  9,  10, 11, 12, 14, 15, 16, 17,
                                                  19, 20, 21, 22, 24, 25, 26, 27, 28, 29, 30, 31, 60, 61, 62, 63};
    auto const load_32 = [](void const* from) { return _mm256_loadu_si256(static_cast<__m256i const*>(from)); };
    __m256i const all = _mm256_permutex2var_epi8(load_32(at), load_32(places.data()), load_32(at + 4));
    return {_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1)};
}
#    else
inline halves digits_of(char const* at) noexcept {
    return {_mm_unpacklo_epi64(load_8(at), _mm_unpacklo_epi32(load_4(at + 9), load_4(at + 14))),
            _mm_unpacklo_epi64(_mm_unpacklo_epi32(load_4(at + 19), load_4(at + 24)), load_8(at + 28))};
}
#    endif

/// No bits where the pattern is held.
inline __m128i differing(__m128i bytes, pattern const& expected) noexcept {
    return _mm_xor_si128(_mm_and_si128(bytes, load(expected.mask.data())), load(expected.value.data()));
}

inline bool is_zero(__m128i bits) noexcept {
#    if defined(__SSE4_1__)
    return _mm_testz_si128(bits, bits) != 0;
#    else
    return _mm_movemask_epi8(_mm_cmpeq_epi8(bits, _mm_setzero_si128())) == 0xffff;
#    endif
}

}  // namespace uuid_text

inline bool parse_uuid_v4_simd(std::span<char const, 36> text, std::span<std::uint8_t, 16> out) noexcept {
    using namespace uuid_text;
    char const* const at = text.data();
    halves const digits = digits_of(at);
    __m128i const front = digit_values(digits.front);
    __m128i const back = digit_values(digits.back);
    __m128i const bytes = _mm_packus_epi16(pairs(front), pairs(back));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out.data()), bytes);

    __m128i const no_digits = _mm_and_si128(_mm_or_si128(front, back), every(0xf0));
    __m128i const misplaced = differing(load(at + 8), hyphens);
    return is_zero(_mm_or_si128(_mm_or_si128(no_digits, misplaced), differing(bytes, version_and_variant)));
}

#elif defined(__ARM_NEON) && defined(__aarch64__)

namespace uuid_text {

inline uint8x8_t load_8(char const* from) noexcept { return vld1_u8(reinterpret_cast<std::uint8_t const*>(from)); }

/// Four characters and four others.
inline uint8x8_t load_4_and_4(char const* first, char const* second) noexcept {
    std::array<std::uint8_t, 8> both{};
    std::memcpy(both.data(), first, 4);
    std::memcpy(both.data() + 4, second, 4);
    return vld1_u8(both.data());
}

/// The values of 16 digits; what is no digit becomes 16 or more.
inline uint8x16_t digit_values(uint8x16_t text) noexcept {
    uint8x16_t const moved = vqsubq_u8(vaddq_u8(text, vdupq_n_u8(255 - '9')), vdupq_n_u8(6));
    uint8x16_t const decimal = vsubq_u8(moved, vdupq_n_u8(240));
    uint8x16_t const lower_bits = vsubq_u8(vandq_u8(text, vdupq_n_u8(0xdf)), vdupq_n_u8('A'));  // either case
    return vminq_u8(decimal, vqaddq_u8(lower_bits, vdupq_n_u8(10)));
}

/// No bits where the pattern is held.
inline uint8x16_t differing(uint8x16_t bytes, pattern const& expected) noexcept {
    return veorq_u8(vandq_u8(bytes, vld1q_u8(expected.mask.data())), vld1q_u8(expected.value.data()));
}

}  // namespace uuid_text

inline bool parse_uuid_v4_simd(std::span<char const, 36> text, std::span<std::uint8_t, 16> out) noexcept {
    using namespace uuid_text;
    char const* const at = text.data();
    uint8x16_t const front = digit_values(vcombine_u8(load_8(at), load_4_and_4(at + 9, at + 14)));
    uint8x16_t const back = digit_values(vcombine_u8(load_4_and_4(at + 19, at + 24), load_8(at + 28)));
    uint8x16_t const bytes = vorrq_u8(vshlq_n_u8(vuzp1q_u8(front, back), 4), vuzp2q_u8(front, back));
    vst1q_u8(out.data(), bytes);

    uint8x16_t const no_digits = vandq_u8(vorrq_u8(front, back), vdupq_n_u8(0xf0));
    uint8x16_t const middle = vcombine_u8(load_8(at + 8), load_8(at + 16));
    uint8x16_t const wrong = vorrq_u8(differing(middle, hyphens), differing(bytes, version_and_variant));
    return vmaxvq_u8(vorrq_u8(no_digits, wrong)) == 0;
}

#else

constexpr bool parse_uuid_v4_simd(std::span<char const, 36> text, std::span<std::uint8_t, 16> out) noexcept {
    return parse_uuid_v4_portable(text, out);
}

#endif

}  // namespace sallyport
