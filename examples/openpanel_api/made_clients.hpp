// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "records.hpp"

#include <sallyport/credential/issuer.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace demo {

/// A client whose secret is known until it has been shown.
using made_client = sp::issued_client<op::client>;

/// A write, a read and a root client with random ids, and random secrets of 256 bits; raises `setup_error` if the
/// system has no randomness to give.
std::vector<made_client> make_clients();

/// The records of these clients, with the one project that they are about.
records records_of(std::vector<made_client> const& made);

/// A line for a shell to each client's way into the server. Holds each id and each secret once.
std::string curl_lines(std::vector<made_client> const& made, std::string_view url);

}  // namespace demo
