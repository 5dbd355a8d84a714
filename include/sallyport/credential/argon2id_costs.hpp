// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/result.hpp>
#include <sallyport/model/stored_secret.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport {

/// What a verification by Argon2id costs (RFC 9106 §3.1): m kibibytes of memory, t passes over it, in p lanes. By
/// default the least that OWASP's Password Storage Cheat Sheet recommends.
struct argon2id_costs {
    std::uint32_t m = 19456;
    std::uint32_t t = 2;
    std::uint32_t p = 1;

    static constexpr argon2id_costs of(hash_form const& form) noexcept {
        return {form.cost[0], form.cost[1], form.cost[2]};
    }

    /// In kibibytes gone over: m·t.
    constexpr std::uint64_t work() const noexcept { return std::uint64_t{m} * t; }

    /// Whether Argon2id is defined for them.
    constexpr bool valid() const noexcept { return t >= 1 && p >= 1 && m >= std::uint64_t{8} * p; }

    /// A form of these costs, which has no salt and no key yet.
    constexpr hash_form blank(std::string_view scheme) const noexcept {
        return {.scheme = scheme, .cost = {m, t, p}, .work = work()};
    }
};

/// What one verification by Argon2id may cost at most: a stored form is input, too.
struct argon2id_ceiling {
    std::uint32_t memory = 65536;  ///< kibibytes
    std::uint64_t work = 262144;   ///< kibibytes × passes
};

/// What is wrong with the costs, if anything: they are above the ceiling, or none of Argon2id's.
inline std::optional<error> problem_with(argon2id_costs const& costs, argon2id_ceiling const& ceiling) {
    if (costs.m > ceiling.memory || costs.work() > ceiling.work) {
        return error{"argon2id costs above the ceiling; at most " + std::to_string(ceiling.memory) +
                     " kibibytes of memory, m, and " + std::to_string(ceiling.work) + " of work, m·t, are accepted"};
    }
    if (!costs.valid()) {
        return error{"argon2id costs that are none; t and p of 1 and more and m of 8·p and more are accepted"};
    }
    return std::nullopt;
}

}  // namespace sallyport
