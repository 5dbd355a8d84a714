// expect: a_window_is_from_1_ms_to_31_days
#include <sallyport/model/quota.hpp>

using namespace std::chrono_literals;

#ifdef SALLYPORT_CONTROL
inline constexpr auto quota = sallyport::at_most(100).per(1ms);
#else
inline constexpr auto quota = sallyport::at_most(100).per(0s);
#endif
