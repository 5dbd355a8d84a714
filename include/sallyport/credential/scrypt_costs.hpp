// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/result.hpp>
#include <sallyport/model/stored_secret.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport {

/// What a verification by scrypt costs (RFC 7914 §2): N = 2^ln, r and p. By default twice what OpenPanel's costs.
struct scrypt_costs {
    std::uint32_t ln = 15;
    std::uint32_t r = 8;
    std::uint32_t p = 1;

    static constexpr scrypt_costs of(hash_form const& form) noexcept {
        return {form.cost[0], form.cost[1], form.cost[2]};
    }

    constexpr std::uint64_t n() const noexcept { return ln < 64 ? std::uint64_t{1} << ln : most; }

    /// In bytes, of both its tables and a block to work in: 128·r·(N + p + 2). The largest number if that is less.
    constexpr std::uint64_t memory() const noexcept {
        auto const blocks = n() > most - p - 2 ? most : n() + p + 2;
        return product(product(blocks, r), 128);
    }

    /// r·p·N. The largest number if that is less.
    constexpr std::uint64_t work() const noexcept { return product(product(n(), r), p); }

    /// Whether scrypt is defined for them, and N is a number that libraries take.
    constexpr bool valid() const noexcept {
        return r >= 1 && p >= 1 && ln >= 1 && ln < 64 && ln < std::uint64_t{16} * r &&
               std::uint64_t{r} * p < std::uint64_t{1} << 30;
    }

    /// A form of these costs, which has no salt and no key yet.
    constexpr hash_form blank(std::string_view scheme) const noexcept {
        return {.scheme = scheme, .cost = {ln, r, p}, .work = work()};
    }

private:
    static constexpr auto most = std::numeric_limits<std::uint64_t>::max();

    static constexpr std::uint64_t product(std::uint64_t a, std::uint64_t b) noexcept {
        return b != 0 && a > most / b ? most : a * b;
    }
};

/// What one verification by scrypt may cost at most: a stored form is input, too.
struct scrypt_ceiling {
    std::uint64_t memory = (std::uint64_t{64} << 20) + (1 << 14);  ///< bytes: a table of 64 MiB, and little beside it
    std::uint64_t work = std::uint64_t{1} << 20;  ///< r·p·N, of which OpenPanel's costs are an eighth
};

/// What is wrong with the costs, if anything: they are above the ceiling, or none of scrypt's.
inline std::optional<error> problem_with(scrypt_costs const& costs, scrypt_ceiling const& ceiling) {
    if (costs.memory() > ceiling.memory || costs.work() > ceiling.work) {
        return error{"scrypt costs above the ceiling; at most " + std::to_string(ceiling.memory) +
                     " bytes of memory, 128·r·(2^ln + p + 2), and " + std::to_string(ceiling.work) +
                     " of work, r·p·2^ln, are accepted"};
    }
    if (!costs.valid()) {
        return error{
            "scrypt costs that are none; ln, r and p of 1 and more are accepted, ln below 16·r and r·p below "
            "2^30"};
    }
    return std::nullopt;
}

}  // namespace sallyport
