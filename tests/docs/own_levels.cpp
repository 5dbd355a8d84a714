#include <sallyport/sallyport.hpp>

#include <chrono>

namespace sp = sallyport;
using namespace std::chrono_literals;

// the snippet

static_assert(my_rules.permissions.permits(level::viewer, api::read) && !my_rules.permissions.permits(level::viewer, api::write));
