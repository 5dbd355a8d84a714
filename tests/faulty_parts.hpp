#pragma once

#include "chain_model.hpp"

#include <sallyport/openpanel.hpp>

#include <span>
#include <stdexcept>
#include <string_view>

/// Parts of a gate that break when they are told to: each says that it failed, or throws.
namespace faulty {

namespace op = sallyport::openpanel;
using chain_model::breakdown;

/// What is broken at the moment, and whether it says so or throws.
struct fault {
    breakdown now = breakdown::none;
    bool thrown = false;

    /// Whether a part can't answer; throws where it would.
    bool strikes(breakdown part) const {
        if (now == part && thrown) throw std::runtime_error("out of order");
        return now == part;
    }
};

struct store {
    using record_type = op::client;

    op::clients clients;
    fault const& state;

    sallyport::lookup<op::client> find(sallyport::uuid const& id, std::string_view project) const {
        if (state.strikes(breakdown::store)) return sallyport::lookup<op::client>::failed();
        return clients.find(id, project);
    }
};

struct verifier {
    fault const& state;
    sallyport::verifier<sallyport::sha256_scheme> working{};

    sallyport::verification verify(sallyport::proof_attempt const& attempt) const noexcept {
        return state.now == breakdown::verifier ? sallyport::verification{} : working.verify(attempt);
    }
};

struct limiter {
    fault const& state;
    sallyport::sliding_log log{};

    sallyport::allowance take(std::span<sallyport::claim const> claims, sallyport::steady_time now) {
        return state.strikes(breakdown::limiter) ? sallyport::allowance{} : log.take(claims, now);
    }
};

}  // namespace faulty
