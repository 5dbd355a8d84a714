// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/random.hpp>
#include <sallyport/crypto/siphash.hpp>
#include <sallyport/model/client.hpp>
#include <sallyport/model/result.hpp>
#include <sallyport/store/check_record.hpp>
#include <sallyport/store/client_generation.hpp>
#include <sallyport/store/client_store.hpp>
#include <sallyport/store/pin_board.hpp>
#include <sallyport/store/store_hash.hpp>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport {

/// A store that holds all records in memory. Checked when it is built: an id or a project given twice, a
/// level that is none, or a client without the project that its level needs is an error that names the
/// record. `find` costs two hash look-ups; what it returns keeps the record as it was, and decoys
/// that are drawn for the id (see `decoy_mix`; a host with several processes gives all the same key).
///
/// Thread-safe: records may be changed, one at a time or all at once, while requests run. Changes wait for one another,
/// and for the walks of `find` that are under way. `find` waits for nobody, writes nothing that another `find` reads, and
/// allocates only if more answers are held at once than ever before (see `pin_board`). An answer may be held for
/// any time, ended by another thread, and outlive the store. It keeps its own record, and the memory that this lies in;
/// all others that are changed or taken away are gone when the change returns.
///
/// Memory: half a KiB for each record and 12 to 18 bytes for each that there was at once, and what its lists hold, of more
/// than one secret, say. Records that
/// were given at once lie side by side, up to 2 MiB of them, and that memory is free once the last of these is gone: at
/// the latest when all are replaced. One that is inserted or updated alone has memory of its own.
template <enumeration Level, enumeration Api>
class memory_clients {
public:
    using record_type = client_record<Level, Api>;

    /// Raises `setup_error` on a mistake in the records; `make` is the twin that returns it.
    explicit memory_clients(std::vector<record_type> records, std::vector<project> projects = {},
                            crypto::siphash_key decoy_key = crypto::random_siphash_key())
        : memory_clients(make(std::move(records), std::move(projects), decoy_key).value()) {}

    static result<memory_clients> make(std::vector<record_type> records, std::vector<project> projects = {},
                                       crypto::siphash_key decoy_key = crypto::random_siphash_key()) {
        store_hash const hash;
        auto built = generation::make(hash, std::move(records), std::move(projects), decoy_key);
        if (!built) return error{built.message()};
        auto state = std::make_unique<shared_state>(hash, decoy_key, std::move(built).value());
        return memory_clients(state);
    }

    lookup<record_type> find(uuid const& id, std::string_view asked) const {
        return find(id, asked, [] {});
    }

    /// The same; `meanwhile()` is called while a record's memory is on its way: for each that may be the right one.
    template <std::invocable Meanwhile>
    lookup<record_type> find(uuid const& id, std::string_view asked, Meanwhile const& meanwhile) const {
        auto const& state = *state_;
        auto const hash = state.hash(id);
        auto kept = state.board->enter();
        auto const& in = *state.current.load(std::memory_order_acquire);
        // All of it for an unknown id too: it takes as long.
        auto const organization = in.organization_of(state.hash, asked);
        auto const* const decoys = in.decoys();
        auto const drawn = decoys->mix.show(id);
        auto const* const client = in.find(hash, id, meanwhile);
        kept.hold(client, decoys);
        return lookup<record_type>::pinned(std::move(kept), client ? &client->record : nullptr, organization, drawn);
    }

    /// Replaces all records and projects at once: a request sees the old ones or the new ones. On a mistake
    /// nothing is replaced.
    outcome replace(std::vector<record_type> records, std::vector<project> projects) {
        auto& state = *state_;
        auto built = generation::make(state.hash, std::move(records), std::move(projects), state.decoy_key);
        if (!built) return error{built.message()};
        auto old = std::move(built).value();
        std::lock_guard const changing(state.mutex);
        state.swap(old);
        return {};
    }

    /// Adds a record; an error if its id is there already or the record has a mistake.
    outcome insert(record_type record) {
        return put(std::move(record), [](bool present, uuid const& id) -> outcome {
            if (!present) return {};
            return client_error(id, "this id is there already");
        });
    }

    /// Puts a record in the place of the one of the same id; an error if there is none.
    outcome update(record_type record) {
        return put(std::move(record), [](bool present, uuid const& id) -> outcome {
            if (present) return {};
            return client_error(id, "there is no such client to update");
        });
    }

    /// Takes a record away; whether there was one.
    bool erase(uuid const& id) {
        auto& state = *state_;
        auto const hash = state.hash(id);
        std::lock_guard const changing(state.mutex);
        auto& in = state.newest();
        auto const* const known = in.find(hash, id);
        if (!known) return false;
        auto decoys = in.decoys_after(known, nullptr);
        in.take_out(hash, *known);
        state.clear_away(known, in.put(std::move(decoys)));
        return true;
    }

    std::size_t size() const {
        std::lock_guard const changing(state_->mutex);
        return state_->newest().size();
    }

private:
    using generation = client_generation<record_type>;

    struct shared_state {
        shared_state(store_hash const& keyed, crypto::siphash_key key, std::unique_ptr<generation> first)
            : hash(keyed), decoy_key(key), board(new pin_board), current(first.release()) {}
        shared_state(shared_state const&) = delete;
        shared_state& operator=(shared_state const&) = delete;
        ~shared_state() {
            std::unique_ptr<generation> const last(&newest());
            last->retire();
            board->leave();
        }

        generation& newest() const noexcept { return *current.load(std::memory_order_relaxed); }

        void swap(std::unique_ptr<generation>& with) noexcept {
            with.reset(current.exchange(with.release(), std::memory_order_acq_rel));
            with->retire();
            board->sweep();
        }

        /// Forgets what was taken out. Either may be null.
        void clear_away(pinnable const* record, pinnable const* decoys) const noexcept {
            if (!record && !decoys) return;
            for (auto const* each : {record, decoys}) {
                if (each) each->retire();
            }
            board->sweep();
            for (auto const* each : {record, decoys}) {
                if (each) each->drop();
            }
        }

        store_hash const hash;
        crypto::siphash_key const decoy_key;
        pin_board* const board;
        std::atomic<generation*> current;
        alignas(64) std::mutex mutex;  ///< for those that change something; off the line that readers read
    };

    // Takes an lvalue's content, so that memory_clients{{}} can only mean: no records.
    explicit memory_clients(std::unique_ptr<shared_state>& state) noexcept : state_(std::move(state)) {}

    template <class Allowed>
    outcome put(record_type record, Allowed allowed) {
        if (auto checked = check_record(record); !checked) return checked;
        auto fresh = std::make_unique<kept_record<record_type> const>(std::move(record));
        auto& state = *state_;
        auto const id = fresh->record.id;
        auto const hash = state.hash(id);
        std::lock_guard const changing(state.mutex);
        auto& in = state.newest();
        auto const* const known = in.find(hash, id);
        if (auto fits = allowed(known != nullptr, id); !fits) return fits;
        auto decoys = in.decoys_after(known, fresh.get());
        if (auto const smaller = in.make_room(state.hash)) state.board->sweep();
        auto const* const decoys_before = in.put(std::move(decoys));
        in.put(hash, known, std::move(fresh));
        state.clear_away(known, decoys_before);
        return {};
    }

    std::unique_ptr<shared_state> state_;
};

}  // namespace sallyport
