// expect: a_limit_is_from_1_to_1000000
#include <sallyport/model/quota.hpp>

using namespace std::chrono_literals;

#ifdef SALLYPORT_CONTROL
inline constexpr auto quota = sallyport::at_most(1).per(10s);
#else
inline constexpr auto quota = sallyport::at_most(0).per(10s);
#endif
