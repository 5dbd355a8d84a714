// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The whole core of Sallyport. Begin with `authorizer` in authorize.hpp.

#include <sallyport/authorize.hpp>
#include <sallyport/http/response.hpp>
#include <sallyport/store/memory_clients.hpp>
