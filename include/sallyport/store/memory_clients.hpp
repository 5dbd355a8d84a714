// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/keyed_hash.hpp>
#include <sallyport/model/client.hpp>
#include <sallyport/model/result.hpp>
#include <sallyport/store/client_store.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sallyport {

/// A store that holds all records in memory. Checked when it is built: an id or a project given twice, a
/// level that is none, or a client without the project that its level needs is an error that names the
/// record. `find` costs two hash look-ups under a shared lock; what it returns keeps the record as it was.
/// Thread-safe: records may be changed, one at a time or all at once, while requests run.
template <enumeration Level, enumeration Api>
class memory_clients {
public:
    using record_type = client_record<Level, Api>;

    /// Raises `setup_error` on a mistake in the records; `make` is the twin that returns it.
    explicit memory_clients(std::vector<record_type> records, std::vector<project> projects = {})
        : memory_clients(make(std::move(records), std::move(projects)).value()) {}

    static result<memory_clients> make(std::vector<record_type> records, std::vector<project> projects = {}) {
        auto built = tables::make(std::move(records), std::move(projects));
        if (!built) return error{built.message()};
        return memory_clients(built.value());
    }

    lookup<record_type> find(uuid const& id, std::string_view asked) const {
        std::shared_lock const reading(state_->mutex);
        auto const& in = state_->tables;
        auto const client = in.clients.find(id);
        if (client == in.clients.end()) return lookup<record_type>::none().with_decoys(in.decoys);
        return lookup<record_type>::found(client->second, in.organization_of(asked)).with_decoys(in.decoys);
    }

    /// Replaces all records and projects at once: a request sees the old ones or the new ones. On a mistake
    /// nothing is replaced.
    outcome replace(std::vector<record_type> records, std::vector<project> projects) {
        auto built = tables::make(std::move(records), std::move(projects));
        if (!built) return error{built.message()};
        auto fresh = std::move(built).value();
        std::unique_lock const writing(state_->mutex);
        std::swap(state_->tables, fresh);
        return {};
    }

    /// Adds a record; an error if its id is there already or the record has a mistake.
    outcome insert(record_type record) {
        return change(std::move(record), [](auto const& present, auto const& added) -> outcome {
            if (!present.contains(added.id)) return {};
            return error{fmt::format("client {}: this id is there already", added.id)};
        });
    }

    /// Puts a record in the place of the one of the same id; an error if there is none.
    outcome update(record_type record) {
        return change(std::move(record), [](auto const& present, auto const& changed) -> outcome {
            if (present.contains(changed.id)) return {};
            return error{fmt::format("client {}: there is no such client to update", changed.id)};
        });
    }

    /// Takes a record away; whether there was one.
    bool erase(uuid const& id) {
        std::unique_lock const writing(state_->mutex);
        bool const erased = state_->tables.take_out(id);
        state_->tables.choose_decoys();
        return erased;
    }

    std::size_t size() const {
        std::shared_lock const reading(state_->mutex);
        return state_->tables.clients.size();
    }

private:
    struct id_hash : crypto::keyed_hash {
        std::size_t operator()(uuid const& id) const noexcept { return crypto::keyed_hash::operator()(id.bytes()); }
    };
    using client_map = std::unordered_map<uuid, std::shared_ptr<record_type const>, id_hash>;
    using project_map = std::unordered_map<std::string, name, crypto::keyed_hash, std::equal_to<>>;
    using decoy_list = typename lookup<record_type>::decoy_list;

    /// A kind of stored form, without anybody's salt and digest, and how many secrets are of it.
    struct form_in_use {
        hash_form blank;
        std::size_t count = 0;
    };

    struct tables {
        client_map clients;
        project_map projects;
        std::map<std::uint64_t, form_in_use> forms;  ///< by the work of one verification
        std::shared_ptr<decoy_list const> decoys;

        static result<tables> make(std::vector<record_type> records, std::vector<project> listed) {
            tables built;
            for (auto const& project : listed) {
                if (project.id.empty() || project.organization.empty()) {
                    return error{
                        fmt::format("project \"{}\": a project has an id and an organisation", project.id.view())};
                }
                if (!built.projects.emplace(std::string(project.id.view()), project.organization).second) {
                    return error{fmt::format("project \"{}\": listed twice", project.id.view())};
                }
            }
            for (auto& record : records) {
                if (auto checked = check(record); !checked) return error{checked.message()};
                if (built.clients.contains(record.id)) {
                    return error{fmt::format("client {}: this id is listed twice", record.id)};
                }
                built.put(std::make_shared<record_type const>(std::move(record)));
            }
            built.choose_decoys();
            return built;
        }

