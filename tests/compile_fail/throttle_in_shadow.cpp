// expect: budget_window
#include <sallyport/limit/throttle.hpp>

using namespace std::chrono_literals;

// Only a budget's windows can be tried in shadow: the throttle of failed attempts takes a quota.
#ifdef SALLYPORT_CONTROL
sallyport::throttle const failed_attempts{sallyport::at_most(10).per(60s)};
#else
sallyport::throttle const failed_attempts{sallyport::in_shadow(sallyport::at_most(10).per(60s))};
#endif
