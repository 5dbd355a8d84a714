// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/hash_scheme.hpp>
#include <sallyport/credential/phc_string.hpp>
#include <sallyport/credential/salted_form.hpp>
#include <sallyport/credential/scrypt_costs.hpp>
#include <sallyport/credential/stored_text.hpp>
#include <sallyport/crypto/hex.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sallyport {

/// Some library's scrypt (RFC 7914). False if it could not do its work, for want of memory say. HMAC pads its key (RFC
/// 2104 §2), so zero bytes behind a password of up to 64 bytes are not seen.
template <class T>
concept scrypt_function = requires(std::string_view password, std::span<std::uint8_t const> salt, std::uint64_t n,
                                   std::uint32_t r, std::uint32_t p, std::span<std::uint8_t> out) {
    { T::scrypt(password, salt, n, r, p, out) }
    noexcept->std::same_as<bool>;
};

/// Derives a key by some library's scrypt. What ends in a zero byte derives another than what lies before that byte, which
/// scrypt alone would not tell apart: nobody is proven by the form of a secret that is shorter, or empty. In constant time.
template <scrypt_function Library>
bool scrypt_key(std::string_view presented, hash_form const& stored, scrypt_costs const& costs,
                std::span<std::uint8_t> out) noexcept {
    if (out.size() != stored.digest.size() ||
        !Library::scrypt(presented, stored.salt_bytes(), costs.n(), costs.r, costs.p, out)) {
        return false;
    }
    if (!presented.empty() && !out.empty()) out[0] ^= static_cast<std::uint8_t>(presented.back() == '\0');
    return true;
}

/// `SALTHEX.KEYHEX`, as OpenPanel stores secrets: scrypt with N=16384, r=8, p=1 and a key of 32 bytes; what salts it
/// is the text of the hex digits, not the bytes that they spell. 16 MiB and tens of milliseconds a verification.
template <scrypt_function Library>
struct openpanel_scrypt_scheme {
    static constexpr std::string_view name = "openpanel-scrypt";
    static constexpr std::string_view form = "SALTHEX.KEYHEX, a salt of 2 to 64 hex digits and a key of 64";
    static constexpr scheme_cost cost = scheme_cost::expensive;

    static constexpr bool recognizes(std::string_view text) noexcept {
        return text.find('.') != text.npos && text.find_first_of(":$") == text.npos;
    }

    static result<hash_form> parse(std::string_view text) {
        auto const dot = text.find('.');
        auto const salt = text.substr(0, dot);
        auto made = under(salt);
        std::array<std::uint8_t, derived_key_size> key{};
        std::array<std::uint8_t, hash_form::max_salt / 2> salt_bytes{};
        bool const salt_fits = dot != text.npos && dot >= 2 && dot <= hash_form::max_salt;
        if (!salt_fits || !crypto::decode_hex(salt, std::span(salt_bytes).first(dot / 2)) ||
            !crypto::decode_hex(text.substr(dot + 1), key)) {
            return error{"expected " + std::string(form)};
        }
        std::copy(key.begin(), key.end(), made.digest.begin());
        return made;
    }

    static std::string text(hash_form const& stored) {
        return std::string(stored.salt.begin(), stored.salt.end()) + '.' + hex_of(stored.digest_bytes());
    }

    static constexpr bool is_current(hash_form const&) noexcept { return true; }

    static bool derive(std::string_view presented, hash_form const& stored, std::span<std::uint8_t> out) noexcept {
        return scrypt_key<Library>(presented, stored, costs, out);
    }

    static hash_form decoy() noexcept { return under("00000000000000000000000000000000"); }

    /// The form under which a secret is stored, with a salt of its own. Raises `setup_error` if the secret is empty, if
    /// the system has no randomness to give, or if the library could not do its work.
    static hash_form store(std::string_view plain) {
        return keyed(openpanel_scrypt_scheme(), plain, under(hex_of(fresh_salt())));
    }

private:
    static constexpr scrypt_costs costs{.ln = 14, .r = 8, .p = 1};

    static hash_form under(std::string_view salt) noexcept {
        return salted(costs.blank(name), {reinterpret_cast<std::uint8_t const*>(salt.data()), salt.size()});
    }
};

/// `$scrypt$ln=15,r=8,p=1$SALT$KEY`: scrypt with N = 2^ln. Costs above the ceiling are refused when the form is read.
template <scrypt_function Library>
class scrypt_scheme {
public:
    static constexpr std::string_view name = "scrypt";
    static constexpr std::string_view form =
        "$scrypt$ln=15,r=8,p=1$SALT$KEY, a salt of 8 to 64 bytes and a key of 16 to 64 in base64 without padding";
    static constexpr scheme_cost cost = scheme_cost::expensive;

    /// With the costs and the ceiling that are good for most.
    constexpr scrypt_scheme() noexcept = default;

    /// Raises `setup_error` if the costs are none, or above the ceiling; `make` is the twin that returns it.
    explicit scrypt_scheme(scrypt_costs wanted, scrypt_ceiling ceiling = {})
        : scrypt_scheme(make(wanted, ceiling).value()) {}

    static result<scrypt_scheme> make(scrypt_costs wanted, scrypt_ceiling ceiling = {}) {
        if (auto problem = problem_with(wanted, ceiling)) return *problem;
        return scrypt_scheme(from_checked{}, wanted, ceiling);
    }

    static constexpr bool recognizes(std::string_view text) noexcept { return text.starts_with("$scrypt$"); }

    result<hash_form> parse(std::string_view text) const {
        scrypt_costs costs{};
        phc_reader in(text);
        in.expect("$scrypt$");
        costs.ln = in.number("ln");
        costs.r = in.number(",r");
        costs.p = in.number(",p");
        auto made = costs.blank(name);
        in.bytes(made.salt, 8);
        in.bytes(made.digest, hash_form::min_digest);
        if (!in.done()) return error{"expected " + std::string(form)};
        if (auto problem = problem_with(costs, ceiling_)) return *problem;
        return made;
    }

    static std::string text(hash_form const& stored) {
        auto const costs = scrypt_costs::of(stored);
        return "$scrypt$ln=" + std::to_string(costs.ln) + ",r=" + std::to_string(costs.r) +
               ",p=" + std::to_string(costs.p) + phc_salt_and_key(stored);
    }

    /// Whether each of the form's costs is at least what is wanted.
    constexpr bool is_current(hash_form const& stored) const noexcept {
        auto const costs = scrypt_costs::of(stored);
        return costs.ln >= wanted_.ln && costs.r >= wanted_.r && costs.p >= wanted_.p;
    }

    bool derive(std::string_view presented, hash_form const& stored, std::span<std::uint8_t> out) const noexcept {
        return scrypt_key<Library>(presented, stored, scrypt_costs::of(stored), out);
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
    constexpr scrypt_scheme(from_checked, scrypt_costs wanted, scrypt_ceiling ceiling) noexcept
        : wanted_(wanted), ceiling_(ceiling) {}

    scrypt_costs wanted_{};
    scrypt_ceiling ceiling_{};
};

}  // namespace sallyport
