#include <sallyport/http/response.hpp>
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

void send(sp::http::response const& answer);

void answer(op::decision const& decision) {
    // the snippet
    send(answer);
}
