// expect: the first argument is no client store: it needs record_type and find(id, project) const
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;

struct own_store {
    using record_type = sp::openpanel::client;
#ifdef SALLYPORT_CONTROL
    sp::lookup<record_type> find(sp::uuid const&, std::string_view) const { return sp::lookup<record_type>::none(); }
#else
    record_type const* find(sp::uuid const&) const { return nullptr; }
#endif
};

void build(own_store& store) { sp::authorizer gate{store, sp::openpanel::rules()}; }
