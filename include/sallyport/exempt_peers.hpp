// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/caller.hpp>
#include <sallyport/model/cidr.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace sallyport {

/// Peers that skip the limits: health checks, a host's own renderer. Who they are they prove as everybody does.
/// Constant after it is made; thread-safe.
class exempt_peers {
public:
    exempt_peers() = default;  ///< nobody
    explicit exempt_peers(std::vector<cidr> blocks) : blocks_(std::move(blocks)) {}

    /// For `request::exempt`. A caller whose address could not be told is none of them, whoever passed it on.
    bool contains(caller const& from) const noexcept {
        return from.resolved && std::any_of(blocks_.begin(), blocks_.end(),
                                            [&from](cidr const& block) { return block.contains(from.peer); });
    }

private:
    std::vector<cidr> blocks_;
};

}  // namespace sallyport
