// expect: a_budget_has_at_most_four_windows_and_each_longer_one_admits_more
#include <sallyport/rules.hpp>

using namespace std::chrono_literals;
using sallyport::at_most;

enum class api { read };

#ifdef SALLYPORT_CONTROL
inline constexpr sallyport::limit_table<api> limits{{{api::read, {at_most(100).per(10s), at_most(2000).per(1h)}}}};
#else
inline constexpr sallyport::limit_table<api> limits{{{api::read, {at_most(100).per(10s), at_most(50).per(1h)}}}};
#endif
