// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/random.hpp>
#include <sallyport/crypto/siphash.hpp>
#include <sallyport/model/stored_secret.hpp>
#include <sallyport/model/uuid.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sallyport {

/// What a secret presented for nobody is verified against. Each id, whoever's it may be, has a profile drawn for it:
/// how many secrets, of which schemes, at which costs; in the proportion in which a store's records have them. So the
/// time of an answer says of an id that is not there what it says of any that is.
///
/// The draw depends on the id, the key and the mix alone (weighted rendezvous hashing, Schindelhauer and Schomaker
/// 2005): it is the same after a restart and in every process that has the same key. When the mix changes, an id
/// moves only to a profile that has grown or from one that has shrunk, so who asks for one id again and again may see
/// that it is not there at such a moment. Time of a draw: a few nanoseconds a profile, and nothing for one.
/// Constant while it is not changed; changes are not thread-safe. A copy shares the decoys.
class decoy_mix {
public:
    using decoy_list = std::vector<stored_secret>;

    explicit decoy_mix(crypto::siphash_key key = crypto::random_siphash_key()) noexcept : key_(key) {}

    /// Where records of such secrets are counted, until the next change.
    using place = std::size_t;

    /// Finds or makes the place of a record's secrets, and counts nothing yet. Throws what allocation throws.
    place find(std::span<stored_secret const> secrets) {
        if (secrets.empty()) return no_place;
        auto text = text_of(secrets);
        for (place at = 0; at < profiles_.size(); ++at) {
            if (profiles_[at].of->text == text) return at;
        }
        auto const hash = crypto::siphash_2_4(key_, text);
        profiles_.push_back({std::make_shared<kind const>(kind{std::move(text), blank(secrets)}), hash, 0});
        return profiles_.size() - 1;
    }

    /// Counts one record more, or less. One without secrets has no profile.
    void add(place at) noexcept {
        if (at == no_place) return;
        ++profiles_[at].records;
        // What is frequent stands in front: after it few others come into question in a draw.
        for (; at > 0 && profiles_[at - 1].records < profiles_[at].records; --at) {
            std::swap(profiles_[at - 1], profiles_[at]);
        }
    }
    void remove(place at) noexcept {
        if (at == no_place) return;
        if (--profiles_[at].records == 0) {
            profiles_.erase(profiles_.begin() + static_cast<std::ptrdiff_t>(at));
            return;
        }
        for (; at + 1 < profiles_.size() && profiles_[at].records < profiles_[at + 1].records; ++at) {
            std::swap(profiles_[at], profiles_[at + 1]);
        }
    }

    /// The decoys of an id; none if no record has a secret.
    std::shared_ptr<decoy_list const> draw(uuid const& id) const noexcept {
        auto const* const drawn = profile_of(id);
        return drawn ? std::shared_ptr<decoy_list const>(drawn->of, &drawn->of->decoys) : nullptr;
    }

    /// The same, as long as this mix and its copies last.
    std::span<stored_secret const> show(uuid const& id) const noexcept {
        auto const* const drawn = profile_of(id);
        return drawn ? std::span<stored_secret const>(drawn->of->decoys) : std::span<stored_secret const>();
    }

private:
    static constexpr place no_place = static_cast<place>(-1);

    struct kind {
        std::string text;
        decoy_list decoys;
    };
    struct profile {
        std::shared_ptr<kind const> of;
        std::uint64_t hash;
        std::size_t records;
    };

    profile const* profile_of(uuid const& id) const noexcept {
        if (profiles_.empty()) return nullptr;
        if (profiles_.size() == 1) return profiles_[0].records > 0 ? &profiles_[0] : nullptr;
        auto const drawn = crypto::siphash_2_4(key_, id.bytes());
        profile const* chosen = nullptr;
        double least = 0;
        for (auto const& each : profiles_) {
            auto const records = static_cast<double>(each.records);
            if (each.records == 0) continue;
            auto const point = fraction(drawn ^ each.hash);
            // -log(x) is at least 1 - x: most need no logarithm.
            if (chosen && 1 - point >= least * records) continue;
            auto const score = -logarithm(point) / records;
            if (chosen && score >= least) continue;
            chosen = &each;
            least = score;
        }
        return chosen;
    }

    /// The same secrets without anybody's digest. What salts them stays: it may name a key.
    static decoy_list blank(std::span<stored_secret const> secrets) {
        decoy_list made;
        for (auto const& stored : secrets) {
            auto form = stored.hash;
            std::fill(form.digest.begin(), form.digest.end(), std::uint8_t{0});
            made.push_back({.hash = form});
        }
        return made;
    }

    /// What the work of verifying secrets depends on: the schemes, their costs, the sizes, and the keys by name, so that no
    /// decoy names one that no record does; sorted, a line for each.
    static std::string text_of(std::span<stored_secret const> secrets) {
        std::string text;
        for (auto const& [form, not_before, expires, id] : secrets) {
            std::string line(form.scheme);
            for (auto const cost : form.cost) line += ' ' + std::to_string(cost);
            line += ' ' + std::to_string(form.work) + ' ' + std::to_string(form.salt.size()) + ' ' +
                    std::to_string(form.digest.size());
            if (form.salt_names_key) {
                for (auto const byte : form.salt) line += ' ' + std::to_string(byte);
            }
            line += '\n';
            std::size_t at = 0;
            while (at < text.size() && text.compare(at, line.size(), line) < 0) at = text.find('\n', at) + 1;
            text.insert(at, line);
        }
        return text;
    }

    /// Where a number lies between 0 and 1, once its bits are stirred (the finalizer of MurmurHash3, Appleby).
    static double fraction(std::uint64_t number) noexcept {
        number = (number ^ number >> 33) * 0xff51afd7ed558ccd;
        number = (number ^ number >> 33) * 0xc4ceb9fe1a85ec53;
        return (static_cast<double>((number ^ number >> 33) >> 11) + 0.5) * 0x1p-53;
    }

    /// The natural logarithm of a number from 2^-54 to 1: the same in every process, whatever its mathematical library.
    static double logarithm(double number) noexcept {
        constexpr auto fraction_bits = (std::uint64_t{1} << 52) - 1;
        constexpr auto bits_of_one = std::uint64_t{1023} << 52;
        auto const bits = std::bit_cast<std::uint64_t>(number);
        auto const exponent = static_cast<double>(static_cast<int>(bits >> 52) - 1023);
        auto const from_1_to_2 = std::bit_cast<double>((bits & fraction_bits) | bits_of_one);
        auto const ratio = (from_1_to_2 - 1) / (from_1_to_2 + 1);  // ln x = 2 artanh of it
        double series = 0;
        for (int odd = 31; odd > 0; odd -= 2) series = series * ratio * ratio + 1.0 / odd;
        return exponent * 0.693147180559945309 + 2 * ratio * series;
    }

    crypto::siphash_key key_;
    std::vector<profile> profiles_;
};

}  // namespace sallyport
