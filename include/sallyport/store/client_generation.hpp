// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/client.hpp>
#include <sallyport/model/name.hpp>
#include <sallyport/model/prefetch_lines.hpp>
#include <sallyport/model/result.hpp>
#include <sallyport/store/check_record.hpp>
#include <sallyport/store/decoy_mix.hpp>
#include <sallyport/store/pin_board.hpp>
#include <sallyport/store/slab.hpp>
#include <sallyport/store/store_hash.hpp>
#include <sallyport/store/tag_table.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport {

/// A record that a look-up may pin: in cache lines of its own, which are asked for at once.
template <class Record>
class alignas(64) kept_record final : public pinnable {
public:
    explicit kept_record(Record&& given) noexcept : record(std::move(given)) {}
    kept_record(slab& in, Record&& given) noexcept : lies_in_(&in), record(std::move(given)) {}

private:
    void end() const noexcept override {
        if (!lies_in_) return delete this;
        auto& memory = *lies_in_;
        std::destroy_at(this);
        memory.leave();
    }

    slab* const lies_in_ = nullptr;

public:
    Record const record;
};

/// Decoys that a look-up may pin.
struct kept_decoys final : pinnable {
    explicit kept_decoys(decoy_mix given) : mix(std::move(given)) {}

    decoy_mix mix;
};

/// All that one look-up of `memory_clients` sees: records, projects and decoys. It may be read while one thread changes
/// it. What is taken out is the caller's, to be dropped once no reader can come upon it (see `pin_board`).
template <class Record>
class client_generation {
    using client = kept_record<Record>;
    using client_table = tag_table<client>;

public:
    static result<std::unique_ptr<client_generation>> make(store_hash const& hash, std::vector<Record> records,
                                                           std::vector<project> projects,
                                                           crypto::siphash_key decoy_key) {
        auto made = std::make_unique<client_generation>(records.size(), std::move(projects));
        if (auto listed = made->list_projects(hash); !listed) return error{listed.message()};
        auto decoys = std::make_unique<kept_decoys>(decoy_mix(decoy_key));
        slab_filler<client> side_by_side(records.size());
        for (auto& record : records) {
            if (auto checked = check_record(record); !checked) return error{checked.message()};
            auto const hashed = hash(record.id);
            if (made->find(hashed, record.id)) return client_error(record.id, "this id is listed twice");
            decoys->mix.add(decoys->mix.find(record.secrets));
            made->clients()->insert(hashed, side_by_side.make(std::move(record)));
        }
        made->put(std::move(decoys));
        return made;
    }

    client_generation(std::size_t records, std::vector<project> projects)
        : projects_(std::move(projects)), by_name_(projects_.size()), clients_(new client_table(records)) {}
    client_generation(client_generation const&) = delete;
    client_generation& operator=(client_generation const&) = delete;
    ~client_generation() {
        std::unique_ptr<client_table> const last(clients());
        last->for_each([](auto const& each) { each.drop(); });
        if (auto const* const mix = decoys()) mix->drop();
    }

    client const* find(std::uint64_t hash, uuid const& id) const noexcept {
        return find(hash, id, [] {});
    }
    /// Calls `meanwhile()` after a record's memory was asked for.
    template <class Meanwhile>
    client const* find(std::uint64_t hash, uuid const& id, Meanwhile const& meanwhile) const noexcept {
        return clients()->find(hash, [&](client const& each) {
            prefetch_lines(&each, sizeof(client));
            meanwhile();
            return each.record.id == id;
        });
    }

    name organization_of(store_hash const& hash, std::string_view asked) const noexcept {
        if (asked.empty() || asked.size() > name::max_size) return {};
        auto const* const known = find_project(hash(asked), asked);
        return known ? known->organization : name();
    }

    kept_decoys const* decoys() const noexcept { return decoys_.load(std::memory_order_acquire); }
    std::size_t size() const noexcept { return clients()->size(); }

    /// The decoys once a record (null: none) is in the place of another; null if that makes no difference.
    std::unique_ptr<kept_decoys> decoys_after(client const* before, client const* after) const {
        auto const secrets_of = [](client const* of) {
            return of ? std::span<stored_secret const>(of->record.secrets) : std::span<stored_secret const>();
        };
        auto mix = decoys()->mix;
        if (mix.find(secrets_of(before)) == mix.find(secrets_of(after))) return nullptr;
        mix.add(mix.find(secrets_of(after)));
        mix.remove(mix.find(secrets_of(before)));
        return std::make_unique<kept_decoys>(std::move(mix));
    }

    /// Puts the decoys, if any, in the place of others, which are returned.
    kept_decoys const* put(std::unique_ptr<kept_decoys> fresh) noexcept {
        return fresh ? decoys_.exchange(fresh.release(), std::memory_order_acq_rel) : nullptr;
    }
    void put(std::uint64_t hash, client const* known, std::unique_ptr<client const> fresh) noexcept {
        auto const& added = *fresh.release();
        known ? clients()->exchange(hash, *known, added) : clients()->insert(hash, added);
    }
    void take_out(std::uint64_t hash, client const& known) noexcept { clients()->erase(hash, known); }

    /// A larger table if the present one is full; the present one is returned, and still read by some.
    std::unique_ptr<client_table> make_room(store_hash const& hash) {
        if (!clients()->is_full()) return nullptr;
        auto larger = std::make_unique<client_table>(size() + size() / 2 + 1);
        clients()->for_each([&](auto const& each) { larger->insert(hash(each.record.id), each); });
        return std::unique_ptr<client_table>(clients_.exchange(larger.release(), std::memory_order_acq_rel));
    }

    void retire() const noexcept {
        clients()->for_each([](auto const& each) { each.retire(); });
        decoys()->retire();
    }

private:
    client_table* clients() const noexcept { return clients_.load(std::memory_order_acquire); }

    project const* find_project(std::uint64_t hash, std::string_view asked) const noexcept {
        return by_name_.find(hash, [asked](project const& each) { return each.id == asked; });
    }

    outcome list_projects(store_hash const& hash) {
        for (auto const& each : projects_) {
            auto const wrong = [&each](std::string_view what) {
                return error{std::string("project \"").append(each.id.view()).append("\": ").append(what)};
            };
            if (each.id.empty() || each.organization.empty()) return wrong("a project has an id and an organisation");
            auto const hashed = hash(each.id.view());
            if (find_project(hashed, each.id)) return wrong("listed twice");
            by_name_.insert(hashed, each);
        }
        return {};
    }

    std::vector<project> projects_;
    tag_table<project> by_name_;
    std::atomic<kept_decoys const*> decoys_{nullptr};
    std::atomic<client_table*> clients_;  ///< owned; made last, when nothing can fail any more
};

}  // namespace sallyport
