// expect: at most 64 enumerators
#include <sallyport/model/enumerators.hpp>

#define EIGHT(x) x##0, x##1, x##2, x##3, x##4, x##5, x##6, x##7
enum class api {
    EIGHT(a),
    EIGHT(b),
    EIGHT(c),
    EIGHT(d),
    EIGHT(e),
    EIGHT(f),
    EIGHT(g),
    EIGHT(h),
#ifndef SALLYPORT_CONTROL
    one_more
#endif
};

inline constexpr sallyport::enumerator_set<api> none;
