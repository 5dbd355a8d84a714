// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/proof.hpp>
#include <sallyport/model/result.hpp>
#include <sallyport/model/stored_secret.hpp>

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sallyport {

/// Whether a verification by a scheme costs about as much as the rest of a decision, or a thousand times that.
enum class scheme_cost : std::uint8_t { cheap, expensive };

/// One way in which secrets are stored. A scheme reads its own stored form and derives from a presented
/// secret what must equal the stored digest; the comparison is the verifier's. All members may be called from
/// several threads at once.
///   - `name`: its own, no other scheme's; `form`: its stored form as an error message shows it;
///   - `recognizes(text)`: whether the text is meant as this scheme's form, well formed or not;
///   - `parse(text)`: the form, or what was expected of it;
///   - `text(form)`: a form of this scheme as text, which `parse` reads as the same form;
///   - `is_current(form)`: whether a form of this scheme costs no less than what the host now wants of new secrets;
///   - `derive(presented, form, out)`: fills `out`, of the digest's size; false if it could not be done;
///   - `decoy()`: a form that no secret is known to match, of the cost that new secrets have.
/// A scheme by which new secrets can be stored has `store(plain)` too: the form to store one under. It raises
/// `setup_error` if the secret is empty or if that could not be done.
template <class T>
concept hash_scheme = requires(T const& scheme, std::string_view text, hash_form const& form,
                               std::span<std::uint8_t> out) {
    { T::name } -> std::convertible_to<std::string_view>;
    { T::form } -> std::convertible_to<std::string_view>;
    { T::cost } -> std::convertible_to<scheme_cost>;
    { scheme.recognizes(text) } -> std::same_as<bool>;
    { scheme.parse(text) } -> std::same_as<result<hash_form>>;
    { scheme.text(form) } -> std::same_as<std::string>;
    { scheme.is_current(form) }
    noexcept->std::same_as<bool>;
    { scheme.derive(text, form, out) }
    noexcept->std::same_as<bool>;
    { scheme.decoy() } -> std::same_as<hash_form>;
};

/// Raises `setup_error` for a secret that no verifier would ever take (see `max_presented_secret`).
constexpr void require_secret(std::string_view plain) {
    if (plain.empty()) raise(error{"an empty secret can't be stored"});
    if (plain.size() > max_presented_secret) raise(error{"a secret of more than 1024 bytes can't be stored"});
}

/// What a scheme says of a stored form that the empty secret would match.
inline error form_of_empty_secret() { return error{"the stored form of an empty secret, which proves nobody"}; }

}  // namespace sallyport
