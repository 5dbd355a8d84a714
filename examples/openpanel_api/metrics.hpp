// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/openpanel.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace demo {

/// Counts what the gate decides, for Prometheus. Thread-safe, and never in the way of a decision.
class metrics {
public:
    /// `explains`: whether each refusal before proof is counted by its own reason. Whoever reads the counts could tell
    /// from that whether an id exists.
    explicit metrics(bool explains) noexcept : explains_(explains) {}

    void on_decision(sallyport::openpanel::observation const& seen) noexcept;

    /// The counts in Prometheus' text format, version 0.0.4.
    std::string text() const;

private:
    using counter = std::atomic<std::uint64_t>;

    static constexpr std::size_t apis = sallyport::enumerator_count<sallyport::openpanel::api>;
    static constexpr std::size_t reasons = sallyport::enumerator_count<sallyport::denial_reason>;

    /// What one API has been answered: how often each reason, and beside them:
    static constexpr std::size_t granted = reasons;
    static constexpr std::size_t unproven = reasons + 1;

    std::array<std::array<counter, reasons + 2>, apis> decisions_{};
    std::array<counter, apis> shadow_refusals_{};
    counter derivations_{};
    counter remembered_{};
    counter throttled_{};
    counter overloaded_{};
    counter store_failures_{};
    counter verifier_failures_{};
    counter limiter_failures_{};
    counter secrets_in_clear_{};
    counter to_rehash_{};
    bool explains_;
};

}  // namespace demo
