// SPDX-License-Identifier: BSL-1.0
#include "long_work.hpp"

#if defined(__linux__)
#    include <linux/sched/types.h>
#    include <sys/syscall.h>
#    include <unistd.h>
#endif

namespace demo {

void give_way() noexcept {
#if defined(__linux__)
    sched_attr wanted{};
    wanted.size = sizeof wanted;
    wanted.sched_nice = 19;              // not SCHED_IDLE, which would starve it on a machine that is full
    wanted.sched_runtime = 100'000'000;  // ns: who has a long slice is interrupted by who has a short one
    static_cast<void>(syscall(SYS_sched_setattr, 0, &wanted, 0U));  // where it can't be had, it works as before
#endif
}

}  // namespace demo
