// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cmath>

/// Mean and variance of numbers as they come (Welford 1962).
class running_variance {
public:
    void add(double value) noexcept {
        ++count_;
        double const off = value - mean_;
        mean_ += off / count_;
        squares_ += off * (value - mean_);
    }

    double count() const noexcept { return count_; }
    double mean() const noexcept { return mean_; }

    /// The variance of the mean; of fewer than two numbers nothing is known.
    double variance_of_mean() const noexcept { return count_ < 2 ? 0 : squares_ / (count_ - 1) / count_; }

private:
    double count_ = 0;
    double mean_ = 0;
    double squares_ = 0;
};

/// How far the means of two classes are apart, in units of what chance explains (Welch 1947).
inline double welch_t(running_variance const& a, running_variance const& b) noexcept {
    double const variance = a.variance_of_mean() + b.variance_of_mean();
    return variance > 0 ? (a.mean() - b.mean()) / std::sqrt(variance) : 0;
}
