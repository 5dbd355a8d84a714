// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The whole core of Sallyport. Begin with `authorizer` in authorize.hpp.

#include <sallyport/authorize.hpp>
#include <sallyport/credential/guarded_verifier.hpp>
#include <sallyport/credential/hmac_scheme.hpp>
#include <sallyport/credential/issuer.hpp>
#include <sallyport/exempt_peers.hpp>
#include <sallyport/http/response.hpp>
#include <sallyport/limit/compact_sliding_log.hpp>
#include <sallyport/limit/concurrency_cap.hpp>
#include <sallyport/limit/sliding_counter.hpp>
#include <sallyport/limit/throttle.hpp>
#include <sallyport/model/cached_clock.hpp>
#include <sallyport/reloadable.hpp>
#include <sallyport/store/memory_clients.hpp>
#include <sallyport/trusted_proxies.hpp>
