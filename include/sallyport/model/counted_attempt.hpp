// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/clock.hpp>
#include <sallyport/model/peer_address.hpp>
#include <sallyport/model/uuid.hpp>

#include <chrono>

namespace sallyport {

/// An attempt to prove a client, as a throttle of failures has counted it: until it is given back, as failed.
struct counted_attempt {
    bool admitted = true;
    std::chrono::nanoseconds retry_after{0};  ///< of one that was refused, for which nothing was counted
    peer_address peer{};
    uuid client{};
    steady_time stamp{};
    bool shared = false;  ///< counted together with other peers of its block, for want of room
};

}  // namespace sallyport
