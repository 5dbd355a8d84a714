// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/random.hpp>
#include <sallyport/crypto/siphash.hpp>
#include <sallyport/model/uuid.hpp>

#include <cstdint>
#include <string_view>

namespace sallyport {

/// How a store's tables are hashed: by SipHash-1-3 under a random key of the store's own. Strangers' ids reach it, and hosts
/// may let customers choose ids, so it has to be a function that nobody can predict who sees how it spreads some ids
/// (CWE-407). Hashes of a few multiplications are faster, but linear: a few collisions, told by their time, give them away.
/// Time shows a few bits of a hash at most, for which the rounds of SipHash-2-4 would be more than is needed.
class store_hash {
public:
    store_hash() : key_(crypto::random_siphash_key()) {}

    /// The same as of the bytes, without loops.
    std::uint64_t operator()(uuid const& id) const noexcept {
        crypto::siphash_state<1, 1, 3> state{key_};
        state.update(crypto::load_little_endian(id.bytes().data()));
        state.update(crypto::load_little_endian(id.bytes().data() + 8));
        return state.finish(std::uint64_t{16} << 56)[0];
    }
    std::uint64_t operator()(std::string_view text) const noexcept { return crypto::siphash_1_3(key_, text); }

private:
    crypto::siphash_key key_;
};

}  // namespace sallyport
