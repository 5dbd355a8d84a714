// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/crc32.hpp>
#include <sallyport/model/bounded_list.hpp>
#include <sallyport/model/enumerators.hpp>
#include <sallyport/model/quota.hpp>
#include <sallyport/model/result.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace sallyport {

/// Who shares a budget: a client's calls of several APIs, all calls for a project, or all of an organisation's clients.
enum class shared_by : std::uint8_t { client, project, organization };

/// Never defined: calling it stops the compiler, and its name is the message.
void a_shared_budget_has_a_name_of_1_to_32_letters_digits_dashes_and_underscores();

/// The name of a shared budget on the wire: a text of the program itself, which outlives every decision that names it.
class budget_name {
public:
    constexpr budget_name() noexcept = default;  ///< none, which no budget may have
    consteval budget_name(char const* text) : text_(text), tag_(crypto::crc32(text) >> 3) {
        bool const fits =
            !text_.empty() && text_.size() <= 32 && std::all_of(text_.begin(), text_.end(), may_be_in_name);
        if (!fits) a_shared_budget_has_a_name_of_1_to_32_letters_digits_dashes_and_underscores();
    }

    constexpr std::string_view view() const noexcept { return text_; }

    /// What stands for the name in a key: 29 bits. Two names in one list never have the same.
    constexpr std::uint32_t tag() const noexcept { return tag_; }

private:
    static constexpr bool may_be_in_name(char c) noexcept {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    }

    std::string_view text_{};
    std::uint32_t tag_ = 0;
};

/// A budget beside the one that each client has for each API. It is used up by the calls of some APIs, or of all.
template <enumeration Api>
struct shared_budget {
    budget_name name{};
    shared_by by{};
    quotas limits{};
    enumerator_set<Api> apis = enumerator_set<Api>::all();
};

/// Stops the compiler, since it can't be called there; at run time raises `setup_error`.
inline void shared_budgets_have_names_of_their_own_some_api_and_at_most_four_windows_an_api(
    std::string_view objection) {
    raise({std::string(objection)});
}

/// The budgets that are shared, at most eight. What one of them counts, its name and `shared_by` tell: another name
/// begins anew.
///
///     constexpr sallyport::shared_budgets<api> shared{
///         {"organization", sallyport::shared_by::organization, at_most(5000).per(10s)},
///         {"reports", sallyport::shared_by::client, at_most(150).per(10s), {api::export_, api::insights}},
///     };
template <enumeration Api>
class shared_budgets {
public:
    static constexpr std::size_t max_size = 8;

    constexpr shared_budgets() noexcept = default;  ///< none

    /// Raises `setup_error` where `objection_to` one of the budgets has something to say.
    constexpr shared_budgets(std::initializer_list<shared_budget<Api>> budgets) {
        for (auto const& each : budgets) {
            if (!add(each)) {
                shared_budgets_have_names_of_their_own_some_api_and_at_most_four_windows_an_api(objection_to(each));
            }
        }
    }

    /// Why a budget can't stand beside those that are there; empty if it can.
    constexpr std::string_view objection_to(shared_budget<Api> const& added) const noexcept {
        if (added.name.view().empty()) return "a shared budget has no name";
        if (budgets_.size() == max_size) return "at most eight budgets are shared";
        for (auto const& present : budgets_) {
            if (present.name.tag() == added.name.tag()) {
                return "two shared budgets have the same name, or names that are too much alike";
            }
        }
        bool covers_some = false;
        for (std::size_t i = 0; i < enumerator_count<Api>; ++i) {
            auto const api = static_cast<Api>(i);
            if (enumerator_name(api) == added.name.view()) return "a shared budget is named as an API is";
            if (!added.apis.contains(api)) continue;
            covers_some = true;
            if (windows_for(api) + added.limits.size() > quotas::max_windows) {
                return "the shared budgets of an API have more than four windows in all";
            }
        }
        return covers_some ? std::string_view() : "a shared budget is for no API";
    }

    /// Adds a budget; false, and nothing changed, where `objection_to` it has something to say.
    [[nodiscard]] constexpr bool add(shared_budget<Api> const& added) noexcept {
        return objection_to(added).empty() && budgets_.push_back(added);
    }

    constexpr bool empty() const noexcept { return budgets_.empty(); }
    constexpr shared_budget<Api> const* begin() const noexcept { return budgets_.begin(); }
    constexpr shared_budget<Api> const* end() const noexcept { return budgets_.end(); }

private:
    constexpr std::size_t windows_for(Api api) const noexcept {
        std::size_t windows = 0;
        for (auto const& each : budgets_) windows += each.apis.contains(api) ? each.limits.size() : 0;
        return windows;
    }

    bounded_list<shared_budget<Api>, max_size> budgets_;
};

}  // namespace sallyport
