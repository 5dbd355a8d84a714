// SPDX-License-Identifier: BSL-1.0
#pragma once

#if defined(__has_feature)
#    define SALLYPORT_TEST_HAS_FEATURE(name) __has_feature(name)
#else
#    define SALLYPORT_TEST_HAS_FEATURE(name) 0
#endif

/// Whether a sanitizer watches memory, or threads, in this build.
#if defined(__SANITIZE_ADDRESS__) || SALLYPORT_TEST_HAS_FEATURE(address_sanitizer)
inline constexpr bool watches_memory = true;
#else
inline constexpr bool watches_memory = false;
#endif
#if defined(__SANITIZE_THREAD__) || SALLYPORT_TEST_HAS_FEATURE(thread_sanitizer)
inline constexpr bool watches_threads = true;
#else
inline constexpr bool watches_threads = false;
#endif
inline constexpr bool sanitized = watches_memory || watches_threads;

/// With a sanitizer a test takes ten times as long and more, and has as much to be seen in a tenth of what is drawn at random.
inline constexpr int slowness = sanitized ? 10 : 1;

/// Of what takes long while memory is watched even so, a fifth unless there is time; the other builds do all of it.
#ifdef SALLYPORT_TEST_LONG
inline constexpr int haste = 1;
#else
inline constexpr int haste = watches_memory ? 5 : 1;
#endif
