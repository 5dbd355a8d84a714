// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "gate.hpp"

#include <sallyport/trusted_proxies.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace demo {

/// What the command line says.
struct options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8080;             ///< 0: a free one
    std::optional<std::string> clients{};  ///< the file of client records; none: three clients are made
    gate_rules rules = op::rules();        ///< OpenPanel's, as changed by the options
    sp::trusted_proxies proxies{};
    std::optional<sp::quota> failed_attempts{};  ///< none: no throttle
    bool explain = false;
};

/// Reads the command line. `--help` prints what there is and ends the program.
sp::result<options> parse_options(int argc, char const* const* argv);

}  // namespace demo
