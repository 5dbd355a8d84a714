#include "catch.hpp"

#include <sallyport/http/response.hpp>
#include <sallyport/limit/concurrency_cap.hpp>
#include <sallyport/openpanel.hpp>
#include <sallyport/reloadable.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
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
/// While this is so, it gets none.
thread_local bool exhausted = false;

void* counted(std::size_t size) noexcept {
    ++allocations;
    if (exhausted) return nullptr;
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

constexpr sp::http::responder<> responder{.explain = true};

/// An answer in memory of the host's: how much of that it takes.
struct written {
    std::array<char, responder.max_fields_size()> fields;
    std::array<char, sp::http::max_body_size<sp::http::error_json>> body;
    std::size_t fields_size = 0;
    std::size_t body_size = 0;

    explicit written(op::decision const& made) {
        fields_size = responder.write_fields(fields, made);
        if (!made) body_size = responder.write_body(body, made.denial());
    }

    bool has_room() const { return fields_size <= fields.size() && body_size <= body.size(); }
};

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
        written const answer(decided);
        auto const after = allocations;
        REQUIRE(answer.has_room());
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

TEST_CASE("a known client's request and its answer allocate nothing, granted or over its limit") {
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

TEST_CASE("a gate that counts who runs allocates nothing, whoever comes, is refused or ends") {
    warm_gate in;
    sp::concurrency_cap cap{1};
    sp::authorizer capped{in.clients, op::rules(), cap, in.clock};
    auto const sent = with(writer, right);
    op::request const asked{.headers = sent, .api = op::api::track};
    { auto const known = capped.authorize(asked); }
    auto const before = allocations;
    std::size_t strange = 0;
    for (std::uint32_t n = 0; n < 900; ++n) {
        std::array<std::uint8_t, 16> const other{static_cast<std::uint8_t>(n), static_cast<std::uint8_t>(n >> 8)};
        auto const of_another = cap.enter({.client = sp::uuid(other)});
        auto const granted = capped.authorize(asked);
        auto const refused = capped.authorize(asked);
        strange += of_another && granted && !refused && refused.denial().reason == reason::too_many_at_once ? 0 : 1;
    }
    auto const after = allocations;
    CHECK(after == before);
    CHECK(strange == 0);
}

TEST_CASE("a refusal and its answer allocate nothing") {
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

TEST_CASE("no answer allocates, whatever it says") {
    std::string const name(sp::name::max_size, '"');
    sp::rate_states states;
    while (states.push_back(
        {.name = name, .quota = sp::at_most(1'000'000).per(1ms * 999), .reset = sp::never, .retry_after = 1ns})) {
    }
    std::vector<op::decision> answers{op::decision::grant({}), op::decision::grant({}, states)};
    for (std::size_t i = 0; i < sp::enumerator_count<reason>; ++i) {
        for (std::uint16_t const status : std::array<std::uint16_t, 4>{401, 403, 429, 503}) {
            sp::denial const why{.reason = static_cast<reason>(i),
                                 .status = status,
                                 .retry_after = sp::never - 1ns,
                                 .api = name,
                                 .project = std::string_view(name)};
            answers.push_back(op::decision::deny(why));
            answers.push_back(op::decision::deny(why, states));
        }
    }
    for (auto const& each : answers) {
        std::size_t size = 0;
        auto const before = allocations;
        written const answer(each);
        responder.for_each_field(each, [&size](std::string_view field, std::string_view value) {
            size += field.size() + std::string_view(": ").size() + value.size() + std::string_view("\r\n").size();
        });
        auto const after = allocations;
        CHECK(after == before);
        CHECK(answer.has_room());
        CHECK(size == answer.fields_size);
    }
}

TEST_CASE("a body is one allocation where it is returned as text") {
    std::string body;
    auto const before = allocations;
    responder.append_body(body, {.reason = reason::out_of_scope, .status = 401, .project = "mill"});
    auto const after = allocations;
    CHECK(after == before + 1);
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

TEST_CASE("a request with several budgets, by rules that may change, allocates nothing once they are known") {
    warm_gate in;
    auto changed = warm_gate::limited();
    changed.shared = {{"organization", sp::shared_by::organization, sp::at_most(3).per(10s)},
                      {"project", sp::shared_by::project, {sp::at_most(4).per(10s), sp::at_most(9).per(60s)}}};
    sp::reloadable rules{changed};
    sp::authorizer gate{in.clients, rules, in.clock};
    auto const sent = with(writer, right);
    op::request const asked{.headers = sent, .api = op::api::track, .project = "shop"};
    auto taken = gate.authorize(asked);
    auto const before = allocations;
    for (int i = 0; i < 5; ++i) {
        static_cast<void>(gate.give_back(taken, asked));
        taken = gate.authorize(asked);
        static_cast<void>(gate.authorize(asked));
        static_cast<void>(gate.authorize(asked));
    }
    auto const after = allocations;
    CHECK(after == before);
}

TEST_CASE("rules that may change are read without memory for one more reader, and let go as ever") {
    sp::reloadable rules{op::rules()};
    std::vector<decltype(rules.read())> held;
    held.reserve(64);
    for (int i = 0; i < 64; ++i) held.push_back(rules.read());
    auto const before = allocations;
    exhausted = true;
    auto const one_more = rules.read();
    exhausted = false;
    CHECK(allocations > before);
    auto changed = op::rules();
    changed.require_https = true;
    REQUIRE(rules.replace(changed));
    CHECK_FALSE(one_more->require_https);
    CHECK_FALSE(held[0]->require_https);
    held.clear();
    CHECK(rules.read()->require_https);
}
