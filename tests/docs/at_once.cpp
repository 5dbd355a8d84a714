#include "thread_pool.hpp"

#include <sallyport/limit/concurrency_cap.hpp>
#include <sallyport/openpanel.hpp>

#include <utility>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

void reply(sp::denial const& why);
void export_for(sp::principal<op::level> const& who);

void answer(op::clients const& clients, op::request const& request, thread_pool& workers) {
    // the snippet
}
