// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/hex.hpp>
#include <sallyport/crypto/random.hpp>
#include <sallyport/crypto/siphash.hpp>
#include <sallyport/model/peer_address.hpp>
#include <sallyport/model/uuid.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

namespace demo {

/// The ids by which Track's callers are told apart: stable per client and peer while the server runs, and without
/// meaning to anybody else, since they are hashes under random keys.
class identity {
public:
    std::string device(sallyport::uuid const& client, sallyport::peer_address const& peer) const {
        return hashed(device_key_, client, peer);
    }
    std::string session(sallyport::uuid const& client, sallyport::peer_address const& peer) const {
        return hashed(session_key_, client, peer);
    }

private:
    static std::string hashed(sallyport::crypto::siphash_key key, sallyport::uuid const& client,
                              sallyport::peer_address const& peer) {
        std::array<std::uint8_t, 33> who{};
        auto const rest = std::copy(client.bytes().begin(), client.bytes().end(), who.begin());
        std::copy(peer.bytes().begin(), peer.bytes().end(), rest);
        who.back() = static_cast<std::uint8_t>(peer.kind());
        std::string digits(32, '0');
        sallyport::crypto::encode_hex(sallyport::crypto::siphash_2_4_128(key, who), digits);
        return digits;
    }

    sallyport::crypto::siphash_key device_key_ = sallyport::crypto::random_siphash_key();
    sallyport::crypto::siphash_key session_key_ = sallyport::crypto::random_siphash_key();
};

}  // namespace demo
