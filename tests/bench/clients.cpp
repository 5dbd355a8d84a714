// SPDX-License-Identifier: BSL-1.0
#include "cache_miss.hpp"
#include "contest.hpp"
#include "population.hpp"

#include <sallyport/store/store_hash.hpp>

#if defined(BENCH_BOOST_MAP)
#    include <boost/unordered/unordered_flat_map.hpp>
#endif

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

// What it costs to find one of a million clients by its id: chained, so that none is looked for before the one before
// it was found. What is found is kept alive, but not looked into.

namespace {

namespace sp = sallyport;
namespace op = sallyport::openpanel;

constexpr std::size_t clients = 1'000'000;
constexpr std::size_t asked = std::size_t{1} << 20;

struct directory {
    std::vector<bench::credentials> credentials = bench::random_clients(clients);
    op::clients store = bench::store_of(credentials);
    std::vector<sp::uuid> known, unknown;

    directory() {
        for (std::size_t i = 0; i < asked; ++i) {
            known.push_back(sp::parse_uuid_v4(credentials[bench::random()() % clients].id_text()).value());
            unknown.push_back(bench::random_id());
        }
        for (std::size_t i = 0; i < asked; i += 1000) {
            auto const found = store.find(known[i], {});
            if (!found.record() || found.record()->id != known[i]) throw std::runtime_error("it finds another");
        }
    }
};

std::shared_ptr<directory> shared_directory() {
    static auto const made = std::make_shared<directory>();
    return made;
}

/// 0, but only the processor that has found the record knows that: an address is never so high.
std::size_t zero_from(void const* record) {
    auto value = reinterpret_cast<std::uintptr_t>(record);
    benchmark::DoNotOptimize(value);
    return value >> 63;
}

/// `find(id)` gives the record's address, or null.
template <class Find>
contest::side chained(std::vector<sp::uuid> const& ids, bool known, Find find) {
    return [&ids, known, find](unsigned, std::size_t first, std::size_t count) {
        std::size_t expected = 0, link = 0;
        for (std::size_t i = first; i < first + count; ++i) {
            void const* const record = find(ids[(i + link) % asked]);
            expected += (record != nullptr) == known ? 1 : 0;
            link = zero_from(record);
        }
        return expected;
    };
}

contest::side ours(bool known) {
    auto const of = shared_directory();
    return chained(known ? of->known : of->unknown, known,
                   [of](sp::uuid const& id) { return of->store.find(id, {}).record(); });
}

contest::row const to_miss({"client by id, chained, 1M", "one dependent cache miss in 64 bytes a client", 1.25}, [] {
    return contest::sides{ours(true), bench::dependent_misses(clients)};
});

#if defined(BENCH_BOOST_MAP)
struct id_hash : sp::store_hash {
    using is_avalanching = void;
};

struct boost_directory {
    boost::unordered_flat_map<sp::uuid, std::shared_ptr<op::client const>, id_hash> by_id;
    std::shared_mutex mutex;

    boost_directory() {
        for (auto& record : bench::records_of(shared_directory()->credentials)) {
            by_id.emplace(record.id, std::make_shared<op::client const>(std::move(record)));
        }
    }
};

contest::side in_boost_map(bool known) {
    static auto const of = std::make_shared<boost_directory>();
    auto const ids = shared_directory();
    return chained(known ? ids->known : ids->unknown, known, [](sp::uuid const& id) -> void const* {
        auto const found = of->by_id.find(id);
        return found == of->by_id.end() ? nullptr : found->second.get();
    });
}

/// What it finds is kept alive by a count, since it may be taken away as soon as the lock is gone.
contest::side in_locked_boost_map() {
    static auto const of = std::make_shared<boost_directory>();
    return chained(shared_directory()->known, true, [](sp::uuid const& id) -> void const* {
        std::shared_ptr<op::client const> record;
        std::shared_lock const lock(of->mutex);
        auto const found = of->by_id.find(id);
        if (found != of->by_id.end()) record = found->second;
        return record.get();
    });
}

contest::row const to_boost({"client by id, chained, 1M", "boost::unordered_flat_map, the same hash", 0.9}, [] {
    return contest::sides{ours(true), in_boost_map(true)};
});
contest::row const unknown({"client by id, chained, 1M, unknown", "boost::unordered_flat_map, the same hash", 1.0}, [] {
    return contest::sides{ours(false), in_boost_map(false)};
});
contest::row const on_two({"client by id, chained, 1M, 2 threads", "boost's map under a shared_mutex", 0.9, 2}, [] {
    return contest::sides{ours(true), in_locked_boost_map()};
});
#endif

/// The first thread looks clients up; meanwhile the other changes 1,000 records a second, or none.
contest::side beside_a_writer(bool writing) {
    auto const of = shared_directory();
    auto const looked_up = std::make_shared<std::atomic<std::size_t>>(0);
    return [of, looked_up, writing, look_up = ours(true)](unsigned thread, std::size_t first, std::size_t count) {
        if (thread == 0) {
            auto const expected = look_up(thread, first, count);
            *looked_up = first + count;
            return expected;
        }
        std::size_t changes = 0;
        auto next = std::chrono::steady_clock::now();
        for (; writing && *looked_up < first; std::this_thread::yield()) {
            if (std::chrono::steady_clock::now() < next) continue;
            next += std::chrono::milliseconds(1);
            auto record = *of->store.find(of->known[(first + changes++) % asked], {}).record();
            if (!of->store.update(std::move(record))) return std::size_t{0};
        }
        return count;
    };
}

contest::row const changing({"client by id, chained, 1M, while 1,000 records a second change", "none changing", 1.2, 2},
                            [] {
                                return contest::sides{beside_a_writer(true), beside_a_writer(false)};
                            });

}  // namespace
