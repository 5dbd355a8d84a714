// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/hash_scheme.hpp>
#include <sallyport/credential/stored_text.hpp>
#include <sallyport/crypto/hex.hpp>
#include <sallyport/crypto/hmac.hpp>
#include <sallyport/crypto/wipe.hpp>
#include <sallyport/model/name.hpp>
#include <sallyport/model/secret.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport {

/// A key that is kept outside of the store, by the name that stored forms give it; the nameless one is `""`.
struct pepper {
    std::string id;
    secret key;
};

/// `hmac-sha256:HEX` and `hmac-sha256:KEYID:HEX`: the secret's HMAC under a pepper (RFC 2104). Whoever reads the store
/// alone can't even test a guess. For secrets of 128 random bits and more. Several peppers at once let one take the
/// other's place; a form that names a pepper which isn't here is refused when it is read.
class hmac_scheme {
public:
    static constexpr std::string_view name = "hmac-sha256";
    static constexpr std::string_view form =
        "hmac-sha256:HEX or hmac-sha256:KEYID:HEX, 64 hex digits under a pepper that is known here";
    static constexpr scheme_cost cost = scheme_cost::cheap;
    static constexpr std::size_t least_pepper = 16;

    /// Without a pepper: it reads none of its forms, and nothing can be stored.
    hmac_scheme() : hmac_scheme(from_checked{}, {}) {}

    /// Raises `setup_error` if there is no pepper, one is shorter than 16 bytes, or two have one name; `make` is the
    /// twin that returns it. The first is what new secrets are stored under.
    explicit hmac_scheme(std::vector<pepper> peppers) : hmac_scheme(make(std::move(peppers)).value()) {}

    static result<hmac_scheme> make(std::vector<pepper> peppers) {
        if (peppers.empty()) return error{"hmac-sha256 needs a pepper"};
        for (auto each = peppers.begin(); each != peppers.end(); ++each) {
            // By its place, since what stands where the name should be may be the key.
            auto const problem = [&](std::string_view what) {
                return error{"pepper " + std::to_string(each - peppers.begin() + 1) + ' ' + std::string(what)};
            };
            if (each->key.reveal().size() < least_pepper)
                return problem("is too short; at least 16 bytes are accepted");
            if (each->id.size() > hash_form::max_salt || each->id.find(':') != std::string::npos) {
                return problem(
                    "has a name that no stored form can hold; at most 64 bytes without a colon are accepted");
            }
            if (std::any_of(peppers.begin(), each, [&](pepper const& other) { return other.id == each->id; })) {
                return problem("has the name of one before it");
            }
        }
        return hmac_scheme(from_checked{}, std::move(peppers));
    }

    static constexpr bool recognizes(std::string_view text) noexcept { return text.starts_with("hmac-sha256:"); }

    result<hash_form> parse(std::string_view text) const {
        auto rest = text.substr(std::min(text.size(), std::string_view("hmac-sha256:").size()));
        auto const colon = rest.find(':');
        auto const id = colon == rest.npos ? std::string_view() : rest.substr(0, colon);
        if (colon != rest.npos) rest.remove_prefix(colon + 1);
        crypto::digest256 digest{};
        bool const named = colon == text.npos || !id.empty();
        auto const* key = find(id);
        if (!recognizes(text) || !named || !key || !crypto::decode_hex(rest, digest)) {
            return error{"expected " + std::string(form)};
        }
        if (digest == crypto::hmac_sha256(key->key.reveal(), "")) return form_of_empty_secret();
        return of(id, digest);
    }

    std::string text(hash_form const& stored) const {
        auto const id = pepper_of(stored);
        return "hmac-sha256:" + std::string(id) + (id.empty() ? "" : ":") + hex_of(stored.digest_bytes());
    }

    /// Whether the form is under the first pepper.
    bool is_current(hash_form const& stored) const noexcept { return pepper_of(stored) == wanted(); }

    bool derive(std::string_view presented, hash_form const& stored, std::span<std::uint8_t> out) const noexcept {
        auto const* key = find(pepper_of(stored));
        if (!key || out.size() != 32) return false;
        auto digest = crypto::hmac_sha256(key->key.reveal(), presented);
        std::copy(digest.begin(), digest.end(), out.begin());
        crypto::wipe_value(digest);
        return true;
    }

    hash_form decoy() const noexcept {
        auto made = of(wanted(), {});
        if (peppers_->empty()) made.work = 0;  // it can't be derived, so it may not stand in for other forms
        return made;
    }

    /// The form under which a secret is stored. Raises `setup_error` if it is empty, or if there is no pepper.
    hash_form store(std::string_view plain) const {
        require_secret(plain);
        if (peppers_->empty()) raise(error{"hmac-sha256 needs a pepper to store a secret"});
        return of(peppers_->front().id, crypto::hmac_sha256(peppers_->front().key.reveal(), plain));
    }

private:
    struct from_checked {};
    hmac_scheme(from_checked, std::vector<pepper> peppers)
        : peppers_(std::make_shared<std::vector<pepper> const>(std::move(peppers))) {}

    /// The pepper that new secrets are stored under.
    std::string_view wanted() const noexcept {
        return peppers_->empty() ? std::string_view() : std::string_view(peppers_->front().id);
    }

    pepper const* find(std::string_view id) const noexcept {
        auto const is_named = [id](pepper const& each) { return each.id == id; };
        auto const found = std::find_if(peppers_->begin(), peppers_->end(), is_named);
        return found == peppers_->end() ? nullptr : &*found;
    }

    static std::string_view pepper_of(hash_form const& stored) noexcept {
        return {reinterpret_cast<char const*>(stored.salt.data()), stored.salt.size()};
    }

    static hash_form of(std::string_view id, crypto::digest256 const& digest) noexcept {
        hash_form made{.scheme = name, .work = 2, .salt_names_key = true};
        for (auto const c : id) static_cast<void>(made.salt.push_back(static_cast<std::uint8_t>(c)));
        for (auto const byte : digest) static_cast<void>(made.digest.push_back(byte));
        return made;
    }

    std::shared_ptr<std::vector<pepper> const> peppers_;  // copies share the one place that holds the keys
};

}  // namespace sallyport
