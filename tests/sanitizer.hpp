// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Whether a sanitizer watches memory or threads in this build.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool sanitized = true;
#    else
inline constexpr bool sanitized = false;
#    endif
#else
inline constexpr bool sanitized = false;
#endif

/// With a sanitizer a test takes ten times as long and more, and has as much to be seen in a tenth of what is drawn at random.
inline constexpr int slowness = sanitized ? 10 : 1;

/// Of what takes long with a sanitizer even so, a fifth unless there is time; the build without one does all of it.
#ifdef SALLYPORT_TEST_LONG
inline constexpr int haste = 1;
#else
inline constexpr int haste = sanitized ? 5 : 1;
#endif
