#include "catch.hpp"

#include <sallyport/openpanel.hpp>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace std::chrono_literals;

namespace {

/// How often this thread has asked for memory.
thread_local std::size_t allocations = 0;

void* counted(std::size_t size) noexcept {
    ++allocations;
    return std::malloc(size == 0 ? 1 : size);
}

void* counted_or_throw(std::size_t size) {
    if (void* const block = counted(size)) return block;
    throw std::bad_alloc();
}

/// Never inlined: a compiler that sees `free` take what `new` gave warns of a mismatch.
[[gnu::noinline]] void release(void* block) noexcept { std::free(block); }

}  // namespace

void* operator new(std::size_t size) { return counted_or_throw(size); }
void* operator new[](std::size_t size) { return counted_or_throw(size); }
void* operator new(std::size_t size, std::nothrow_t const&) noexcept { return counted(size); }
void* operator new[](std::size_t size, std::nothrow_t const&) noexcept { return counted(size); }
void operator delete(void* block) noexcept { release(block); }
void operator delete[](void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t) noexcept { release(block); }
void operator delete(void* block, std::nothrow_t const&) noexcept { release(block); }
void operator delete[](void* block, std::nothrow_t const&) noexcept { release(block); }

namespace {

using reason = sp::denial_reason;
using lines = std::vector<std::pair<std::string, std::string>>;

std::string const writer = "00000001-0000-4000-8000-000000000000";
std::string const unknown = "000000ff-0000-4000-8000-000000000000";
std::string const right = "sec_5b1e8d0c2f7a4e6990d3";

lines with(std::string const& id, std::string const& secret) {
    return {{"Accept", "*/*"}, {"OpenPanel-Client-Id", id}, {"OpenPanel-Client-Secret", secret}};
}

/// A gate whose clock stands still, and which has seen its client before.
struct warm_gate {
    op::clients clients{{{.id = sp::parse_uuid_v4(writer).value(),
                          .level = op::level::write,
                          .organization = "acme",
                          .project = "shop",
                          .secrets = {{sp::sha256_scheme::store(right)}},
                          .origins = {"https://shop.example"}}},
                        {{.id = "shop", .organization = "acme"}, {.id = "mill", .organization = "umbrella"}}};
    sp::manual_clock clock{};
    sp::authorizer<op::clients&, sp::rules<op::level, op::api>, sp::manual_clock&> gate{clients, limited(), clock};

    warm_gate() {
        static_cast<void>(ask(with(writer, right)));
        static_cast<void>(ask({{"openpanel-client-id", writer}, {"origin", "https://shop.example"}}));
    }

    static sp::rules<op::level, op::api> limited() {
        auto rules = op::rules();
        rules.limits.set(op::api::track, {sp::at_most(2).per(10s), sp::at_most(50).per(60s)});
        return rules;
    }

    struct outcome {
        std::optional<reason> refused;
        std::size_t allocations;

        bool operator==(outcome const&) const = default;
    };

    outcome ask(lines const& sent, op::api api = op::api::track, std::optional<std::string_view> project = {}) {
        op::request const asked{.headers = sent, .api = api, .project = project};
        auto const before = allocations;
        auto const decided = gate.authorize(asked);
        auto const after = allocations;
        return {decided ? std::nullopt : std::optional(decided.denial().reason), after - before};
    }
};

constexpr std::optional<reason> none{};

std::ostream& operator<<(std::ostream& out, warm_gate::outcome const& of) {
    return out << (of.refused ? sp::reason_name(*of.refused) : "granted") << " with " << of.allocations
               << " allocations";
}

}  // namespace

TEST_CASE("allocations are counted") {
    auto const before = allocations;
    std::string const text(100, 'x');
    auto const after = allocations;
    CHECK(after == before + 1);
}

TEST_CASE("a known client's request allocates nothing, granted or over its limit") {
    warm_gate in;
    CHECK(in.ask(with(writer, right)) == warm_gate::outcome{none, 0});
    CHECK(in.ask(with(writer, right), op::api::track, "shop") == warm_gate::outcome{reason::rate_limited, 0});
    in.clock.advance(10s);
    CHECK(in.ask(with(writer, right), op::api::track, "shop") == warm_gate::outcome{none, 0});
}

TEST_CASE("a request that is let in by its origin allocates nothing once its network is known") {
    warm_gate in;
    lines const by_origin{{"openpanel-client-id", writer}, {"origin", "https://shop.example"}};
    CHECK(in.ask(by_origin) == warm_gate::outcome{none, 0});
    CHECK(in.ask(by_origin) == warm_gate::outcome{reason::rate_limited, 0});
}

TEST_CASE("a refusal allocates nothing") {
    warm_gate in;
    auto const twice = [](std::string const& first, std::string const& second) {
        return lines{{"openpanel-client-id", first}, {"openpanel-client-id", second}};
    };
    CHECK(in.ask(with(writer, "wrong")) == warm_gate::outcome{reason::wrong_secret, 0});
    CHECK(in.ask(with(unknown, right)) == warm_gate::outcome{reason::unknown_client, 0});
    CHECK(in.ask(with("no id", right)) == warm_gate::outcome{reason::malformed_client_id, 0});
    CHECK(in.ask(with("", right)) == warm_gate::outcome{reason::missing_client_id, 0});
    CHECK(in.ask(with(writer, "")) == warm_gate::outcome{reason::missing_client_secret, 0});
    CHECK(in.ask(twice(writer, unknown)) == warm_gate::outcome{reason::ambiguous_credentials, 0});
    CHECK(in.ask(with(writer, right), op::api::manage) == warm_gate::outcome{reason::access_not_allowed, 0});
    CHECK(in.ask(with(writer, right), op::api::track, "mill") == warm_gate::outcome{reason::out_of_scope, 0});
}

TEST_CASE("no field is so long and no request has so many that a stranger makes the gate allocate") {
    warm_gate in;
    std::string const long_text(65'536, 'x');
    CHECK(in.ask(with(long_text, right)) == warm_gate::outcome{reason::malformed_client_id, 0});
    CHECK(in.ask(with(writer, long_text)) == warm_gate::outcome{reason::wrong_secret, 0});
    CHECK(in.ask(with(unknown, long_text)) == warm_gate::outcome{reason::unknown_client, 0});
    CHECK(in.ask({{"openpanel-client-id", writer}, {"origin", "https://" + long_text}}) ==
          warm_gate::outcome{reason::origin_not_allowed, 0});
    CHECK(in.ask(with(writer, right), op::api::track, long_text) == warm_gate::outcome{reason::out_of_scope, 0});

    lines many(10'000, {"openpanel-client-id", writer});
    many.emplace_back("openpanel-client-secret", "wrong");
    CHECK(in.ask(many) == warm_gate::outcome{reason::wrong_secret, 0});
    many.emplace_back("openpanel-client-id", unknown);
    CHECK(in.ask(many) == warm_gate::outcome{reason::ambiguous_credentials, 0});
}

TEST_CASE("strangers leave nothing behind, however many ids they try") {
    warm_gate in;
    auto const before = in.clients.size();
    std::size_t allocated = 0;
    for (std::size_t n = 0; n < 10'000; ++n) {
        auto id = unknown;
        for (std::size_t digit = 0, rest = n; digit < 4; ++digit, rest /= 10)
            id[digit] = static_cast<char>('0' + rest % 10);
        allocated += in.ask(with(id, right)).allocations;
    }
    CHECK(allocated == 0);
    CHECK(in.clients.size() == before);
}
