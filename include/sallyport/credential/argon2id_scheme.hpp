// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/argon2id_costs.hpp>
#include <sallyport/credential/hash_scheme.hpp>
#include <sallyport/credential/phc_string.hpp>
#include <sallyport/credential/salted_form.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sallyport {

/// Some library's Argon2id, version 19 (RFC 9106), and how many lanes and what salts it can do. False if it could not
/// do its work, for want of memory say.
template <class T>
concept argon2id_function = requires(std::string_view password, std::span<std::uint8_t const> salt,
                                     std::uint32_t kibibytes, std::uint32_t passes, std::uint32_t lanes,
                                     std::span<std::uint8_t> out) {
    { T::max_lanes } -> std::convertible_to<std::uint32_t>;
    { T::min_salt } -> std::convertible_to<std::size_t>;
    { T::max_salt } -> std::convertible_to<std::size_t>;
    { T::argon2id(password, salt, kibibytes, passes, lanes, out) }
    noexcept->std::same_as<bool>;
};

/// `$argon2id$v=19$m=19456,t=2,p=1$SALT$KEY`: Argon2id with m kibibytes, t passes and p lanes. Costs above the ceiling,
/// and lanes or salts that the library can't do, are refused when the form is read.
template <argon2id_function Library>
class argon2id_scheme {
    static_assert(Library::min_salt <= fresh_salt_size && fresh_salt_size <= Library::max_salt);

public:
    static constexpr std::string_view name = "argon2id";
    static constexpr std::string_view form =
        "$argon2id$v=19$m=19456,t=2,p=1$SALT$KEY, salt and key in base64 without padding, the key of 16 to 64 bytes";
    static constexpr scheme_cost cost = scheme_cost::expensive;

    /// With the costs and the ceiling that are good for most.
    constexpr argon2id_scheme() noexcept = default;

    /// Raises `setup_error` if the costs are none, above the ceiling, or more than the library can do; `make` is the
    /// twin that returns it.
    explicit argon2id_scheme(argon2id_costs wanted, argon2id_ceiling ceiling = {})
        : argon2id_scheme(make(wanted, ceiling).value()) {}

    static result<argon2id_scheme> make(argon2id_costs wanted, argon2id_ceiling ceiling = {}) {
        if (auto problem = problem_with(wanted, ceiling)) return *problem;
        if (wanted.p > Library::max_lanes) return too_many_lanes();
        return argon2id_scheme(from_checked{}, wanted, ceiling);
    }

    /// Argon2's other types are meant as this form, too, and are none.
    static constexpr bool recognizes(std::string_view text) noexcept { return text.starts_with("$argon2"); }

    result<hash_form> parse(std::string_view text) const {
        argon2id_costs costs{};
        phc_reader in(text);
        in.expect("$argon2id$v=19$");
        costs.m = in.number("m");
        costs.t = in.number(",t");
        costs.p = in.number(",p");
        auto made = costs.blank(name);
        in.bytes(made.salt, 0);
        in.bytes(made.digest, hash_form::min_digest);
        if (!in.done()) return error{"expected " + std::string(form)};
        if (auto problem = problem_with(costs, ceiling_)) return *problem;
        if (costs.p > Library::max_lanes) return too_many_lanes();
        if (made.salt.size() < Library::min_salt || made.salt.size() > Library::max_salt) return wrong_salt();
        return made;
    }

    static std::string text(hash_form const& stored) {
        auto const costs = argon2id_costs::of(stored);
        return "$argon2id$v=19$m=" + std::to_string(costs.m) + ",t=" + std::to_string(costs.t) +
               ",p=" + std::to_string(costs.p) + phc_salt_and_key(stored);
    }

    /// Whether each of the form's costs is at least what is wanted.
    constexpr bool is_current(hash_form const& stored) const noexcept {
        auto const costs = argon2id_costs::of(stored);
        return costs.m >= wanted_.m && costs.t >= wanted_.t && costs.p >= wanted_.p;
    }

    bool derive(std::string_view presented, hash_form const& stored, std::span<std::uint8_t> out) const noexcept {
        auto const costs = argon2id_costs::of(stored);
        return out.size() == stored.digest.size() &&
               Library::argon2id(presented, stored.salt_bytes(), costs.m, costs.t, costs.p, out);
    }

    constexpr hash_form decoy() const noexcept {
        return salted(wanted_.blank(name), std::array<std::uint8_t, fresh_salt_size>{});
    }

    /// The form under which a secret is stored, with a salt of its own. Raises `setup_error` if the secret is empty, if
    /// the system has no randomness to give, or if the library could not do its work.
    hash_form store(std::string_view plain) const {
        return keyed(*this, plain, salted(wanted_.blank(name), fresh_salt()));
    }

private:
    struct from_checked {};
    constexpr argon2id_scheme(from_checked, argon2id_costs wanted, argon2id_ceiling ceiling) noexcept
        : wanted_(wanted), ceiling_(ceiling) {}

    static error too_many_lanes() {
        return error{"argon2id lanes that this library can't do; p of at most " + std::to_string(Library::max_lanes) +
                     " is accepted"};
    }
    static error wrong_salt() {
        auto const most = Library::min_salt == Library::max_salt ? "" : " to " + std::to_string(Library::max_salt);
        return error{"an argon2id salt that this library can't take; " + std::to_string(Library::min_salt) + most +
                     " bytes are accepted"};
    }

    argon2id_costs wanted_{};
    argon2id_ceiling ceiling_{};
};

}  // namespace sallyport
