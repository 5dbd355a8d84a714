// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/enumerators.hpp>

#include <array>
#include <cstddef>
#include <initializer_list>

namespace sallyport {

/// Never defined: calling one of these stops the compiler, and its name is the message.
void this_level_has_no_row_in_the_permission_table();
void this_level_has_two_rows_in_the_permission_table();
void a_permission_table_names_a_level_or_an_api_that_is_no_enumerator();

/// One row of a permission table: what clients of a level may use. An empty row: nothing.
template <enumeration Level, enumeration Api>
struct permission_row {
    Level level;
    std::initializer_list<Api> apis;
};

/// Which level may use which API: a table, made and checked by the compiler. Every level has a row; what a row
/// doesn't name is refused.
///
///     constexpr sallyport::policy<level, api> permissions{{
///         {level::viewer, {api::read}},
///         {level::editor, {api::read, api::write}},
///     }};
template <enumeration Level, enumeration Api>
class policy {
public:
    consteval policy(std::initializer_list<permission_row<Level, Api>> rows) {
        std::array<bool, enumerator_count<Level>> seen{};
        for (auto const& row : rows) {
            if (!is_enumerator(row.level)) a_permission_table_names_a_level_or_an_api_that_is_no_enumerator();
            for (auto const api : row.apis) {
                if (!is_enumerator(api)) a_permission_table_names_a_level_or_an_api_that_is_no_enumerator();
            }
            auto const index = enumerator_index(row.level);
            if (seen[index]) this_level_has_two_rows_in_the_permission_table();
            seen[index] = true;
            allowed_[index] = enumerator_set<Api>(row.apis);
        }
        for (auto const has_row : seen) {
            if (!has_row) this_level_has_no_row_in_the_permission_table();
        }
    }

    /// Whether clients of the level may use the API. A value that is no enumerator may nothing.
    constexpr bool permits(Level level, Api api) const noexcept {
        return is_enumerator(level) && allowed_[enumerator_index(level)].contains(api);
    }

private:
    std::array<enumerator_set<Api>, enumerator_count<Level>> allowed_{};
};

}  // namespace sallyport
