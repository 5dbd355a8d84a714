// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/credential/hmac_scheme.hpp>
#include <sallyport/credential/issuer.hpp>
#include <sallyport/credential/verifier.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sp = sallyport;
using namespace std::chrono_literals;
using verdict = sp::verification::verdict;

namespace {

enum class level { narrow, wide };
enum class api { only };
constexpr sp::reach reach_of(level of) { return of == level::wide ? sp::reach::organization : sp::reach::project; }
using client = sp::client_record<level, api>;

sp::secret_format const acme{"acme_"};
sp::issuer const issuer{acme};
constexpr sp::wall_time today{1'700'000'000s};

verdict verified(client const& record, std::string_view presented, sp::wall_time now) {
    static sp::verifier<sp::sha256_scheme> const verifier;
    return verifier.verify({.client = record.id, .presented = presented, .secrets = record.secrets, .now = now})
        .outcome;
}

}  // namespace

TEST_CASE("what is issued is a client with a random id, and a secret that proves it") {
    std::set<std::string> seen;
    for (int i = 0; i < 50; ++i) {
        auto [record, plain] = issuer.issue<client>(level::narrow, "acme", "shop").value();
        auto const id = record.id.text();
        CHECK(sp::parse_uuid_v4({id.data(), id.size()}));
        CHECK(record.level == level::narrow);
        CHECK(record.organization == sp::name("acme"));
        CHECK(record.project == sp::name("shop"));
        CHECK_FALSE(record.disabled);
        REQUIRE(record.secrets.size() == 1);
        CHECK(acme.shape_of(plain.reveal()) == sp::secret_shape::intact);
        CHECK(verified(record, plain.reveal(), today) == verdict::proven);
        seen.insert({id.data(), id.size()});
        seen.insert(std::string(plain.reveal()));
    }
    CHECK(seen.size() == 100);
}

TEST_CASE("each of a secret's 256 bits, and of an id's 122, comes up either way") {
    constexpr std::string_view digits = "abcdefghijklmnopqrstuvwxyz234567";
    std::array<unsigned, 256> set_in_secrets{};
    std::array<unsigned, 128> set_in_ids{};
    constexpr unsigned issued = 200;
    for (unsigned i = 0; i < issued; ++i) {
        auto const made = issuer.issue<client>(level::narrow, "acme", "shop").value();
        auto const body = made.plain.reveal().substr(5, 52);
        for (std::size_t bit = 0; bit < 256; ++bit) {
            auto const digit = static_cast<unsigned>(digits.find(body[bit / 5]));
            set_in_secrets[bit] += digit >> (4 - bit % 5) & 1U;
        }
        for (std::size_t bit = 0; bit < 128; ++bit) {
            set_in_ids[bit] += made.record.id.bytes()[bit / 8] >> (7 - bit % 8) & 1U;
        }
    }
    // 200 tosses of a coin are never 40 of one side but once in 10^18.
    for (auto const set : set_in_secrets) CHECK((set > 40 && set < issued - 40));
    std::size_t fixed = 0;
    for (auto const set : set_in_ids) fixed += set <= 40 || set >= issued - 40;
    CHECK(fixed == 6);
}

TEST_CASE("a client whose level and project don't fit is not issued, and the error says why") {
    CHECK(issuer.issue<client>(level::narrow, "acme").message() == "a client of this level needs a project");
    CHECK(issuer.issue<client>(level::wide, "acme", "shop").message() ==
          "a client of this level belongs to no project");
    CHECK(issuer.issue<client>(level::wide, {}).message() == "a client belongs to an organisation");
    CHECK(issuer.issue<client>(static_cast<level>(7), "acme").message() == "the client's level is none");
    CHECK(issuer.issue<client>(level::wide, "acme"));
}

TEST_CASE("old and new secrets pass during the overlap, and the old one fails at its end to the nanosecond") {
    auto [record, old] = issuer.issue<client>(level::narrow, "acme", "shop").value();
    auto const fresh = issuer.rotate(record, 1h, today).value();
    REQUIRE(record.secrets.size() == 2);
    for (auto const now : {today, today + 1h - 1ns}) {
        CHECK(verified(record, old.reveal(), now) == verdict::proven);
        CHECK(verified(record, fresh.reveal(), now) == verdict::proven);
    }
    CHECK(verified(record, old.reveal(), today + 1h) == verdict::expired);
    CHECK(verified(record, fresh.reveal(), today + 1h) == verdict::proven);
}

TEST_CASE("a rotation doesn't make a secret live longer, drops what has run out, and without an overlap ends the old") {
    auto [record, old] = issuer.issue<client>(level::narrow, "acme", "shop").value();
    record.secrets[0].expires = today + 1min;
    static_cast<void>(issuer.rotate(record, 1h, today).value());
    CHECK(record.secrets[0].expires == today + 1min);
    static_cast<void>(issuer.rotate(record, 0s, today + 1min).value());
    REQUIRE(record.secrets.size() == 2);
    CHECK(record.secrets[0].expires == today + 1min);
    CHECK_FALSE(record.secrets[1].expires);
    CHECK(verified(record, old.reveal(), today) == verdict::wrong);
    static_cast<void>(issuer.rotate(record, std::chrono::nanoseconds::max(), today + 1h).value());
    REQUIRE(record.secrets.size() == 2);
    CHECK(record.secrets[0].expires == sp::wall_time::max());
}

TEST_CASE("a fifth secret is refused, and nothing has changed") {
    auto [record, first] = issuer.issue<client>(level::narrow, "acme", "shop").value();
    for (int i = 0; i < 3; ++i) REQUIRE(issuer.rotate(record, 1h, today));
    auto const before = record.secrets.front().expires;
    auto const refused = issuer.rotate(record, 1min, today);
    CHECK(refused.message() == "the client has four secrets already; revoke one first");
    CHECK(record.secrets.size() == 4);
    CHECK(record.secrets.front().expires == before);
    CHECK(issuer.rotate(record, 1min, today + 1h));
}

TEST_CASE("a secret that is hashed anew still passes, for as long as before, under another short id") {
    auto [record, plain] = issuer.issue<client>(level::narrow, "acme", "shop").value();
    static_cast<void>(issuer.rotate(record, 1h, today).value());
    std::vector<sp::pepper> peppers;
    peppers.push_back({"", sp::secret("a pepper of 16 bytes and more")});
    sp::hmac_scheme const wanted(std::move(peppers));
    auto const before = record.secrets[0];
    REQUIRE(sp::rehash(record, before.id, wanted.store(plain.reveal())));
    CHECK(record.secrets[0].hash.scheme == sp::hmac_scheme::name);
    CHECK(record.secrets[0].id == record.secrets[0].hash.id());
    CHECK(record.secrets[0].id != before.id);
    CHECK(record.secrets[0].expires == today + 1h);
    CHECK_FALSE(sp::rehash(record, before.id, wanted.store(plain.reveal())));
    sp::verifier const verifier{wanted, sp::sha256_scheme{}};
    auto const seen = verifier.verify({.presented = plain.reveal(), .secrets = record.secrets, .now = today});
    CHECK(seen.outcome == verdict::proven);
    CHECK_FALSE(seen.needs_rehash);
}

TEST_CASE("a secret is revoked by its short id, and a client disabled") {
    auto [record, plain] = issuer.issue<client>(level::narrow, "acme", "shop").value();
    auto const fresh = issuer.rotate(record, 1h, today).value();
    auto const gone = record.secrets[0].id;
    CHECK(sp::revoke(record, gone));
    CHECK_FALSE(sp::revoke(record, gone));
    CHECK(verified(record, plain.reveal(), today) == verdict::wrong);
    CHECK(verified(record, fresh.reveal(), today) == verdict::proven);
    sp::disable(record);
    CHECK(record.disabled);
}
