// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/hash_scheme.hpp>
#include <sallyport/credential/sha256_scheme.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

/// What the schemes of a test are asked for, and a door at which expensive hashes can be held up.
class hash_counter {
public:
    std::atomic<unsigned> cheap{0};
    std::atomic<unsigned> expensive{0};

    void reset() { cheap = expensive = most_inside_ = 0; }

    void close() {
        std::lock_guard const lock(mutex_);
        open_ = false;
    }
    void open() {
        std::lock_guard const lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    /// Waits until so many hashes are held up.
    void await_inside(unsigned count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return inside_ >= count; });
    }
    /// How many are at the door at this moment.
    unsigned inside() {
        std::lock_guard const lock(mutex_);
        return inside_;
    }
    /// How many ran at once at most.
    unsigned most_inside() const { return most_inside_; }

    void pass() {
        std::unique_lock lock(mutex_);
        most_inside_ = std::max<unsigned>(most_inside_, ++inside_);
        changed_.notify_all();
        changed_.wait(lock, [&] { return open_; });
        --inside_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = true;
    unsigned inside_ = 0;
    std::atomic<unsigned> most_inside_{0};
};

/// A scheme of a cost of its own saying, which derives what sha256 does and counts how often.
template <sallyport::scheme_cost Cost>
struct counting_scheme {
    static constexpr std::string_view name = Cost == sallyport::scheme_cost::cheap ? "cheap" : "expensive";
    static constexpr std::string_view form = "NAME:TEXT";
    static constexpr sallyport::scheme_cost cost = Cost;

    hash_counter* counter = nullptr;
    bool broken = false;    ///< says that it could not be done
    bool outdated = false;  ///< says that its forms cost too little by now

    static bool recognizes(std::string_view text) { return text.starts_with(std::string(name) + ':'); }
    static sallyport::result<sallyport::hash_form> parse(std::string_view text) {
        return store(text.substr(name.size() + 1));
    }
    static std::string text(sallyport::hash_form const&) { return std::string(name) + ':'; }
    bool is_current(sallyport::hash_form const&) const noexcept { return !outdated; }

    bool derive(std::string_view presented, sallyport::hash_form const& stored,
                std::span<std::uint8_t> out) const noexcept {
        if (counter) {
            ++(Cost == sallyport::scheme_cost::cheap ? counter->cheap : counter->expensive);
            if (Cost == sallyport::scheme_cost::expensive) counter->pass();
        }
        return sallyport::sha256_scheme::derive(presented, stored, out) && !broken;
    }

    static sallyport::hash_form decoy() { return store("a decoy's"); }

    static sallyport::hash_form store(std::string_view plain) {
        auto made = sallyport::sha256_scheme::store(plain);
        made.scheme = name;
        made.work = Cost == sallyport::scheme_cost::cheap ? 1 : 1000;
        return made;
    }
};

using cheap_scheme = counting_scheme<sallyport::scheme_cost::cheap>;
using expensive_scheme = counting_scheme<sallyport::scheme_cost::expensive>;
