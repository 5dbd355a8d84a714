// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/budgets.hpp>
#include <sallyport/credential/presentation.hpp>
#include <sallyport/credential/verifier.hpp>
#include <sallyport/limit/concurrency_limiter.hpp>
#include <sallyport/limit/rate_limiter.hpp>
#include <sallyport/model/clock.hpp>
#include <sallyport/observer.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace sallyport {

/// The roles that a part of an authorizer can play. A part is sorted into its role by its concept.
template <class Level, class Api>
struct part_roles {
    struct limiter {
        template <class T>
        static constexpr bool fits = rate_limiter<T>;
    };
    struct budgets {
        template <class T>
        static constexpr bool fits = request_budgets<T, Level, Api>;
    };
    struct concurrency_limiter {
        template <class T>
        static constexpr bool fits = sallyport::concurrency_limiter<T>;
    };
    struct steady_clock {
        template <class T>
        static constexpr bool fits = steady_clock_source<T>;
    };
    struct wall_clock {
        template <class T>
        static constexpr bool fits = wall_clock_source<T>;
    };
    struct verifier {
        template <class T>
        static constexpr bool fits = credential_verifier<T>;
    };
    struct presentation {
        template <class T>
        static constexpr bool fits = credential_presentation<T>;
    };
    struct observer {
        template <class T>
        static constexpr bool fits = decision_observer<T, Level, Api>;
    };

    /// How many of the roles a part could play; it should be one.
    template <class T>
    static constexpr std::size_t count = (std::size_t{limiter::template fits<T>} + budgets::template fits<T> +
                                          concurrency_limiter::template fits<T> + steady_clock::template fits<T> +
                                          wall_clock::template fits<T> + verifier::template fits<T> +
                                          presentation::template fits<T> + observer::template fits<T>);
};

/// The parts that a host gave, each borrowed (given as an lvalue) or owned (given as an rvalue), found by role.
template <class... Parts>
class part_set {
public:
    constexpr explicit part_set(Parts&&... parts) : parts_(static_cast<Parts&&>(parts)...) {}

    /// How many of the parts fit a role.
    template <class Role>
    static constexpr std::size_t count = (std::size_t{0} + ... + Role::template fits<std::remove_reference_t<Parts>>);

    /// The part of a role, which was given.
    template <class Role>
    constexpr auto& get() noexcept {
        return std::get<place<Role>()>(parts_);
    }

private:
    template <class Role>
    static constexpr std::size_t place() noexcept {
        constexpr std::array<bool, sizeof...(Parts)> fits{Role::template fits<std::remove_reference_t<Parts>>...};
        return static_cast<std::size_t>(std::find(fits.begin(), fits.end(), true) - fits.begin());
    }

    std::tuple<Parts...> parts_;
};

/// Takes no room where a role's part was given.
template <class Role>
struct no_default {};

/// What stands in for a role that no part was given for.
template <class Set, class Role, class Default>
using default_part = std::conditional_t<Set::template count<Role> == 0, Default, no_default<Role>>;

/// The type of a role's part: the one that was given, or the default.
template <class Set, class Role, class Default>
constexpr auto part_or_default() noexcept {
    if constexpr (Set::template count<Role> == 0) {
        return std::type_identity<Default>();
    } else {
        return std::type_identity<std::remove_cvref_t<decltype(std::declval<Set&>().template get<Role>())>>();
    }
}
template <class Set, class Role, class Default>
using part_type = typename decltype(part_or_default<Set, Role, Default>())::type;

}  // namespace sallyport
