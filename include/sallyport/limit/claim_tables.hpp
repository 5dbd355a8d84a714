// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/limit/key_table.hpp>
#include <sallyport/model/bounded_list.hpp>
#include <sallyport/model/claim.hpp>
#include <sallyport/model/result.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <tuple>

namespace sallyport {

inline constexpr std::size_t words_of_proven_key = 4 + 1;       ///< client and API
inline constexpr std::size_t words_of_any_key = 4 + 1 + 4 + 1;  ///< peer and its kind too

/// A key as the words that a table finds it by.
template <std::size_t Words>
std::array<std::uint32_t, Words> key_words(rate_key const& of) noexcept {
    std::array<std::uint32_t, Words> words{};
    std::memcpy(words.data(), of.client.bytes().data(), 16);
    words[4] = of.api;
    if constexpr (Words == words_of_any_key) {
        if (!of.proven) std::memcpy(words.data() + 5, of.peer.bytes().data(), 16);
        words[9] = of.proven ? ~std::uint32_t{0} : static_cast<std::uint32_t>(of.peer.kind());
    }
    return words;
}

/// Where the keys of claims lie, for limiters that keep a state for each.
/// Two tables, one for the keys of proven clients, and one for those of requests let in without a secret. Thread-safe.
template <class State>
class claim_tables {
public:
    /// Raises `setup_error` for bounds that none may have.
    claim_tables(std::size_t max_clients, std::size_t max_unproven)
        : proven_(checked(max_clients, max_unproven)), unproven_(max_unproven) {}

    /// How many keys are held.
    std::size_t size() const noexcept { return proven_.size() + unproven_.size(); }

    /// What `take(table)` answers, on the table that has the claims' keys. No claims are admitted; those that it doesn't
    /// take fail.
    template <class Take>
    allowance answer(std::span<claim const> claims, Take const& take) {
        if (claims.empty()) return {.outcome = allowance::verdict::admitted};
        if (!takes(claims)) return {};
        return in_table_of(claims.front().key, take);
    }

    /// Whether these are claims of one kind, at most `max_claims`, and no more than four of one key.
    static bool takes(std::span<claim const> claims) noexcept {
        if (claims.size() == 1) return true;
        if (claims.size() > max_claims || has_long_budget(claims)) return false;
        auto const is_like_first = [&](claim const& each) { return each.key.proven == claims.front().key.proven; };
        return std::all_of(claims.begin(), claims.end(), is_like_first);
    }

    /// The state of a known key, without a lock.
    found_key<State> find(rate_key const& key) const noexcept {
        return in_table_of(key, [&key](auto& in) { return in.find(key); });
    }

    /// What `use(table)` answers, on the table that has a key.
    template <class Use>
    auto in_table_of(rate_key const& key, Use const& use) {
        return key.proven ? use(proven_) : use(unproven_);
    }
    template <class Use>
    auto in_table_of(rate_key const& key, Use const& use) const {
        return key.proven ? use(proven_) : use(unproven_);
    }

    /// The way to a proven client's key (see `key_table`).
    auto prefetch(rate_key const& key) const noexcept { return proven_.prefetch(key); }

    template <class Key>
    class table {
    public:
        explicit table(std::size_t capacity) : keys_(capacity) {}

        std::size_t size() const noexcept { return keys_.size(); }

        /// The state of a known key, without a lock.
        auto find(rate_key const& key) const noexcept { return keys_.find(words_of(key)); }

        /// Whether a key is known, for sure.
        bool has(rate_key const& key) const { return bool(keys_.find_surely(words_of(key))); }

        auto prefetch(rate_key const& key) const noexcept { return keys_.prefetch(words_of(key)); }

        /// Forgets a key, whatever counts in it; whether it was there.
        bool erase(rate_key const& key) { return keys_.erase(words_of(key)); }

        /// As the table's own function: alone with the state of one key, which has so many slots if it is new.
        template <class Use>
        bool with(rate_key const& key, std::int64_t now, std::uint32_t capacity, Use&& use) {
            auto const words = words_of(key);
            return keys_.with(
                std::span(&words, 1), now, [capacity](std::size_t) { return capacity; },
                [&use](auto const& states, auto const&) { use(*states[0]); });
        }

        /// As the table's own function: alone with the states of the claims' keys.
        template <class CapacityOf, class Use>
        bool with(std::span<claim const> claims, std::int64_t now, CapacityOf const& capacity_of, Use&& use) {
            return keys_.with(words_of_claims{claims}, now, capacity_of, use);
        }

    private:
        struct words_of_claims {
            std::size_t size() const noexcept { return claims.size(); }
            Key operator[](std::size_t i) const noexcept { return words_of(claims[i].key); }

            std::span<claim const> claims;
        };
        static Key words_of(rate_key const& of) noexcept { return key_words<std::tuple_size_v<Key>>(of); }

        key_table<std::tuple_size_v<Key>, State> keys_;
    };

private:
    static std::size_t checked(std::size_t max_clients, std::size_t max_unproven) {
        constexpr auto most = std::size_t{0xffff'ffff};
        if (max_clients == 0 || max_clients > most || max_unproven > most) {
            raise(
                {"a limiter has room for 1 to 4294967295 clients (max_clients), and for up to as many requests that "
                 "are let in without a secret (max_unproven)"});
        }
        return max_clients;
    }

    static bool has_long_budget(std::span<claim const> claims) noexcept {
        if (claims.size() <= quotas::max_windows) return false;
        return std::any_of(claims.begin(), claims.end(), [claims](claim const& each) {
            auto const is_its = [&each](claim const& other) { return other.key == each.key; };
            return static_cast<std::size_t>(std::count_if(claims.begin(), claims.end(), is_its)) > quotas::max_windows;
        });
    }

    using proven_key = std::array<std::uint32_t, words_of_proven_key>;
    using unproven_key = std::array<std::uint32_t, words_of_any_key>;

    table<proven_key> proven_;
    table<unproven_key> unproven_;
};

/// Whether all claims are of one key, and name one cost.
template <std::size_t Claims>
bool are_of_one_key(std::span<claim const, Claims> claims) noexcept {
    auto const& first = claims.front();
    for (auto const& each : claims.template subspan<1>()) {
        if (each.cost != first.cost || each.key != first.key) return false;
    }
    return true;
}

/// The first place of the key that is at a place.
template <class States>
std::size_t first_of(States const& states, std::size_t i) {
    std::size_t first = 0;
    while (states[first] != states[i]) ++first;
    return first;
}

/// Does something once for each key, however many of its windows were claimed: at its first place.
template <class States, class Do>
void once_a_key(States const& states, Do const& work) {
    for (std::size_t i = 0; i < states.size(); ++i) {
        if (first_of(states, i) == i) work(i);
    }
}

}  // namespace sallyport
