// expect: the store holds records of other levels or APIs than the rules speak of
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;

#ifdef SALLYPORT_CONTROL
using clients = sp::openpanel::clients;
#else
enum class level { viewer };
using clients = sp::memory_clients<level, sp::openpanel::api>;
#endif

void build(clients& store) { sp::authorizer gate{store, sp::openpanel::rules()}; }
