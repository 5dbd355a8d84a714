#include <sallyport/limit/concurrency_cap.hpp>
#include <sallyport/openpanel.hpp>

#include <utility>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

/// Runs what may only be moved, later and somewhere else.
struct pool {
    template <class Work>
    void post(Work work) {
        work();
    }
};

void reply(sp::denial const& why);
void export_for(sp::principal<op::level> const& who);

void answer(op::clients const& clients, op::request const& request, pool& workers) {
    // the snippet
}
