// expect: levels and APIs are scoped enumerations: enum class level { ... }
#include <sallyport/access/policy.hpp>

#ifdef SALLYPORT_CONTROL
enum class level { viewer };
#else
enum level { viewer };
#endif
enum class api { read };

inline constexpr sallyport::policy<level, api> permissions{{{level::viewer, {api::read}}}};
