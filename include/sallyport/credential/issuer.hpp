// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/hash_scheme.hpp>
#include <sallyport/credential/secret_format.hpp>
#include <sallyport/credential/sha256_scheme.hpp>
#include <sallyport/crypto/random.hpp>
#include <sallyport/crypto/wipe.hpp>
#include <sallyport/model/client.hpp>
#include <sallyport/model/clock.hpp>
#include <sallyport/model/result.hpp>
#include <sallyport/model/secret.hpp>
#include <sallyport/model/stored_secret.hpp>
#include <sallyport/model/uuid.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace sallyport {

/// A new client, and its secret, which is known this once.
template <class Record>
struct issued_client {
    Record record;
    secret plain;
};

/// Makes clients and secrets: of 256 bits from the system's generator, under a prefix of the host's, stored by a
/// scheme of its choice. It keeps nothing; what it changes are records, which the host puts into its store. Thread-safe.
///
///     sallyport::issuer const issuer{sallyport::secret_format{"acme_"}};
///     auto [record, plain] = issuer.issue<client>(level::read, "acme", "shop").value();
template <hash_scheme Scheme = sha256_scheme>
class issuer {
public:
    explicit issuer(secret_format format, Scheme scheme = {}) : format_(format), scheme_(std::move(scheme)) {}

    /// A client with a random id (RFC 9562 §5.4) and one secret. An error if the level and the project don't fit, or if
    /// the system has no randomness to give; `setup_error` is raised where an expensive scheme has no memory for its work.
    template <class Record>
    result<issued_client<Record>> issue(typename Record::level_type level, name organization, name project = {}) const {
        if (!is_enumerator(level)) return error{"the client's level is none"};
        bool const wide = level_reach(level) == reach::organization;
        if (organization.empty()) return error{"a client belongs to an organisation"};
        if (wide && !project.empty()) return error{"a client of this level belongs to no project"};
        if (!wide && project.empty()) return error{"a client of this level needs a project"};
        Record record{.level = level, .organization = organization, .project = project};
        std::array<std::uint8_t, 16> id{};
        if (!crypto::fill_random(id)) return no_randomness();
        id[6] = static_cast<std::uint8_t>((id[6] & 0x0fU) | 0x40U);
        id[8] = static_cast<std::uint8_t>((id[8] & 0x3fU) | 0x80U);
        record.id = uuid(id);
        auto made = new_secret();
        if (!made) return error{made.message()};
        auto [stored, plain] = std::move(made).value();
        record.secrets.push_back(stored);
        return issued_client<Record>{std::move(record), std::move(plain)};
    }

    /// Gives the record a new secret, and lets those that it has run out after the overlap, where they don't earlier.
    /// Those that have run out already are dropped. An error, and nothing has changed, if four are left.
    template <class Record>
    result<secret> rotate(Record& record, std::chrono::nanoseconds overlap, wall_time now) const {
        auto kept = record.secrets;
        erase_if(kept, [now](stored_secret const& each) { return has_run_out(each, now); });
        if (kept.size() >= max_secrets) return error{"the client has four secrets already; revoke one first"};
        auto const end = overlap > wall_time::max() - now ? wall_time::max() : now + overlap;
        for (auto& each : kept) each.expires = std::min(each.expires.value_or(end), end);
        auto made = new_secret();
        if (!made) return error{made.message()};
        auto [stored, plain] = std::move(made).value();
        kept.push_back(stored);
        record.secrets = std::move(kept);
        return std::move(plain);
    }

private:
    static error no_randomness() { return {"the system has no randomness to give"}; }
    static bool has_run_out(stored_secret const& of, wall_time now) noexcept {
        return of.expires && *of.expires <= now;
    }

    result<std::pair<stored_secret, secret>> new_secret() const {
        std::array<std::uint8_t, secret_format::random_bytes> bits{};
        if (!crypto::fill_random(bits)) return no_randomness();
        std::array<char, secret_format::max_size> text{};
        auto const size = format_.write(bits, text);
        crypto::wipe_value(bits);
        secret plain({text.data(), size});
        crypto::wipe_value(text);
        return std::pair(stored_secret{.hash = scheme_.store(plain.reveal())}, std::move(plain));
    }

    secret_format format_;
    Scheme scheme_;
};

/// Stores the secret of this short id by another form of the same text, for as long as it counted. It has another short
/// id from then on. Whether there was one.
template <class Record>
bool rehash(Record& record, secret_id of, hash_form const& form) {
    for (auto& each : record.secrets) {
        if (each.id != of) continue;
        each = {.hash = form, .not_before = each.not_before, .expires = each.expires};
        return true;
    }
    return false;
}

/// Takes the secret of this short id away: it stops at the next request that sees the record. Whether there was one.
template <class Record>
bool revoke(Record& record, secret_id gone) {
    return erase_if(record.secrets, [gone](stored_secret const& each) { return each.id == gone; }) > 0;
}

/// Lets the client in no more, whatever it presents.
template <class Record>
void disable(Record& record) noexcept {
    record.disabled = true;
}

}  // namespace sallyport
