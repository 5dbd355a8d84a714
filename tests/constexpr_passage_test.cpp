#include "catch.hpp"

#include <sallyport/openpanel.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <string_view>

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using namespace sp::literals;
using namespace std::chrono_literals;

// What the compiler works out itself: a whole passage, from header lines to the decision. This file's promises are kept
// when it compiles.
namespace {

constexpr std::string_view right_secret = "sec_5b1e8d0c2f7a4e6990d3";
constexpr auto rules = op::rules();

/// A store's answer that is a value: it shows the record that it was made with.
struct shown {
    op::client const* shown_record = nullptr;
    std::string_view shown_organization{};

    constexpr sp::lookup_status status() const noexcept {
        return shown_record ? sp::lookup_status::found : sp::lookup_status::none;
    }
    constexpr op::client const* record() const noexcept { return shown_record; }
    constexpr std::string_view organization() const noexcept { return shown_organization; }
    constexpr std::span<sp::stored_secret const> decoys() const noexcept { return {}; }
};

/// A limiter's answer, made by hand: all is admitted while `used` leaves room.
constexpr sp::allowance allowance_of(sp::claim_list const& claims, std::uint32_t used) {
    sp::allowance answer{.outcome = sp::allowance::verdict::admitted};
    for (auto const& each : claims) {
        bool const over = used + each.cost > each.quota.limit();
        if (over) answer.outcome = sp::allowance::verdict::refused;
        static_cast<void>(answer.states.push_back({.name = each.name,
                                                   .quota = each.quota,
                                                   .remaining = over ? 0 : each.quota.limit() - used - each.cost,
                                                   .reset = each.quota.window(),
                                                   .retry_after = over ? each.quota.window() : 0ns}));
    }
    return answer;
}

/// The whole way of a read client's request, with so much of its limit used before.
constexpr op::decision pass(std::string_view id, std::string_view secret, op::api api,
                            std::optional<std::string_view> project, std::uint32_t used) {
    op::client record;
    record.id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid;
    record.level = op::level::read;
    record.organization = "acme";
    record.project = "shop";
    record.secrets.push_back({.hash = sp::sha256_scheme::store(right_secret)});

    std::array<sp::header_line, 3> const lines{
        {{"Accept", "*/*"}, {"OpenPanel-Client-Id", id}, {"openpanel-client-secret", secret}}};
    op::request asked{.headers = std::span<sp::header_line const>(lines), .api = api, .project = project};
    sp::verifier<sp::sha256_scheme> const verifier;

    sp::passage<op::level, op::api> way(rules, asked, rules.fields.read(asked.headers));
    using need = sp::passage<op::level, op::api>::need;
    shown const found{.shown_record = way.client() == record.id ? &record : nullptr,
                      .shown_organization = way.project() == "shop" ? "acme" : ""};
    if (way.next() == need::record) way.answer(found);
    if (way.next() == need::proof)
        way.answer(verifier.verify(way.attempt(found, sp::wall_time(1s), sp::steady_time(1s))));
    if (way.next() == need::allowance) way.answer(allowance_of(way.claims(), used));
    return way.decided();
}

constexpr auto refusal(std::string_view id, std::string_view secret, op::api api = op::api::insights,
                       std::optional<std::string_view> project = "shop", std::uint32_t used = 0) {
    return pass(id, secret, api, project, used).denial().reason;
}

constexpr std::string_view known = "8F14E45F-CEEA-467F-A3A5-1C2B3D4E5F60";
constexpr auto granted = pass(known, right_secret, op::api::insights, "shop", 99);
using reason = sp::denial_reason;

static_assert(granted);
static_assert(granted.principal().id == "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid);
static_assert(granted.principal().organization == sp::name("acme"));
static_assert(granted.principal().proven());
static_assert(granted.principal().secret == sp::sha256_scheme::store(right_secret).id());
static_assert(granted.rates().size() == 1 && granted.rates()[0].remaining == 0);
static_assert(granted.rates()[0].name == "insights");

static_assert(refusal("", right_secret) == reason::missing_client_id);
static_assert(refusal("8f14e45f", right_secret) == reason::malformed_client_id);
static_assert(refusal(known, "") == reason::missing_client_secret);
static_assert(refusal("00000000-0000-4000-8000-000000000000", right_secret) == reason::unknown_client);
static_assert(refusal(known, "wrong") == reason::wrong_secret);
static_assert(refusal(known, right_secret, op::api::manage) == reason::access_not_allowed);
static_assert(refusal(known, right_secret, op::api::insights, "another") == reason::out_of_scope);
static_assert(refusal(known, right_secret, op::api::insights, "shop", 100) == reason::rate_limited);

static_assert(pass(known, right_secret, op::api::export_, {}, 100).denial().retry_after == 10s);
static_assert(pass(known, right_secret, op::api::export_, {}, 100).denial().status == 429);

}  // namespace

TEST_CASE("a whole passage, from header lines to the decision, can be worked out by the compiler") {
    auto const decided = pass(known, right_secret, op::api::insights, "shop", 99);
    CHECK(decided.principal().secret == granted.principal().secret);
    CHECK(decided.rates()[0].remaining == granted.rates()[0].remaining);
}
