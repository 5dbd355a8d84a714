// expect: this_api_has_two_rows_in_the_limit_table
#include <sallyport/rules.hpp>

enum class api { read, write };

inline constexpr sallyport::limit_table<api> limits{{
    {api::read, sallyport::unlimited},
    {api::write, sallyport::unlimited},
#ifndef SALLYPORT_CONTROL
    {api::read, sallyport::unlimited},
#endif
}};
