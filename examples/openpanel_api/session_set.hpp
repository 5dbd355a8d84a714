// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <mutex>
#include <unordered_set>

namespace demo {

class session;

/// The open connections, so that all of them can be told to end. Thread-safe.
class session_set {
public:
    /// Whether the server stops already.
    [[nodiscard]] bool add(session& joining);
    void remove(session& leaving);

    /// Tells every connection, those to come included, to end once it has answered.
    void stop_all();

private:
    std::mutex mutex_;
    std::unordered_set<session*> open_;
    bool stopping_ = false;
};

}  // namespace demo
