// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/random.hpp>
#include <sallyport/crypto/siphash.hpp>
#include <sallyport/limit/key_table.hpp>
#include <sallyport/model/claim.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace sallyport {

/// A `key_table` by whose usage is counted, and of what: five words a key. Of a request let in without a secret the
/// client, the peer and its kind are hashed into four of them, under a random key of the table's own: nobody finds two that
/// fall together. Thread-safe.
template <class State>
class rate_key_table {
    using words = std::array<std::uint32_t, 4 + 1>;

public:
    explicit rate_key_table(std::size_t capacity) : keys_(capacity) {}

    std::size_t size() const noexcept { return keys_.size(); }

    /// The state of a known key, without a lock.
    found_key<State> find(rate_key const& key) const noexcept { return keys_.find(words_of(key)); }

    /// The same, but that a known key's is found.
    found_key<State> find_surely(rate_key const& key) const { return keys_.find_surely(words_of(key)); }

    /// The way to a proven client's key (see `key_table`).
    auto prefetch(rate_key const& key) const noexcept { return keys_.prefetch(words_of(key)); }

    /// Forgets a key, whatever counts in it; whether it was there.
    bool erase(rate_key const& key) { return keys_.erase(words_of(key)); }

    /// As the table's own function: alone with the state of one key, which has so many slots if it is new.
    template <class Use>
    bool with(rate_key const& key, std::int64_t now, std::uint32_t capacity, Use&& use) {
        auto const its = words_of(key);
        return keys_.with(
            std::span(&its, 1), now, [capacity](std::size_t) { return capacity; },
            [&use](auto const& states, auto const&) { use(*states[0]); });
    }

    /// As the table's own function: alone with the states of the claims' keys.
    template <class CapacityOf, class Use>
    bool with(std::span<claim const> claims, std::int64_t now, CapacityOf const& capacity_of, Use&& use) {
        return keys_.with(words_of_claims{*this, claims}, now, capacity_of, use);
    }

private:
    struct words_of_claims {
        std::size_t size() const noexcept { return claims.size(); }
        words operator[](std::size_t i) const noexcept { return in.words_of(claims[i].key); }

        rate_key_table const& in;
        std::span<claim const> claims;
    };

    words words_of(rate_key const& of) const noexcept {
        words made{};
        if (of.proven) [[likely]] {
            std::memcpy(made.data(), of.client.bytes().data(), 16);
        } else {
            std::memcpy(made.data(), hash_of_unproven(of).data(), 16);
        }
        made[4] = of.api;
        return made;
    }

    std::array<std::uint8_t, 16> hash_of_unproven(rate_key const& of) const noexcept {
        std::array<std::uint8_t, 16 + 16 + 1> text{};
        std::copy_n(of.client.bytes().begin(), 16, text.begin());
        std::copy_n(of.peer.bytes().begin(), 16, text.begin() + 16);
        text.back() = static_cast<std::uint8_t>(of.peer.kind());
        return crypto::siphash_2_4_128(unproven_, text);
    }

    key_table<std::tuple_size_v<words>, State> keys_;
    crypto::siphash_key unproven_ = crypto::random_siphash_key();
};

}  // namespace sallyport
