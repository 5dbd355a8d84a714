// expect: a secret is not printed
#include <sallyport/model/secret.hpp>

#include <ostream>

void log(std::ostream& out, sallyport::secret const& plain) {
#ifdef SALLYPORT_CONTROL
    out << plain.reveal().size();
#else
    out << plain;
#endif
}
