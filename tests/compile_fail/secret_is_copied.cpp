// expect: a secret is not copied
#include <sallyport/model/secret.hpp>

#include <utility>

#ifdef SALLYPORT_CONTROL
sallyport::secret take(sallyport::secret& from) { return std::move(from); }
#else
sallyport::secret take(sallyport::secret& from) { return from; }
#endif
