// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

namespace sallyport {

/// What becomes of a new key for which there is no room, since all that are held count: it is answered `failed`, or
/// admitted without being counted, which `untracked` tells.
enum class when_full : std::uint8_t { fail, admit_untracked };

/// The calls for which a limiter has no room. Thread-safe.
class untracked_calls {
public:
    explicit untracked_calls(when_full full) : full_(full), count_(std::make_unique<std::atomic<std::uint64_t>>(0)) {}

    /// What such a call is answered: if it is admitted, as one of keys that used nothing.
    allowance answer(std::span<claim const> claims, bool counting) const noexcept {
        if (full_ == when_full::fail) return {};
        // By the receipt of what was not counted nothing can be given back.
        allowance made{.outcome = allowance::verdict::admitted, .receipt = {.stamp = steady_time::min()}};
        for (auto const& each : claims) {
            static_cast<void>(made.states.push_back(untouched(each)));
            if (each.cost > each.quota.limit() && !each.shadow) made.outcome = allowance::verdict::refused;
        }
        if (made.outcome == allowance::verdict::refused) {
            made.receipt = {};
        } else if (counting) {
            count_->fetch_add(1, std::memory_order_relaxed);
        }
        return made;
    }

    /// How many were admitted without being counted.
    std::uint64_t count() const noexcept { return count_->load(std::memory_order_relaxed); }

private:
    when_full full_;
    std::unique_ptr<std::atomic<std::uint64_t>> count_;
};

}  // namespace sallyport
