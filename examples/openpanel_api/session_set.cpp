// SPDX-License-Identifier: BSL-1.0
#include "session_set.hpp"

#include "session.hpp"

#include <vector>

namespace demo {

bool session_set::add(session& joining) {
    std::lock_guard const lock(mutex_);
    open_.insert(&joining);
    return stopping_;
}

void session_set::remove(session& leaving) {
    std::lock_guard const lock(mutex_);
    open_.erase(&leaving);
}

void session_set::stop_all() {
    std::vector<std::shared_ptr<session>> told;  // the last owner of one removes it, so not under the lock
    {
        std::lock_guard const lock(mutex_);
        stopping_ = true;
        for (auto* const open : open_) {
            if (auto alive = open->weak_from_this().lock()) told.push_back(std::move(alive));
        }
    }
    for (auto const& session : told) session->stop();
}

}  // namespace demo
