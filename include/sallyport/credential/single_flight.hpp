// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace sallyport {

/// How a call of `single_flight::run` came to its result.
enum class flight_role : std::uint8_t {
    led,      ///< it did the work
    joined,   ///< it waited for another that did the same
    refused,  ///< it would have led, and may not
    crowded,  ///< too many wait already
};

/// Lets calls that would do the same work at the same moment share it: the first does it, and the others wait for
/// what it comes to. Nothing is remembered beyond that. At most `most_waiting` calls wait at once. Thread-safe.
template <class Key, class Result, class Hash>
class single_flight {
public:
    struct answer {
        flight_role role;
        Result result{};
    };

    explicit single_flight(std::size_t most_waiting) noexcept : most_waiting_(most_waiting) {}

    /// The result of the work for this key that is under way; else, where `may_lead()` says so, of `work()`. No two
    /// calls are asked whether they may lead at the same moment. Throws what allocation and `may_lead` throw.
    template <class MayLead, class Work>
    answer run(Key const& key, MayLead&& may_lead, Work&& work) {
        static_assert(std::is_nothrow_invocable_r_v<Result, Work>, "the others wait for a result");
        std::unique_lock lock(mutex_);
        if (auto const found = flights_.find(key); found != flights_.end()) return join(found->second, lock);
        // What can fail comes before the question, whose answer may count; nobody else looks before the lock is free.
        auto const led = std::make_shared<flight>();
        flights_.emplace(key, led);
        end_of_flight const at_end{*this, key};
        if (!may_lead()) return {flight_role::refused};
        lock.unlock();
        auto const result = work();
        lock.lock();
        led->result = result;
        return {flight_role::led, result};
    }

    /// Whether the work for this key is under way at this moment.
    bool is_under_way(Key const& key) const {
        std::lock_guard const lock(mutex_);
        return flights_.find(key) != flights_.end();
    }

private:
    struct flight {
        std::condition_variable landed;
        std::optional<Result> result;
    };

    /// Takes the flight out again, and tells those who wait for it.
    struct end_of_flight {
        single_flight& of;
        Key const& key;

        ~end_of_flight() {
            auto const ended = of.flights_.extract(key);
            ended.mapped()->landed.notify_all();
        }
    };

    answer join(std::shared_ptr<flight> const joined, std::unique_lock<std::mutex>& lock) {
        if (waiting_ == most_waiting_) return {flight_role::crowded};
        ++waiting_;
        joined->landed.wait(lock, [&joined] { return joined->result.has_value(); });
        --waiting_;
        return {flight_role::joined, *joined->result};
    }

    mutable std::mutex mutex_;
    std::unordered_map<Key, std::shared_ptr<flight>, Hash> flights_;
    std::size_t waiting_ = 0;
    std::size_t const most_waiting_;
};

}  // namespace sallyport
