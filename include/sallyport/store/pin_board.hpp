// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

namespace sallyport {

/// What can be pinned on a `pin_board`: an object that never changes, and is ended by the last that has a claim to
/// it. Whoever makes one has the first.
class pinnable {
public:
    pinnable() noexcept = default;
    pinnable(pinnable const&) = delete;
    pinnable& operator=(pinnable const&) = delete;

    void claim() const noexcept { claims_.fetch_add(1, std::memory_order_relaxed); }
    void drop() const noexcept {
        if (claims_.fetch_sub(1, std::memory_order_acq_rel) == 1) end();
    }

    /// Says that it was taken from where readers find it, and that its maker will drop it once the board was swept.
    void retire() const noexcept { retired_ = true; }

protected:
    virtual ~pinnable() = default;

private:
    friend class pin_board;

    /// What becomes of it when nobody has a claim to it.
    virtual void end() const noexcept { delete this; }

    mutable std::atomic<std::uint32_t> claims_{1};
    mutable bool retired_ = false;  ///< read and written by the one that changes things alone
};

/// Where a reader notes what it looks at. A place has a cache line of its own, and is used by one reader at a time.
struct alignas(64) pin_place {
    // The low bits; the others count the readers that have had the place, so that no two notes are taken for one.
    static constexpr std::uint64_t walking = 1;  ///< its reader may come upon anything that was not yet retired
    static constexpr std::uint64_t holding = 2;  ///< its reader looks at what is noted, and at nothing else
    static constexpr std::uint64_t owns_board = 4;
    static constexpr std::uint64_t owns_first = 8;
    static constexpr std::uint64_t owns_second = 16;
    static constexpr std::uint64_t next_reader = 32;
    static constexpr std::uint64_t bits = next_reader - 1;

    std::atomic<std::uint64_t> state{0};
    std::array<std::atomic<pinnable const*>, 2> noted{};
    pinnable const* board = nullptr;
};

/// Keeps up to two objects alive. Ends on any thread, and may outlive whatever it was taken from. A copy claims the
/// objects, and costs what a copied `shared_ptr` does.
class pin {
public:
    pin() noexcept = default;
    pin(pin&& other) noexcept
        : place_(std::exchange(other.place_, nullptr)), objects_(std::exchange(other.objects_, {})) {}
    pin(pin const& other) noexcept : objects_(other.objects_) {
        for (auto const* each : objects_) {
            if (each) each->claim();
        }
    }
    pin& operator=(pin other) noexcept {
        std::swap(place_, other.place_);
        std::swap(objects_, other.objects_);
        return *this;
    }
    ~pin() {
        if (place_ || objects_[0] || objects_[1]) end();  // what was moved from is many, and costs a look
    }

    /// A pin by a claim of its own, on an object that somebody keeps alive meanwhile. It takes no place on a board.
    static pin of_claimed(pinnable const& object) noexcept {
        object.claim();
        pin made;
        made.objects_[0] = &object;
        return made;
    }

    /// Ends the walk: from now on only these objects are kept. Either may be null.
    void hold(pinnable const* first, pinnable const* second) noexcept {
        objects_ = {first, second};
        for (std::size_t i = 0; i < 2; ++i) place_->noted[i].store(objects_[i], std::memory_order_relaxed);
        auto const readers = place_->state.load(std::memory_order_relaxed) & ~pin_place::bits;
        place_->state.store(readers | pin_place::holding, std::memory_order_release);
    }

private:
    friend class pin_board;
    explicit pin(pin_place& place) noexcept : place_(&place) {}

    void end() const noexcept {
        if (!place_) return drop(pin_place::owns_first | pin_place::owns_second);
        auto const readers = place_->state.load(std::memory_order_relaxed) & ~pin_place::bits;
        auto const* const board = place_->board;
        auto const left = place_->state.exchange(readers, std::memory_order_acq_rel);
        drop(left);
        if (left & pin_place::owns_board) board->drop();
    }

    void drop(std::uint64_t owned) const noexcept {
        if (owned & pin_place::owns_first && objects_[0]) objects_[0]->drop();
        if (owned & pin_place::owns_second && objects_[1]) objects_[1]->drop();
    }

    pin_place* place_ = nullptr;
    std::array<pinnable const*, 2> objects_{};
};

/// Lets readers look at what others change, without a lock and without a count that readers share.
///
/// A reader enters: it takes a place that is its thread's own as a rule, by one compare-and-swap, and walks. Then it
/// notes what it found, and keeps that. Who takes objects away makes them unreachable, calls `retire` on each, sweeps,
/// and drops them. A sweep looks at each place. Where a reader walks, it waits for the end of that walk, which is a
/// look-up's and never an answer's, and looks again. Where one holds something that was retired, it makes over a claim
/// to it, so that the pin itself deletes it if it is the last. So what is retired is gone at the end of the sweep but
/// for what is pinned, however long that is; and a pin keeps its own two objects, and nothing else.
///
/// Why that is enough: the sweep looks by read-modify-write. A reader that enters later than it looked has taken over
/// what the sweep left there, and so sees what was made unreachable before; one that entered earlier is seen.
///
/// Thread-safe; one sweep at a time. `enter` never waits; it allocates only if more pins are held at once than ever
/// before, and than 64.
class pin_board final : public pinnable {
public:
    pin_board() : newest_(new block(64, nullptr, this)) {}
    ~pin_board() override {
        for (std::unique_ptr<block> each(newest_.load(std::memory_order_relaxed)); each;) {
            each.reset(each->older);
        }
    }

