// SPDX-License-Identifier: BSL-1.0
#include "scheme_conformance.hpp"
#include "stand_in_hash.hpp"

#include <sallyport/credential/argon2id_scheme.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace {

using sallyport::argon2id_ceiling;
using sallyport::argon2id_costs;

/// Stands in for a library's Argon2id at no cost: what is derived depends on all that Argon2id is given.
template <std::uint32_t MaxLanes, std::size_t MinSalt, std::size_t MaxSalt>
struct stand_in {
    static constexpr std::uint32_t max_lanes = MaxLanes;
    static constexpr std::size_t min_salt = MinSalt;
    static constexpr std::size_t max_salt = MaxSalt;
    static inline bool out_of_memory = false;
    static inline std::array<std::uint64_t, 3> last{};  ///< m, t and p

    static bool argon2id(std::string_view password, std::span<std::uint8_t const> salt, std::uint32_t m,
                         std::uint32_t t, std::uint32_t p, std::span<std::uint8_t> out) noexcept {
        last = {m, t, p};
        stand_in_hash(password, salt, last, out);
        return !out_of_memory;
    }
};

using narrow_library = stand_in<1, 16, 16>;
using narrow = sallyport::argon2id_scheme<narrow_library>;
using wide = sallyport::argon2id_scheme<stand_in<4, 8, 64>>;

static_assert(sallyport::hash_scheme<narrow> && sallyport::hash_scheme<wide>);
static_assert(narrow::cost == sallyport::scheme_cost::expensive);
static_assert(narrow::recognizes("$argon2id$v=19$") && narrow::recognizes("$argon2i$") &&
              narrow::recognizes("$argon2d$") && !narrow::recognizes("argon2id") && !narrow::recognizes("$scrypt$"));

constexpr std::string_view secret = "sec_0a97c5e1f2b3d4a6";
std::string const salt = "$AAECAwQFBgcICQoLDA0ODw";
std::string const key = '$' + std::string(43, 'A');

template <class Scheme = narrow>
std::string refusal(std::string const& text, Scheme const& scheme = {}) {
    return scheme.parse(text).message();
}
bool says(std::string const& message, std::string_view what) { return message.find(what) != std::string::npos; }

sallyport::hash_form of(argon2id_costs costs) { return costs.blank(narrow::name); }

}  // namespace

