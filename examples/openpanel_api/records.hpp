// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "gate.hpp"

#include <string>
#include <vector>

namespace demo {

/// What a file of client records holds.
struct records {
    std::vector<op::client> clients;
    std::vector<sp::project> projects;
};

/// Reads a file of client records; an error names the file, the record and what was expected. The verifier says
/// which stored forms of secrets there are.
sp::result<records> load_records(std::string const& file, hash_schemes const& verifier);

}  // namespace demo
