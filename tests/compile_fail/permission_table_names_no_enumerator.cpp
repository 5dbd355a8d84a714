// expect: a_permission_table_names_a_level_or_an_api_that_is_no_enumerator
#include <sallyport/access/policy.hpp>

enum class level { viewer };
enum class api { read, write };

#ifdef SALLYPORT_CONTROL
constexpr auto number = 1;
#else
constexpr auto number = 2;
#endif

inline constexpr sallyport::policy<level, api> permissions{{{level::viewer, {api{number}}}}};
