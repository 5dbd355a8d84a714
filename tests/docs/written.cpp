#include <sallyport/http/response.hpp>
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

void send(std::string_view fields, std::string_view body);

void answer(op::decision const& decision) {
    // the snippet
    send({fields.data(), fields_size}, {body.data(), body_size});
}
