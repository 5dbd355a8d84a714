// expect: a secret is not compared
#include <sallyport/model/secret.hpp>

bool same(sallyport::secret const& a, sallyport::secret const& b) {
#ifdef SALLYPORT_CONTROL
    return &a == &b;
#else
    return a == b;
#endif
}
