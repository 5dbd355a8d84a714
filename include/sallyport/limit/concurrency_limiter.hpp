// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/claim.hpp>

#include <chrono>
#include <concepts>
#include <utility>

namespace sallyport {

/// Holds a place among the requests that run, and gives it back at its end, on whatever thread that is. It can be
/// moved and not copied; one that was moved from, or made without arguments, holds none and tests false.
template <class T>
concept request_permit =
    std::movable<T> && !std::copyable<T> && std::default_initializable<T> && requires(T const& permit) {
    static_cast<bool>(permit);
};

/// Bounds how many requests run at once. `enter` returns a permit, or one that tests false where there is no room, and
/// doesn't wait for any; `retry_after` is what those who are refused are told, a guess: nobody knows when a request
/// ends. Both may be called from several threads at once. One that throws counts as failed.
template <class T>
concept concurrency_limiter = requires(T& limiter, rate_key const& of) {
    { limiter.enter(of) } -> request_permit;
    { limiter.retry_after() }
    noexcept->std::same_as<std::chrono::nanoseconds>;
};

/// What a concurrency limiter answers to a passage. The permit itself is kept by the shell.
struct entry {
    bool admitted = false;
    std::chrono::nanoseconds retry_after{0};
};

}  // namespace sallyport