TEST_CASE("argon2id is a hash scheme, by whatever library") {
    narrow const scheme;
    auto const stored = scheme.text(scheme.store(secret));
    CHECK(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    scheme_conformance::holds_for(scheme, {secret, stored});

    wide const parallel({.m = 256, .t = 3, .p = 4});
    scheme_conformance::holds_for(parallel, {secret, parallel.text(parallel.store(secret))});
}

TEST_CASE("the costs of a stored form are what a verification by argon2id takes") {
    std::array<std::uint8_t, 32> out{};
    narrow const scheme;
    REQUIRE(scheme.derive(secret, scheme.parse("$argon2id$v=19$m=80,t=3,p=1" + salt + key).value(), out));
    CHECK(narrow_library::last == std::array<std::uint64_t, 3>{80, 3, 1});
}

TEST_CASE("an argon2id form is current if none of its costs is below what is wanted") {
    wide const scheme({.m = 64, .t = 2, .p = 2});
    CHECK(scheme.is_current(of({64, 2, 2})));
    CHECK(scheme.is_current(of({65, 3, 3})));
    CHECK_FALSE(scheme.is_current(of({63, 4, 4})));
    CHECK_FALSE(scheme.is_current(of({128, 1, 4})));
    CHECK_FALSE(scheme.is_current(of({128, 4, 1})));
}

TEST_CASE("argon2id costs above the ceiling are refused when a form is read, and the ceiling is named") {
    narrow const scheme({.m = 8, .t = 1}, {.memory = 1024, .work = 4096});
    CHECK(refusal("$argon2id$v=19$m=1024,t=4,p=1" + salt + key, scheme).empty());
    auto const wanted =
        "argon2id costs above the ceiling; at most 1024 kibibytes of memory, m, and 4096 of work, m·t, are accepted";
    for (auto const* costs : {"m=1025,t=1,p=1", "m=1024,t=5,p=1", "m=8,t=513,p=1", "m=999999999,t=999999999,p=1",
                              "m=999999999,t=0,p=1", "m=1025,t=1,p=999999999"}) {
        CAPTURE(costs);
        CHECK(refusal("$argon2id$v=19$" + std::string(costs) + salt + key, scheme) == wanted);
    }
}

TEST_CASE("the ceilings of argon2id that nobody sets take 64 MiB, four times over") {
    CHECK(refusal("$argon2id$v=19$m=65536,t=4,p=1" + salt + key).empty());
    CHECK(says(refusal("$argon2id$v=19$m=65537,t=1,p=1" + salt + key), "at most 65536 kibibytes"));
    CHECK(says(refusal("$argon2id$v=19$m=65536,t=5,p=1" + salt + key), "262144 of work"));
}

TEST_CASE("argon2id costs that are none are refused with what is accepted") {
    for (auto const* costs : {"m=7,t=1,p=1", "m=0,t=1,p=1", "m=8,t=0,p=1", "m=8,t=1,p=0", "m=31,t=1,p=4"}) {
        CAPTURE(costs);
        CHECK(says(refusal<wide>("$argon2id$v=19$" + std::string(costs) + salt + key), "8·p and more are accepted"));
    }
    CHECK(refusal<wide>("$argon2id$v=19$m=32,t=1,p=4" + salt + key).empty());
}

TEST_CASE("lanes and salts that the library can't do are refused with what it can") {
    auto const parallel = "$argon2id$v=19$m=64,t=1,p=2" + salt + key;
    CHECK(refusal<narrow>(parallel) == "argon2id lanes that this library can't do; p of at most 1 is accepted");
    CHECK(refusal<wide>(parallel).empty());
    CHECK(says(refusal<wide>("$argon2id$v=19$m=64,t=1,p=5" + salt + key), "p of at most 4"));

    auto const somesalt = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ" + key;
    CHECK(refusal<narrow>(somesalt) == "an argon2id salt that this library can't take; 16 bytes are accepted");
    CHECK(refusal<wide>(somesalt).empty());
    CHECK(says(refusal<wide>("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbA" + key), "8 to 64 bytes are accepted"));
    CHECK(refusal<narrow>("$argon2id$v=19$m=64,t=1,p=1" + salt + "AQ" + key) != "");
}

TEST_CASE("costs that a host wants of argon2id are checked at set-up") {
    CHECK(says(narrow::make({.m = 65537}).message(), "above the ceiling; at most 65536 kibibytes"));
    CHECK(says(narrow::make({.t = 0}).message(), "t and p of 1 and more"));
    CHECK(says(narrow::make({.p = 2}).message(), "p of at most 1 is accepted"));
    CHECK(says(narrow::make({}, {.work = 19456}).message(), "19456 of work"));
    CHECK(wide::make({.p = 4}));
    CHECK_THROWS_AS(narrow({.p = 2}), sallyport::setup_error);
    CHECK_NOTHROW(narrow({.m = 131072}, {.memory = 131072}));
}

TEST_CASE("argon2's other types and version, a missing part or another spelling are refused with what is expected") {
    auto const wanted = "expected " + std::string(narrow::form);
    CHECK(says(wanted, "$argon2id$v=19$"));
    CHECK(refusal("$argon2id$v=19$m=64,t=1,p=1" + salt + key).empty());
    for (auto const* front :
         {"$argon2i$v=19$m=64,t=1,p=1", "$argon2d$v=19$m=64,t=1,p=1", "$argon2id$v=16$m=64,t=1,p=1",
          "$argon2id$v=20$m=64,t=1,p=1", "$argon2id$m=64,t=1,p=1", "$argon2id$v=19$m=64,t=1", "$argon2id$v=19$t=1,p=1",
          "$argon2id$v=19$t=1,m=64,p=1", "$argon2id$v=19$m=064,t=1,p=1", "$argon2id$v=19$m=64,t=01,p=1",
          "$argon2id$v=19$m=64,t=1,p=1,keyid=AQ", "$argon2id$v=019$m=64,t=1,p=1",
          "$argon2id$v=19$m=64,t=1,p=4294967297", "$argon2id$v=19$m=64,t=1,p=", "$argon2id$v=19", "$argon2id"}) {
        CAPTURE(front);
        CHECK(refusal(front + salt + key) == wanted);
    }
    for (auto const& end :
         {std::string(), salt, key, salt + '$', salt + "==" + key, salt + key + '=', salt + key + '$',
          salt + "$AAAAAAAAAAAAAAAAAAAA", salt + '$' + std::string(87, 'A'), salt + '$' + std::string(42, 'A') + 'B'}) {
        CAPTURE(end);
        CHECK(refusal("$argon2id$v=19$m=64,t=1,p=1" + end) == wanted);
    }
}

TEST_CASE("a secret that no key could be derived of is not stored") {
    narrow_library::out_of_memory = true;
    CHECK_THROWS_WITH(narrow().store(secret), "argon2id could not do its work, for want of memory perhaps");
    narrow_library::out_of_memory = false;
    CHECK_NOTHROW(narrow().store(secret));
}
