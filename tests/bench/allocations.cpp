// SPDX-License-Identifier: BSL-1.0
#include "figure.hpp"
#include "population.hpp"

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <optional>
#include <stdexcept>
#include <vector>

// How often a decision asks for memory, about clients that have been seen before. A program of its own: what counts
// allocations slows them down.

namespace {

std::size_t allocations = 0;

void* counted(std::size_t size) {
    ++allocations;
    if (void* const block = std::malloc(size == 0 ? 1 : size)) return block;
    throw std::bad_alloc();
}

/// Never inlined: a compiler that sees `free` take what `new` gave warns of a mismatch.
[[gnu::noinline]] void release(void* block) noexcept { std::free(block); }

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* block) noexcept { release(block); }
void operator delete[](void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t) noexcept { release(block); }

namespace {

namespace sp = sallyport;
namespace op = sallyport::openpanel;

/// How many allocations 10,000 decisions take, all of which come to the same.
template <class Change>
double allocations_of(std::optional<sp::denial_reason> reason, std::uint32_t limit, Change change) {
    auto sent = bench::random_clients(1000);
    auto const store = bench::store_of(sent);
    sp::manual_clock clock;
    sp::authorizer gate{store, bench::rules_of(limit, std::chrono::seconds(10)), clock};
    bench::request_lines lines;
    for (auto const& each : sent) {
        static_cast<void>(gate.authorize({.headers = lines.of(each), .api = op::api::insights}));
        change(sent[static_cast<std::size_t>(&each - sent.data())]);
    }
    auto const before = allocations;
    for (std::size_t i = 0; i < 10'000; ++i) {
        auto const& asked = lines.of(sent[i % sent.size()]);
        auto const decision = gate.authorize({.headers = asked, .api = op::api::insights});
        if ((decision ? std::nullopt : std::optional(decision.denial().reason)) != reason)
            throw std::runtime_error("a decision is another than it should be");
    }
    return static_cast<double>(allocations - before);
}

using reason = sp::denial_reason;
constexpr auto unit = "in 10,000 decisions";

contest::figure const granted({"allocations: granted", unit, 0}, [] { return allocations_of({}, 1000, [](auto&) {}); });
contest::figure const malformed({"allocations: malformed id", unit, 0}, [] {
    return allocations_of(reason::malformed_client_id, 1000, [](auto& each) { each.id[35] = 'x'; });
});
contest::figure const unknown({"allocations: unknown id", unit, 0}, [] {
    return allocations_of(reason::unknown_client, 1000, [](auto& each) { each.id = bench::random_id().text(); });
});
contest::figure const wrong({"allocations: wrong secret", unit, 0}, [] {
    return allocations_of(reason::wrong_secret, 1000, [](auto& each) { each.secret[23] ^= 1; });
});
contest::figure const limited({"allocations: over the limit", unit, 0},
                              [] { return allocations_of(reason::rate_limited, 1, [](auto&) {}); });

}  // namespace
