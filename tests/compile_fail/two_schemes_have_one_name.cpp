// expect: two hash schemes have one name
#include <sallyport/credential/verifier.hpp>

struct other_scheme : sallyport::sha256_scheme {
#ifdef SALLYPORT_CONTROL
    static constexpr std::string_view name = "other";
#endif
};

sallyport::verifier<sallyport::sha256_scheme, other_scheme> verifier;
