// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/access/policy.hpp>
#include <sallyport/ascii.hpp>
#include <sallyport/credential/presentation.hpp>
#include <sallyport/credential/secret_format.hpp>
#include <sallyport/model/enumerators.hpp>
#include <sallyport/model/quota.hpp>
#include <sallyport/model/result.hpp>
#include <sallyport/model/shared_budget.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace sallyport {

/// Never defined: calling one of these stops the compiler, and its name is the message.
void this_api_has_no_row_in_the_limit_table();
void this_api_has_two_rows_in_the_limit_table();

/// One row of a limit table: what each client may use of an API, or `unlimited`.
template <enumeration Api>
struct limit_row {
    Api api;
    quotas limits;
};

/// How often each client may use each API. Every API has a row; the compiler checks it.
///
///     constexpr sallyport::limit_table<api> limits{{
///         {api::read, at_most(100).per(10s)},
///         {api::write, sallyport::unlimited},
///     }};
template <enumeration Api>
class limit_table {
public:
    consteval limit_table(std::initializer_list<limit_row<Api>> rows) {
        std::array<bool, enumerator_count<Api>> seen{};
        for (auto const& row : rows) {
            if (seen[enumerator_index(row.api)]) this_api_has_two_rows_in_the_limit_table();
            seen[enumerator_index(row.api)] = true;
            limits_[enumerator_index(row.api)] = row.limits;
        }
        for (auto const has_row : seen) {
            if (!has_row) this_api_has_no_row_in_the_limit_table();
        }
    }

    constexpr quotas const& operator[](Api api) const noexcept { return limits_[enumerator_index(api)]; }

    /// Puts other windows in the place of an API's, at run time: before the gate is built. Raises `setup_error` for what is
    /// no API.
    constexpr void set(Api api, quotas const& limits) {
        if (!is_enumerator(api)) raise({"a limit is set for an API, and this one is none"});
        limits_[enumerator_index(api)] = limits;
    }

private:
    std::array<quotas, enumerator_count<Api>> limits_{};
};

/// The status that a proven client gets which lacks access or scope.
enum class access_status : std::uint16_t { unauthorized = 401, forbidden = 403 };

/// What a host decides: a plain value, complete at compile time if the host likes. What it doesn't name is the
/// least access.
template <enumeration Level, enumeration Api>
struct rules {
    using level_type = Level;
    using api_type = Api;

    policy<Level, Api> permissions;         ///< which level may use which API
    limit_table<Api> limits;                ///< how often
    shared_budgets<Api> shared{};           ///< how often together: budgets beside those of each client
    two_fields fields{};                    ///< the names of the fields that hold id and secret
    secret_format issued{};                 ///< how secrets look that the host issues, to tell a slip from an attack
    enumerator_set<Api> open_to_origins{};  ///< APIs that a listed origin may use without a secret, unproven
    access_status when_not_allowed = access_status::unauthorized;
    bool require_https = false;  ///< whether credentials that are not known to have come encrypted are refused
};

/// What nobody can have meant in rules of which each part is right; empty if there is no such thing.
template <class Level, class Api>
constexpr std::string_view objection_to(rules<Level, Api> const& of) noexcept {
    if (of.fields.id.empty() || of.fields.secret.empty()) return "the fields of id and secret have names";
    if (ascii::equals_ignoring_case(of.fields.id, of.fields.secret)) return "id and secret have fields of their own";
    bool const is_status =
        of.when_not_allowed == access_status::unauthorized || of.when_not_allowed == access_status::forbidden;
    return is_status ? std::string_view() : "who is not allowed is answered 401 or 403";
}

/// Rules that may change between two decisions. `read` gives those in force, kept as they are while its answer lives.
/// Called from several threads at once.
template <class T>
concept rules_source = requires(T const& source) {
    { *source.read() } -> std::same_as<rules<typename T::level_type, typename T::api_type> const&>;
    requires noexcept(source.read());
};

}  // namespace sallyport
