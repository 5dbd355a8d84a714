// SPDX-License-Identifier: BSL-1.0
#include "metrics.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace demo {
namespace {

namespace sp = sallyport;
using sp::denial_reason;

void increment(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) noexcept {
    counter.fetch_add(by, std::memory_order_relaxed);
}

void append_head(std::string& out, std::string_view name, std::string_view help) {
    fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} counter\n", name, help);
}

void append_counter(std::string& out, std::string_view name, std::string_view help,
                    std::atomic<std::uint64_t> const& counter) {
    append_head(out, name, help);
    fmt::format_to(std::back_inserter(out), "{} {}\n", name, counter.load(std::memory_order_relaxed));
}

}  // namespace

void metrics::on_decision(sp::openpanel::observation const& seen) noexcept {
    auto& of_api = decisions_[sp::enumerator_index(seen.api)];
    increment(derivations_, seen.derivations);
    if (seen.decision.would_refuse()) increment(shadow_refusals_[sp::enumerator_index(seen.api)]);
    if (seen.remembered) increment(remembered_);
    if (seen.secret_in_clear) increment(secrets_in_clear_);
    if (seen.decision) {
        if (seen.decision.principal().needs_rehash) increment(to_rehash_);
        return increment(of_api[granted]);
    }
    auto const reason = seen.decision.denial().reason;
    if (reason == denial_reason::too_many_failures) increment(throttled_);
    if (reason == denial_reason::overloaded) increment(overloaded_);
    if (reason == denial_reason::store_failed) increment(store_failures_);
    if (reason == denial_reason::verifier_failed) increment(verifier_failures_);
    if (reason == denial_reason::limiter_failed) increment(limiter_failures_);
    increment(of_api[explains_ || sp::is_after_proof(reason) ? sp::enumerator_index(reason) : unproven]);
}

std::string metrics::text() const {
    std::string out;
    append_head(out, "sallyport_decisions_total", "Decisions by API, and by the reason of a refusal.");
    for (std::size_t api = 0; api < apis; ++api) {
        for (std::size_t reason = 0; reason < decisions_[api].size(); ++reason) {
            auto const count = decisions_[api][reason].load(std::memory_order_relaxed);
            if (count == 0 && reason != granted) continue;
            auto const name = reason == granted    ? std::string_view("granted")
                              : reason == unproven ? std::string_view("unproven")
                                                   : sp::reason_name(static_cast<denial_reason>(reason));
            fmt::format_to(std::back_inserter(out), "sallyport_decisions_total{{api=\"{}\",reason=\"{}\"}} {}\n",
                           sp::enumerator_name(static_cast<sp::openpanel::api>(api)), name, count);
        }
    }
    append_head(out, "sallyport_shadow_refusals_total",
                "Requests that a limit in shadow would have refused, whatever was decided, by API.");
    for (std::size_t api = 0; api < apis; ++api) {
        fmt::format_to(std::back_inserter(out), "sallyport_shadow_refusals_total{{api=\"{}\"}} {}\n",
                       sp::enumerator_name(static_cast<sp::openpanel::api>(api)),
                       shadow_refusals_[api].load(std::memory_order_relaxed));
    }
    append_counter(out, "sallyport_verifications_total", "Digests derived from presented secrets, decoys counted.",
                   derivations_);
    append_counter(out, "sallyport_cache_hits_total", "Secrets that had been proven before and were not hashed again.",
                   remembered_);
    append_counter(out, "sallyport_throttled_total", "Attempts refused after too many failures.", throttled_);
    append_counter(out, "sallyport_overloaded_total", "Attempts for whose expensive hash there was no room.",
                   overloaded_);
    append_counter(out, "sallyport_store_failures_total", "Decisions for which the store failed.", store_failures_);
    append_counter(out, "sallyport_verifier_failures_total", "Decisions for which a hash could not be computed.",
                   verifier_failures_);
    append_counter(out, "sallyport_limiter_failures_total", "Decisions for which the limiter failed.",
                   limiter_failures_);
    append_counter(out, "sallyport_secrets_in_clear_total", "Secrets that came unencrypted and were refused for it.",
                   secrets_in_clear_);
    append_counter(out, "sallyport_rehash_wanted_total", "Grants by a stored form that is below what is wanted now.",
                   to_rehash_);
    return out;
}

}  // namespace demo
