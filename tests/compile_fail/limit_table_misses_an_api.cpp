// expect: this_api_has_no_row_in_the_limit_table
#include <sallyport/rules.hpp>

#include <chrono>

enum class api { read, write };

inline constexpr sallyport::limit_table<api> limits{{
    {api::read, sallyport::at_most(100).per(std::chrono::seconds(10))},
#ifdef SALLYPORT_CONTROL
    {api::write, sallyport::unlimited},
#endif
}};
