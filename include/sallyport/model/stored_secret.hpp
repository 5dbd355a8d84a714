// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/hex.hpp>
#include <sallyport/crypto/sha256.hpp>
#include <sallyport/model/bounded_list.hpp>
#include <sallyport/model/clock.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sallyport {

/// The short id of a stored secret, by which logs and decisions name it: 32 bits of a digest of its stored
/// form (but for its costs, which the digest hangs on), never of its text.
class secret_id {
public:
    constexpr secret_id() noexcept = default;
    constexpr explicit secret_id(std::uint32_t value) noexcept : value_(value) {}

    constexpr std::uint32_t value() const noexcept { return value_; }

    friend constexpr bool operator==(secret_id, secret_id) noexcept = default;

private:
    std::uint32_t value_ = 0;
};

/// A secret as it is stored: the scheme that can verify it, that scheme's parameters, and the digest. Made by a
/// scheme, which knows what is well formed; a store refuses one whose digest is too short to prove anything.
struct hash_form {
    static constexpr std::size_t max_salt = 64;
    static constexpr std::size_t min_digest = 16;
    static constexpr std::size_t max_digest = 64;

    std::string_view scheme;                          ///< the scheme's own name, in static storage
    std::array<std::uint32_t, 3> cost{};              ///< what the scheme's parameters mean, the scheme knows
    std::uint64_t work = 0;                           ///< a measure of one verification's work, to compare forms by
    bounded_list<std::uint8_t, max_digest> digest{};  ///< what the right secret derives
    bounded_list<std::uint8_t, max_salt> salt{};      ///< or the name of a key
    bool salt_names_key = false;                      ///< which then is one for many

    /// The bytes of salt and digest as the schemes read them.
    constexpr std::span<std::uint8_t const> salt_bytes() const noexcept { return {salt.data(), salt.size()}; }
    constexpr std::span<std::uint8_t const> digest_bytes() const noexcept { return {digest.data(), digest.size()}; }

    /// The short id of this form. One SHA-256.
    constexpr secret_id id() const noexcept {
        // The sizes go first, so that no two are the same bytes.
        std::array<std::uint8_t, 2> const sizes{static_cast<std::uint8_t>(scheme.size()),
                                                static_cast<std::uint8_t>(salt.size())};
        crypto::sha256_state state;
        state.update(sizes);
        state.update(scheme);
        state.update(salt_bytes());
        state.update(digest_bytes());
        auto const digest_of_form = state.finish();
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4; ++i) value = value << 8 | digest_of_form[i];
        return secret_id(value);
    }
};

/// One of a client's secrets, and when it counts. Several may be valid at once, so that they can rotate.
struct stored_secret {
    hash_form hash;
    std::optional<wall_time> not_before{};  ///< refused before this moment
    std::optional<wall_time> expires{};     ///< refused from this moment on
    secret_id id = hash.id();

    constexpr bool valid_at(wall_time now) const noexcept {
        return (!not_before || *not_before <= now) && (!expires || now < *expires);
    }
};

}  // namespace sallyport
