// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Runs what may only be moved, later and somewhere else.
struct thread_pool {
    template <class Work>
    void post(Work work) {
        work();
    }
};
