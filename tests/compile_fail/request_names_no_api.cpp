// expect: a request must name its .api
#include <sallyport/openpanel.hpp>

namespace op = sallyport::openpanel;

op::request ask(sallyport::header_view headers) {
#ifdef SALLYPORT_CONTROL
    return {.headers = headers, .api = op::api::track};
#else
    return {.headers = headers};
#endif
}
