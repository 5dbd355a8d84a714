// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/headers.hpp>
#include <sallyport/model/enumerators.hpp>
#include <sallyport/model/peer_address.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport {

/// Stops the compiler where a request leaves its API out, so that it can't silently be the first one.
template <class Api>
constexpr Api required_api() noexcept {
    static_assert(sizeof(Api) == 0, "a request must name its .api");
    return Api{};
}

/// What the host knows of a request. Everything in it is borrowed until the decision is made.
template <enumeration Api>
struct request {
    header_view headers{};                      ///< the host's own header lines
    Api api = required_api<Api>();              ///< which API the request is for: the host's router knows
    std::optional<std::string_view> project{};  ///< the project that it is for, if it is for one
    peer_address peer{};                        ///< from the host's socket, or as its trusted proxies tell
    std::optional<bool> https{};                ///< whether it came encrypted to the host or its first proxy
    bool exempt = false;                        ///< of a peer that skips the limits; who it is, it proves as all do
    std::uint32_t cost = 1;                     ///< of each limit; 0 or more than one in force never passes
};

}  // namespace sallyport
