// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/secret_format.hpp>
#include <sallyport/decision.hpp>
#include <sallyport/model/peer_address.hpp>
#include <sallyport/model/uuid.hpp>

#include <optional>
#include <string_view>

namespace sallyport {

/// A decision with what led to it, for the host's audit log and metrics. Holds no secret. The views last for the
/// call; a client id is what the caller claims unless the decision is of a proven client.
template <enumeration Level, enumeration Api>
struct observation {
    sallyport::decision<Level> const& decision;
    Api api;
    std::optional<uuid> client;               ///< the id presented, if it was one
    std::optional<std::string_view> project;  ///< the project asked for
    peer_address peer;
    unsigned derivations = 0;      ///< digests derived for it, decoys counted
    bool remembered = false;       ///< its secret was proven before, and not hashed again
    secret_shape shape{};          ///< what the secret looked like that was refused; foreign where none was
    bool secret_in_clear = false;  ///< it was refused since its secret came unencrypted: that one is no longer secret
};

/// Is told of every decision, with the exact reason. Called on the thread that decides, from several at once; it
/// is `noexcept`, since a decision that is made can't fail any more.
template <class T, class Level, class Api>
concept decision_observer = requires(T& observer, observation<Level, Api> const& seen) {
    { observer.on_decision(seen) }
    noexcept;
};

}  // namespace sallyport