        name organization_of(std::string_view asked) const {
            auto const project = projects.find(asked);
            return project == projects.end() ? name() : project->second;
        }

        /// Adds the record, in the place of one of its id. If it throws, nothing has changed but for what nobody uses.
        void put(std::shared_ptr<record_type const> record) {
            for (auto const& stored : record->secrets) {
                forms.try_emplace(stored.hash.work, form_in_use{blank(stored.hash)});
            }
            auto& place = clients.try_emplace(record->id).first->second;
            for (auto const& stored : record->secrets) ++forms.find(stored.hash.work)->second.count;
            if (place) forget_forms(*place);
            place = std::move(record);
        }

        bool take_out(uuid const& id) {
            auto const client = clients.find(id);
            if (client == clients.end()) return false;
            forget_forms(*client->second);
            clients.erase(client);
            return true;
        }

        void forget_forms(record_type const& record) noexcept {
            for (auto const& stored : record.secrets) {
                auto const form = forms.find(stored.hash.work);
                if (--form->second.count == 0) forms.erase(form);
            }
        }

        /// One secret of the costliest form that any record has: an unknown id then costs no less.
        void choose_decoys() {
            if (forms.empty()) {
                decoys = nullptr;
            } else if (!decoys || decoys->front().hash.work != forms.rbegin()->first) {
                decoys = std::make_shared<decoy_list const>(1, stored_secret{.hash = forms.rbegin()->second.blank});
            }
        }

        static hash_form blank(hash_form form) noexcept {
            std::fill(form.salt.begin(), form.salt.end(), std::uint8_t{0});
            std::fill(form.digest.begin(), form.digest.end(), std::uint8_t{0});
            return form;
        }
    };

    struct shared_state {
        mutable std::shared_mutex mutex;
        memory_clients::tables tables;
    };

    // Takes an lvalue's content, so that memory_clients{{}} can only mean: no records.
    explicit memory_clients(tables& built) : state_(std::make_unique<shared_state>()) {
        state_->tables = std::move(built);
    }

    static outcome check(record_type const& record) {
        auto const wrong = [&record](std::string_view what) {
            return error{fmt::format("client {}: {}", record.id, what)};
        };
        auto const id = record.id.text();
        if (!parse_uuid_v4({id.data(), id.size()})) return wrong("the id is no version 4 UUID");
        if (!is_enumerator(record.level)) return wrong("its level is none");
        if (record.organization.empty()) return wrong("it belongs to no organisation");
        bool const wide = level_reach(record.level) == reach::organization;
        auto const level = enumerator_name(record.level);
        if (wide && !record.project.empty()) return wrong(fmt::format("a {} client belongs to no project", level));
        if (!wide && record.project.empty()) return wrong(fmt::format("a {} client needs a project", level));
        if (record.secrets.size() > max_secrets) return wrong("it has more than four secrets");
        for (auto const& stored : record.secrets) {
            if (stored.hash.scheme.empty()) return wrong("one of its secrets is of no scheme");
            if (stored.hash.digest.size() < hash_form::min_digest)
                return wrong("one of its secrets has a digest of under 16 bytes");
        }
        enumerator_set<Api> limited;
        for (auto const& own : record.limits) {
            if (!is_enumerator(own.api)) return wrong("a limit of its own is for no API");
            auto const api = enumerator_name(own.api);
            if (limited.contains(own.api)) return wrong(fmt::format("two limits of its own are for {}", api));
            limited.insert(own.api);
        }
        return {};
    }

    template <class Allowed>
    outcome change(record_type record, Allowed allowed) {
        if (auto checked = check(record); !checked) return checked;
        auto const shared = std::make_shared<record_type const>(std::move(record));
        std::unique_lock const writing(state_->mutex);
        if (auto fits = allowed(state_->tables.clients, *shared); !fits) return fits;
        state_->tables.put(shared);
        state_->tables.choose_decoys();
        return {};
    }

    std::unique_ptr<shared_state> state_;
};

}  // namespace sallyport
