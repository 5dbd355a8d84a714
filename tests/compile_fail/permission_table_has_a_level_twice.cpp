// expect: this_level_has_two_rows_in_the_permission_table
#include <sallyport/access/policy.hpp>

enum class level { viewer, editor };
enum class api { read, write };

inline constexpr sallyport::policy<level, api> permissions{{
    {level::viewer, {api::read}},
    {level::editor, {api::read}},
#ifndef SALLYPORT_CONTROL
    {level::editor, {api::write}},
#endif
}};
