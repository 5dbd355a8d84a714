// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/peer_address.hpp>

#include <optional>

namespace sallyport {

/// Who is behind a connection, as far as it can be told.
struct caller {
    peer_address peer{};
    bool resolved = true;         ///< false: a trusted proxy did not say, or not readably, and `peer` is a proxy
    std::optional<bool> https{};  ///< whether it came encrypted to the first trusted proxy, or here if there is none
};

}  // namespace sallyport
