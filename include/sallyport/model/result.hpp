// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace sallyport {

/// A mistake at set-up: what was wrong, where, and what is accepted.
struct error {
    std::string message;
};

/// Thrown by the makers that throw. A refused request is never an exception.
class setup_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Ends a set-up that can't go on: throws `setup_error`; without exceptions prints the message and aborts.
[[noreturn]] inline void raise(error const& problem) {
#if defined(__cpp_exceptions)
    throw setup_error(problem.message);
#else
    std::fprintf(stderr, "sallyport: %s\n", problem.message.c_str());
    std::abort();
#endif
}

/// A value, or the error that stood in its way. The twin of every maker that throws.
template <class T>
class [[nodiscard]] result {
public:
    result(T value) : value_(std::move(value)) {}
    result(error problem) : problem_(std::move(problem)) {}

    explicit operator bool() const noexcept { return value_.has_value(); }

    /// The value; raises the error if there is none.
    T& value() & {
        require();
        return *value_;
    }
    T const& value() const& {
        require();
        return *value_;
    }
    T value() && {
        require();
        return std::move(*value_);
    }

    /// The error's text; empty if there is a value.
    std::string const& message() const noexcept { return problem_.message; }

private:
    void require() const {
        if (!value_) raise(problem_);
    }

    std::optional<T> value_;
    error problem_;
};

/// Whether a change was made; if not, why. Nothing of a refused change is kept.
class [[nodiscard]] outcome {
public:
    outcome() = default;
    outcome(error problem) : problem_(std::move(problem)) {}

    explicit operator bool() const noexcept { return !problem_; }

    /// The error's text; empty if the change was made.
    std::string message() const { return problem_ ? problem_->message : std::string{}; }

    /// Raises the error if there is one.
    void value() const {
        if (problem_) raise(*problem_);
    }

private:
    std::optional<error> problem_;
};

}  // namespace sallyport
