#include <sallyport/sallyport.hpp>

namespace sp = sallyport;
using namespace std::chrono_literals;

// the snippet

static_assert(my_rules.permissions.permits(level::editor, api::write));