    /// Begins a walk. Constant time if few pins are held; linear in their number if many are.
    pin enter() {
        auto& home = home_of_thread();
        for (;;) {
            auto* const newest = newest_.load(std::memory_order_acquire);
            for (auto const* in = newest; in; in = in->older) {
                for (std::size_t i = 0; i < in->size; ++i) {
                    auto& place = in->places[(home + i) & (in->size - 1)];
                    auto seen = place.state.load(std::memory_order_relaxed);
                    if (seen & pin_place::bits) continue;
                    if (!place.state.compare_exchange_strong(seen, seen + pin_place::next_reader + pin_place::walking,
                                                             std::memory_order_acq_rel, std::memory_order_relaxed)) {
                        continue;
                    }
                    if (i > 0) home += static_cast<std::uint32_t>(i);
                    return pin(place);
                }
            }
            add_block(newest);
        }
    }

    /// Waits for the walks that are under way, and makes over to pins what they hold of what was retired.
    void sweep() noexcept { sweep(0); }

    /// The end: as the last sweep, makes the board over to the pins that are left, and drops it.
    void leave() noexcept {
        sweep(pin_place::owns_board);
        drop();
    }

private:
    struct block {
        block(std::size_t count, block* before, pinnable const* board)
            : size(count), places(new pin_place[count]), older(before) {
            for (std::size_t i = 0; i < count; ++i) places[i].board = board;
        }

        std::size_t size;  ///< a power of two
        std::unique_ptr<pin_place[]> places;
        block* older;
    };

    /// Where a thread looks for a place first. Each begins at another one, and stays where it found one.
    static std::uint32_t& home_of_thread() noexcept {
        static std::atomic<std::uint32_t> threads{0};
        static thread_local std::uint32_t home = 0;
        if (home == 0) home = threads.fetch_add(1, std::memory_order_relaxed) + 1;
        return home;
    }

    void add_block(block* newest) {
        auto made = std::make_unique<block>(newest->size * 2, newest, this);
        if (newest_.compare_exchange_strong(newest, made.get(), std::memory_order_acq_rel)) {
            static_cast<void>(made.release());
        }
    }

    void sweep(std::uint64_t owned_by_all) noexcept {
        for (auto const* in = newest_.fetch_add(0, std::memory_order_acq_rel); in; in = in->older) {
            for (std::size_t i = 0; i < in->size; ++i) sweep(in->places[i], owned_by_all);
        }
    }

    void sweep(pin_place& place, std::uint64_t owned_by_all) noexcept {
        for (;;) {
            auto seen = place.state.fetch_add(0, std::memory_order_acq_rel);
            if (seen & pin_place::walking) {
                wait_while(place, seen);
                continue;
            }
            if (!(seen & pin_place::holding)) return;
            // What is noted is alive: nobody but the one that sweeps drops what no pin owns.
            auto const* const first = retired(place, 0, seen & pin_place::owns_first);
            auto const* const second = retired(place, 1, seen & pin_place::owns_second);
            auto const* const board = owned_by_all ? this : nullptr;
            auto const owned =
                (first ? pin_place::owns_first : 0) | (second ? pin_place::owns_second : 0) | owned_by_all;
            if (!owned) return;
            for (pinnable const* each : {first, second, static_cast<pinnable const*>(board)}) {
                if (each) each->claim();
            }
            if (place.state.compare_exchange_strong(seen, seen | owned, std::memory_order_acq_rel)) return;
            for (pinnable const* each : {first, second, static_cast<pinnable const*>(board)}) {
                if (each) each->drop();
            }
        }
    }

    static pinnable const* retired(pin_place const& place, std::size_t which, std::uint64_t already_owned) noexcept {
        if (already_owned) return nullptr;
        auto const* const noted = place.noted[which].load(std::memory_order_relaxed);
        return noted && noted->retired_ ? noted : nullptr;
    }

    static void wait_while(pin_place const& place, std::uint64_t seen) noexcept {
        for (int looks = 0; place.state.load(std::memory_order_relaxed) == seen; ++looks) {
            if (looks < 100) {
                std::this_thread::yield();
            } else {  // its thread was interrupted, by this one perhaps
                std::this_thread::sleep_for(std::chrono::microseconds(100));
            }
        }
    }

    std::atomic<block*> newest_;
};

}  // namespace sallyport
