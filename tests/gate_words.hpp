// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/openpanel.hpp>

#include <chrono>
#include <string_view>

// The words that tests of the gate are told in.
namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace sp::literals;
using namespace std::chrono_literals;

using reason = sp::denial_reason;

/// A client who reads the project shop, for tests in which there is but one.
namespace one_client {

constexpr auto id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid;
constexpr std::string_view id_text = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60";
constexpr std::string_view right_secret = "sec_5b1e8d0c2f7a4e6990d3";

inline op::client reader() {
    return {.id = id,
            .level = op::level::read,
            .organization = "acme",
            .project = "shop",
            .secrets = {{sp::sha256_scheme::store(right_secret)}}};
}

inline op::clients one_reader() { return op::clients{{reader()}, {{.id = "shop", .organization = "acme"}}}; }

}  // namespace one_client
