// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/client.hpp>
#include <sallyport/model/name.hpp>
#include <sallyport/model/stored_secret.hpp>
#include <sallyport/model/uuid.hpp>
#include <sallyport/store/pin_board.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport {

/// What a store answers: a record, that there is none, or that it can't tell. The third is never taken for
/// the second.
enum class lookup_status : std::uint8_t { found, none, failed };

/// An answer of a store, which keeps the record that it shows alive.
///   - `status()`;
///   - `record()`: the record, or null if there is none;
///   - `organization()`: which organisation the project asked for belongs to; empty if it is not known;
///   - `decoys()`: what a secret presented for nobody is verified against, so that an unknown id costs what a
///     known one does; empty if the store can't say, and then the verifier picks one.
template <class T, class Record>
concept lookup_of = requires(T const& answer) {
    { answer.status() } -> std::same_as<lookup_status>;
    { answer.record() } -> std::same_as<Record const*>;
    { answer.organization() } -> std::convertible_to<std::string_view>;
    { answer.decoys() } -> std::same_as<std::span<stored_secret const>>;
};

/// Finds a client's record, and the organisation of the project asked for (empty: none asked), in one trip.
/// `find` may be called from several threads at once. A `find` that throws counts as failed.
///
/// A store in memory may have `find(id, project, meanwhile)` too, which calls `meanwhile()` just before it reads what it
/// has found, for unknown ids as well. That is the moment of the request: never before waiting for anything but memory.
template <class T>
concept client_store = requires(T const& store, uuid const& id, std::string_view project) {
    typename T::record_type;
    { store.find(id, project) } -> lookup_of<typename T::record_type>;
};

/// The answer that most stores can use: it shares the record, or pins it.
template <class Record>
class lookup {
public:
    using decoy_list = std::vector<stored_secret>;

    static lookup found(std::shared_ptr<Record const> record, name organization) noexcept {
        lookup made(lookup_status::found);
        made.record_ = record.get();
        made.shared_record_ = std::move(record);
        made.organization_ = organization;
        return made;
    }
    static lookup none() noexcept { return lookup(lookup_status::none); }
    static lookup failed() noexcept { return lookup(lookup_status::failed); }

    /// A record and decoys that a pin keeps alive; null for no record.
    static lookup pinned(pin&& kept, Record const* record, name const& organization,
                         std::span<stored_secret const> decoys) noexcept {
        lookup made(record ? lookup_status::found : lookup_status::none, std::move(kept));
        made.record_ = record;
        made.decoys_ = decoys;
        made.organization_ = organization;
        return made;
    }

    /// The same answer with decoys of the store's choice.
    lookup with_decoys(std::shared_ptr<decoy_list const> decoys) && noexcept {
        decoys_ = decoys ? std::span<stored_secret const>(*decoys) : std::span<stored_secret const>();
        shared_decoys_ = std::move(decoys);
        return std::move(*this);
    }

    lookup_status status() const noexcept { return status_; }
    Record const* record() const noexcept { return record_; }
    name const& organization() const noexcept { return organization_; }
    std::span<stored_secret const> decoys() const noexcept { return decoys_; }

private:
    explicit lookup(lookup_status status, pin&& kept = {}) noexcept : status_(status), pin_(std::move(kept)) {}

    Record const* record_ = nullptr;
    std::span<stored_secret const> decoys_;
    name organization_;
    lookup_status status_;
    pin pin_;
    std::shared_ptr<Record const> shared_record_;
    std::shared_ptr<decoy_list const> shared_decoys_;
};

}  // namespace sallyport
