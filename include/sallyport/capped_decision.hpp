// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/decision.hpp>
#include <sallyport/limit/concurrency_limiter.hpp>

#include <utility>

namespace sallyport {

/// The decision of a gate that counts who runs. A grant holds the permit, and gives it back at its own end: keep it, or
/// what `take_permit` returns, for as long as the request runs. It can be moved, to another thread too, and not copied.
/// A denial holds none, and neither does the grant of an exempt request.
template <enumeration Level, request_permit Permit>
class [[nodiscard]] capped_decision : public decision<Level> {
public:
    constexpr capped_decision(decision<Level> const& made, Permit held) noexcept
        : decision<Level>(made), permit_(made ? std::move(held) : Permit()) {}
    constexpr capped_decision(capped_decision&& other) noexcept
        : decision<Level>(static_cast<decision<Level>&&>(other)), permit_(std::move(other.permit_)) {}
    constexpr capped_decision& operator=(capped_decision&& other) noexcept = default;

    /// The permit, which then isn't given back at the decision's end; one that holds nothing where there is none.
    [[nodiscard]] constexpr Permit take_permit() noexcept { return std::exchange(permit_, Permit()); }

private:
    Permit permit_;
};

/// What a gate keeps of who runs while it decides. Without a part that counts them: nothing, and no trace in its
/// decision.
template <class Set, class Role, enumeration Level, bool Counted = (Set::template count<Role> > 0)>
struct held_permit {
    using decision = sallyport::decision<Level>;

    entry enter(Set&, rate_key const&) noexcept { return {}; }
    decision with(auto const& way) noexcept { return way.decided(); }
};

template <class Set, class Role, enumeration Level>
struct held_permit<Set, Role, Level, true> {
    using permit = decltype(std::declval<Set&>().template get<Role>().enter(rate_key()));
    using decision = capped_decision<Level, permit>;

    entry enter(Set& parts, rate_key const& of) {
        auto& limiter = parts.template get<Role>();
        held = limiter.enter(of);
        return {.admitted = static_cast<bool>(held), .retry_after = limiter.retry_after()};
    }
    decision with(auto const& way) noexcept { return {way.decided(), std::move(held)}; }

    permit held{};
};

}  // namespace sallyport
