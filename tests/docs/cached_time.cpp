#include <sallyport/model/cached_clock.hpp>
#include <sallyport/openpanel.hpp>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

struct event_loop {
    bool turns();
    template <class Gate>
    void serve(Gate& gate) {
        static_cast<void>(gate.authorize({.api = op::api::track}));
    }
};

void run(event_loop& loop, op::clients const& clients) {
    // the snippet
}
