#pragma once

#include <sallyport/model/claim.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace chain_model {

using std::chrono::nanoseconds;

struct window {
    std::uint32_t limit;
    nanoseconds length;
};
using windows = std::vector<window>;  ///< none: no limit

/// What was ever admitted of one budget, and when: limits by counting.
class budget {
public:
    bool admits(window const& of, std::uint32_t cost, nanoseconds now) const {
        return used(of, now) + cost <= of.limit;
    }

    std::uint32_t used(window const& of, nanoseconds now) const {
        auto const stamp = std::max(now, last_);
        std::uint32_t sum = 0;
        for (auto const& [at, cost] : admitted_) {
            if (at > stamp - of.length && at <= stamp) sum += cost;
        }
        return sum;
    }

    /// The least wait after which something holds that the passing of time alone brings about: the moments at which an
    /// admission leaves the window are tried one after the other.
    template <class Holds>
    nanoseconds wait(window const& of, nanoseconds now, Holds holds) const {
        if (holds(now)) return nanoseconds(0);
        std::set<nanoseconds> moments;
        for (auto const& [at, cost] : admitted_) moments.insert(at + of.length);
        for (auto const moment : moments) {
            if (moment > now && holds(moment)) return moment - now;
        }
        return sallyport::never;
    }

    void admit(std::uint32_t cost, nanoseconds now) {
        last_ = std::max(now, last_);
        admitted_.emplace_back(last_, cost);
        units_ += cost;
    }

    void give_back(nanoseconds stamp, std::uint32_t cost) {
        auto const gone = std::find(admitted_.begin(), admitted_.end(), std::pair(stamp, cost));
        if (gone != admitted_.end()) admitted_.erase(gone);
    }

    nanoseconds last() const { return last_; }
    std::uint64_t units() const { return units_; }

private:
    std::vector<std::pair<nanoseconds, std::uint32_t>> admitted_;
    nanoseconds last_ = nanoseconds::min();
    std::uint64_t units_ = 0;
};

}  // namespace chain_model
