// expect: enumerators run from 0 without a gap
#include <sallyport/access/policy.hpp>

#ifdef SALLYPORT_CONTROL
enum class level { viewer, editor };
#else
enum class level { viewer = 1, editor = 2 };
#endif
enum class api { read };

inline constexpr sallyport::policy<level, api> permissions{{{level::viewer, {api::read}}, {level::editor, {}}}};
