// expect: this_level_has_no_row_in_the_permission_table
#include <sallyport/access/policy.hpp>

enum class level { viewer, editor };
enum class api { read, write };

inline constexpr sallyport::policy<level, api> permissions{{
    {level::viewer, {api::read}},
#ifdef SALLYPORT_CONTROL
    {level::editor, {}},
#endif
}};
