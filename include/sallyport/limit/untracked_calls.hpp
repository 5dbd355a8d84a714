// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/bounded_list.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/clock.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
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

    /// What such a call is answered: if it is admitted, as one whose new keys have used nothing. Those that are known
    /// (`is_known(key)`) are judged and counted as ever, by `take(claims, counting, made)`, which is false if there is
    /// no room.
    template <class IsKnown, class Take>
    allowance answer(std::span<claim const> claims, bool counting, IsKnown const& is_known, Take const& take) const {
        if (full_ == when_full::fail) return {};
        claim_list known;
        bounded_list<bool, max_claims> was_known;  // asked once for all windows of a key
        for (std::size_t i = 0; i < claims.size(); ++i) {
            std::size_t first = 0;
            while (claims[first].key != claims[i].key) ++first;
            static_cast<void>(was_known.push_back(first < i ? was_known[first] : is_known(claims[i].key)));
            if (was_known[i]) static_cast<void>(known.push_back(claims[i]));
        }
        bool const fits = std::all_of(claims.begin(), claims.end(),
                                      [](claim const& each) { return each.cost <= each.quota.limit() || each.shadow; });
        allowance seen{.outcome = allowance::verdict::admitted};
        if (!known.empty() && !take(std::span<claim const>(known.data(), known.size()), counting && fits, seen)) {
            known = {};  // forgotten meanwhile: nothing of theirs counts
            seen.outcome = allowance::verdict::admitted;
        }
        // By the receipt of what was not counted nothing can be given back.
        allowance made{.outcome = fits ? seen.outcome : allowance::verdict::refused,
                       .receipt = {.stamp = steady_time::min()}};
        for (std::size_t i = 0, next = 0; i < claims.size(); ++i) {
            bool const judged = was_known[i] && !known.empty();
            static_cast<void>(made.states.push_back(judged ? seen.states[next++] : untouched(claims[i])));
            if (judged && i == 0) made.receipt = seen.receipt;
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
