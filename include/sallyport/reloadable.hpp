// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/result.hpp>
#include <sallyport/rules.hpp>
#include <sallyport/store/pin_board.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace sallyport {

/// Rules that are replaced as a whole while requests run; each decision goes by one set of them from its beginning to
/// its end.
///
///     sallyport::reloadable rules{openpanel::rules()};
///     sallyport::authorizer gate{clients, rules};     // borrowed
///     rules.replace(changed).value();                 // from the next request on
///
/// What was used up is kept, since a limiter remembers usage and never a limit. Thread-safe: `read` waits for nobody and
/// writes nothing that another `read` reads, and allocates only if more answers are held at once than ever before (see
/// `pin_board`). `replace` waits for others of its kind, and for no decision.
template <enumeration Level, enumeration Api>
class reloadable {
public:
    using level_type = Level;
    using api_type = Api;
    using rules_type = sallyport::rules<Level, Api>;

    /// The rules that were in force at a moment, as they are while this lives: longer than the source, if need be.
    class kept {
    public:
        rules_type const& operator*() const noexcept { return *rules_; }
        rules_type const* operator->() const noexcept { return rules_; }

    private:
        friend class reloadable;
        kept(pin pinned, rules_type const& of) noexcept : pin_(std::move(pinned)), rules_(&of) {}

        pin pin_;
        rules_type const* rules_;
    };

    /// Raises `setup_error` where `objection_to` the rules has something to say; `make` is the twin that returns it.
    explicit reloadable(rules_type first) : reloadable(make(std::move(first)).value()) {}

    static result<reloadable> make(rules_type first) {
        if (auto const why = objection_to(first); !why.empty()) return error{std::string(why)};
        auto state = std::make_unique<shared_state>(std::move(first));
        return reloadable(state);
    }

    kept read() const noexcept {
        auto const& state = *state_;
#if defined(__cpp_exceptions)
        try {
            return state.read();
        } catch (...) {
            return state.read_without_memory();
        }
#else
        return state.read();
#endif
    }

    /// Puts other rules in the place of those in force: for each decision that begins from now on. On a mistake, where
    /// `objection_to` them has something to say, nothing is replaced. What is replaced is gone from memory when the last
    /// decision that goes by it is made.
    outcome replace(rules_type next) {
        if (auto const why = objection_to(next); !why.empty()) return error{std::string(why)};
        auto const* const fresh = new kept_rules(std::move(next));
        auto& state = *state_;
        std::lock_guard const changing(state.mutex);
        state.drop_retired(state.current.exchange(fresh, std::memory_order_acq_rel));
        return {};
    }

private:
    struct kept_rules final : pinnable {
        explicit kept_rules(rules_type&& given) : rules(std::move(given)) {}

        rules_type const rules;
    };

    struct shared_state {
        explicit shared_state(rules_type&& first) : shared_state(std::move(first), std::make_unique<pin_board>()) {}
        shared_state(rules_type&& first, std::unique_ptr<pin_board> made)
            : board(made.get()), current(new kept_rules(std::move(first))) {
            static_cast<void>(made.release());
        }
        shared_state(shared_state const&) = delete;
        shared_state& operator=(shared_state const&) = delete;
        ~shared_state() {
            auto const* const last = current.load(std::memory_order_relaxed);
            last->retire();
            board->leave();
            last->drop();
        }

        kept read() const {
            auto pinned = board->enter();
            auto const* const in_force = current.load(std::memory_order_acquire);
            pinned.hold(in_force, nullptr);
            return kept(std::move(pinned), in_force->rules);
        }

        /// Where the board has no place left and there is no memory for more: nobody replaces anything meanwhile.
        kept read_without_memory() const noexcept {
            std::lock_guard const changing(mutex);
            auto const* const in_force = current.load(std::memory_order_relaxed);
            return kept(pin::of_claimed(*in_force), in_force->rules);
        }

        void drop_retired(kept_rules const* old) const noexcept {
            old->retire();
            board->sweep();
            old->drop();
        }

        pin_board* const board;
        std::atomic<kept_rules const*> current;
        alignas(64) mutable std::mutex mutex;  ///< for those that replace; off the line that readers read
    };

    // Takes an lvalue's content, as `memory_clients` does.
    explicit reloadable(std::unique_ptr<shared_state>& state) noexcept : state_(std::move(state)) {}

    std::unique_ptr<shared_state> state_;
};

}  // namespace sallyport
