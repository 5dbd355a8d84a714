// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/bounded_list.hpp>
#include <sallyport/model/claim.hpp>

#include <compare>
#include <mutex>
#include <utility>

namespace sallyport {

/// Mutexes that are locked in one order, whoever asks for them, and one that is named twice once.
class mutexes_in_order {
public:
    void add(std::mutex& named) noexcept {
        auto* added = &named;
        for (auto& each : mutexes_) {
            if (each == added) return;
            if (std::compare_three_way{}(added, each) < 0) std::swap(added, each);
        }
        static_cast<void>(mutexes_.push_back(added));
    }
    void lock() {
        for (auto* const each : mutexes_) each->lock();
    }
    void unlock() noexcept {
        for (auto* const each : mutexes_) each->unlock();
    }

private:
    bounded_list<std::mutex*, max_claims> mutexes_;
};

}  // namespace sallyport
