// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/keyed_hash.hpp>
#include <sallyport/model/client.hpp>
#include <sallyport/model/result.hpp>
#include <sallyport/store/client_store.hpp>
#include <sallyport/store/decoy_mix.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <functional>
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
/// record. `find` costs two hash look-ups under a shared lock; what it returns keeps the record as it was, and decoys
/// that are drawn for the id (see `decoy_mix`; a host with several processes gives all the same key).
/// Thread-safe: records may be changed, one at a time or all at once, while requests run.
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
        auto built = tables::make(std::move(records), std::move(projects), decoy_key);
        if (!built) return error{built.message()};
        return memory_clients(built.value(), decoy_key);
    }

    lookup<record_type> find(uuid const& id, std::string_view asked) const {
        std::shared_lock const reading(state_->mutex);
        auto const& in = state_->tables;
        auto const client = in.clients.find(id);
        // All of it for an unknown id too: it takes as long.
        auto const organization = in.organization_of(asked);
        auto decoys = in.decoys.draw(id);
        auto answer = client == in.clients.end() ? lookup<record_type>::none()
                                                 : lookup<record_type>::found(client->second, organization);
        return std::move(answer).with_decoys(std::move(decoys));
    }

    /// Replaces all records and projects at once: a request sees the old ones or the new ones. On a mistake
    /// nothing is replaced.
    outcome replace(std::vector<record_type> records, std::vector<project> projects) {
        auto built = tables::make(std::move(records), std::move(projects), state_->decoy_key);
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
        return state_->tables.take_out(id);
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

    struct tables {
        client_map clients;
        project_map projects;
        decoy_mix decoys;

        explicit tables(crypto::siphash_key decoy_key) noexcept : decoys(decoy_key) {}

        static result<tables> make(std::vector<record_type> records, std::vector<project> listed,
                                   crypto::siphash_key decoy_key) {
            tables built(decoy_key);
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
            return built;
        }

        name organization_of(std::string_view asked) const {
            auto const project = projects.find(asked);
            return project == projects.end() ? name() : project->second;
        }

        /// Adds the record, in the place of one of its id. If it throws, nothing has changed but for what nobody uses.
        void put(std::shared_ptr<record_type const> record) {
            auto const profile = decoys.find(record->secrets);
            auto const known = clients.find(record->id);
            if (known == clients.end()) {
                clients.emplace(record->id, record);
                return decoys.add(profile);
            }
            auto const profile_before = decoys.find(known->second->secrets);
            decoys.add(profile);
            decoys.remove(profile_before);
            known->second = std::move(record);
        }

        bool take_out(uuid const& id) {
            auto const client = clients.find(id);
            if (client == clients.end()) return false;
            decoys.remove(decoys.find(client->second->secrets));
            clients.erase(client);
            return true;
        }
    };

    struct shared_state {
        mutable std::shared_mutex mutex;
        memory_clients::tables tables;
        crypto::siphash_key const decoy_key;
    };

    // Takes an lvalue's content, so that memory_clients{{}} can only mean: no records.
    memory_clients(tables& built, crypto::siphash_key decoy_key)
        : state_(new shared_state{{}, std::move(built), decoy_key}) {}

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
        return {};
    }

    std::unique_ptr<shared_state> state_;
};

}  // namespace sallyport
