// SPDX-License-Identifier: BSL-1.0
#include "scheme_conformance.hpp"
#include "stand_in_hash.hpp"

#include <sallyport/credential/scrypt_schemes.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace {

using sallyport::scrypt_ceiling;
using sallyport::scrypt_costs;

/// Stands in for scrypt at no cost: what is derived depends on all that scrypt is given.
struct stand_in {
    static inline bool out_of_memory = false;
    static inline std::array<std::uint64_t, 3> last{};  ///< N, r and p

    static bool scrypt(std::string_view password, std::span<std::uint8_t const> salt, std::uint64_t n, std::uint32_t r,
                       std::uint32_t p, std::span<std::uint8_t> out) noexcept {
        last = {n, r, p};
        stand_in_hash(password, salt, last, out);
        return !out_of_memory;
    }
};

using scrypt = sallyport::scrypt_scheme<stand_in>;
using openpanel = sallyport::openpanel_scrypt_scheme<stand_in>;

static_assert(sallyport::hash_scheme<scrypt> && sallyport::hash_scheme<openpanel>);
static_assert(scrypt::cost == sallyport::scheme_cost::expensive && openpanel::cost == scrypt::cost);
static_assert(scrypt::recognizes("$scrypt$") && scrypt::recognizes("$scrypt$nonsense") &&
              !scrypt::recognizes("$scrypt") && !scrypt::recognizes("$argon2id$v=19$") && !scrypt::recognizes(""));

// What is meant as OpenPanel's form has a dot, and none of the signs that other schemes' forms begin with.
static_assert(openpanel::recognizes("00.00") && openpanel::recognizes(".") && openpanel::recognizes("no.hex"));
static_assert(!openpanel::recognizes("") && !openpanel::recognizes("0000") && !openpanel::recognizes("sha256:00.00") &&
              !openpanel::recognizes("$scrypt$ln=14,r=8,p=1$a.b$c"));

// OpenPanel's costs, in numbers.
static_assert(scrypt_costs{14, 8, 1}.memory() == (16 << 20) + 3 * 1024 && scrypt_costs{14, 8, 1}.work() == 131072);
static_assert(scrypt_costs{63, 1u << 31, 1}.memory() == std::numeric_limits<std::uint64_t>::max());
static_assert(scrypt_costs{999999999, 1, 1}.work() == std::numeric_limits<std::uint64_t>::max());

constexpr std::string_view secret = "sec_0a97c5e1f2b3d4a6";
std::string const tail = "$AAECAwQFBgcICQoLDA0ODw$" + std::string(42, 'B') + 'A';

std::string refusal(std::string const& text, scrypt const& scheme = {}) { return scheme.parse(text).message(); }
std::string set_up_refusal(scrypt_costs wanted, scrypt_ceiling ceiling = {}) {
    return scrypt::make(wanted, ceiling).message();
}
bool says(std::string const& message, std::string_view what) { return message.find(what) != std::string::npos; }

sallyport::hash_form of(scrypt_costs costs) { return costs.blank(scrypt::name); }

}  // namespace

TEST_CASE("scrypt and OpenPanel's are hash schemes, by whatever library") {
    scrypt const scheme;
    auto const stored = scheme.text(scheme.store(secret));
    CHECK(stored.starts_with("$scrypt$ln=15,r=8,p=1$"));
    scheme_conformance::holds_for(scheme, {secret, stored});

    scrypt const small({.ln = 4, .r = 1, .p = 3});
    scheme_conformance::holds_for(small, {secret, small.text(small.store(secret))});

    scheme_conformance::holds_for(openpanel(), {secret, openpanel::text(openpanel::store(secret))});
}

TEST_CASE("the costs of a stored form are what its verification takes") {
    std::array<std::uint8_t, 32> out{};
    scrypt const scheme;
    REQUIRE(scheme.derive(secret, scheme.parse("$scrypt$ln=5,r=3,p=2" + tail).value(), out));
    CHECK(stand_in::last == std::array<std::uint64_t, 3>{32, 3, 2});
    REQUIRE(openpanel::derive(secret, openpanel::decoy(), out));
    CHECK(stand_in::last == std::array<std::uint64_t, 3>{16384, 8, 1});
}

TEST_CASE("a scrypt form is current if none of its costs is below what is wanted") {
    scrypt const scheme({.ln = 10, .r = 8, .p = 2});
    CHECK(scheme.is_current(of({10, 8, 2})));
    CHECK(scheme.is_current(of({11, 9, 3})));
    CHECK_FALSE(scheme.is_current(of({9, 16, 4})));
    CHECK_FALSE(scheme.is_current(of({12, 7, 4})));
    CHECK_FALSE(scheme.is_current(of({12, 16, 1})));
    CHECK(openpanel::is_current(openpanel::decoy()));
}

TEST_CASE("scrypt costs above the ceiling are refused when a form is read, and the ceiling is named") {
    scrypt const scheme({4, 1, 1}, {.memory = (1 << 20) + (1 << 12), .work = 1 << 14});
    CHECK(scheme.parse("$scrypt$ln=10,r=8,p=1" + tail));
    CHECK(scheme.parse("$scrypt$ln=10,r=8,p=2" + tail));  // all of the memory, and of the work
    auto const wanted =
        "scrypt costs above the ceiling; at most 1052672 bytes of memory, 128·r·(2^ln + p + 2), and 16384 of work, "
        "r·p·2^ln, are accepted";
    for (auto const* costs : {"ln=10,r=9,p=1", "ln=11,r=8,p=1", "ln=10,r=8,p=3", "ln=4,r=1,p=1025", "ln=63,r=1,p=1",
                              "ln=64,r=1,p=1", "ln=999999999,r=1,p=1", "ln=1,r=999999999,p=1", "ln=1,r=1,p=999999999",
                              "ln=63,r=999999999,p=999999999", "ln=999999999,r=999999999,p=0"}) {
        CAPTURE(costs);
        CHECK(refusal("$scrypt$" + std::string(costs) + tail, scheme) == wanted);
    }
}

TEST_CASE("the ceilings of scrypt that nobody sets take OpenPanel's costs eightfold, and 64 MiB") {
    CHECK(refusal("$scrypt$ln=16,r=8,p=2" + tail).empty());
    CHECK(says(refusal("$scrypt$ln=16,r=8,p=3" + tail), "above the ceiling"));
    CHECK(says(refusal("$scrypt$ln=17,r=8,p=1" + tail), "67125248 bytes"));
    // Tables count together, and what it takes to work in.
    CHECK(says(refusal("$scrypt$ln=1,r=262144,p=2" + tail), "above the ceiling"));
    CHECK(says(refusal("$scrypt$ln=1,r=174763,p=1" + tail), "above the ceiling"));
    scrypt const patient({4, 1, 1}, {.memory = 1 << 20, .work = 1 << 30});
    CHECK(refusal("$scrypt$ln=1,r=1,p=8188" + tail, patient).empty());
    CHECK(says(refusal("$scrypt$ln=1,r=1,p=8189" + tail, patient), "above the ceiling"));
}

TEST_CASE("scrypt costs that are none are refused with what is accepted") {
    for (auto const* costs : {"ln=0,r=8,p=1", "ln=4,r=0,p=1", "ln=4,r=8,p=0", "ln=16,r=1,p=1"}) {
        CAPTURE(costs);
        CHECK(says(refusal("$scrypt$" + std::string(costs) + tail), "ln, r and p of 1 and more are accepted"));
    }
    CHECK(refusal("$scrypt$ln=15,r=1,p=1" + tail).empty());
    scrypt_ceiling const none{.memory = std::numeric_limits<std::uint64_t>::max(),
                              .work = std::numeric_limits<std::uint64_t>::max()};
    CHECK(says(set_up_refusal({1, 1u << 15, 1u << 15}, none), "r·p below 2^30"));
    CHECK(says(set_up_refusal({64, 8, 1}, none), "accepted"));
    CHECK(set_up_refusal({1, 1u << 15, (1u << 15) - 1}, none).empty());
}

TEST_CASE("costs that a host wants of scrypt are checked at set-up") {
    CHECK(says(set_up_refusal({.ln = 17}), "above the ceiling; at most 67125248 bytes"));
    CHECK(says(set_up_refusal({.ln = 0}), "ln, r and p of 1 and more are accepted"));
    CHECK(says(set_up_refusal({10, 8, 1}, {.memory = 1 << 19}), "at most 524288 bytes"));
    CHECK(set_up_refusal({.ln = 17}, {.memory = 129 << 20}).empty());
    CHECK_THROWS_AS(scrypt({.ln = 17}), sallyport::setup_error);
    CHECK_NOTHROW(scrypt({.ln = 17}, {.memory = 129 << 20}));
}

TEST_CASE("a scrypt form that misses a part, or writes one otherwise, is refused with what is expected") {
    auto const wanted = "expected " + std::string(scrypt::form);
    CHECK(refusal("$scrypt$ln=4,r=8,p=1" + tail).empty());
    for (auto const* front :
         {"$scrypt$ln=4,r=8", "$scrypt$r=8,p=1", "$scrypt$ln=4,p=1,r=8", "$scrypt$ln=04,r=8,p=1",
          "$scrypt$ln=4,r=08,p=1", "$scrypt$ln=4,r=8,p=01", "$scrypt$ln=,r=8,p=1", "$scrypt$ln=+4,r=8,p=1",
          "$scrypt$ln=4, r=8,p=1", "$scrypt$ln=4,r=8,p=1,", "$scrypt$n=16,r=8,p=1", "$scrypt$v=1$ln=4,r=8,p=1",
          "$scrypt$ln=4,r=8,p=4294967297", "$Scrypt$ln=4,r=8,p=1", "scrypt$ln=4,r=8,p=1", "$scrypt$"}) {
        CAPTURE(front);
        CHECK(refusal(front + tail) == wanted);
    }
    std::string const front = "$scrypt$ln=4,r=8,p=1";
    std::string const key(43, 'A');
    CHECK(refusal(front + "$AAECAwQFBgc$" + key).empty());
    CHECK(refusal(front + '$' + std::string(86, 'A') + '$' + std::string(86, 'A')).empty());
    for (auto const& end :
         {std::string(), "$" + key, "$$" + key, "$AAECAwQFBgcICQoLDA0ODw==$" + key,
          "$AAECAwQFBgcICQoLDA0ODw$" + key + "=", std::string("$AAECAwQFBgcICQoLDA0ODw$"),
          std::string("$AAECAwQFBgcICQoLDA0ODw"), "$AAECAwQFBg$" + key, "$AAECAwQFBgcICQoLDA0ODx$" + key,
          "$AAECAwQFBgcICQoLDA0ODw$" + key + "$", "$AAECAwQFBgcICQoLDA0ODw$" + std::string(20, 'A'),
          "$AAECAwQFBgcICQoLDA0ODw$" + std::string(87, 'A'), "$" + std::string(87, 'A') + "$" + key,
          "$AAECAwQFBgcICQoLDA0O_w$" + key}) {
        CAPTURE(end);
        CHECK(refusal(front + end) == wanted);
    }
}

TEST_CASE("a secret that the library could not derive a key of is not stored") {
    stand_in::out_of_memory = true;
    CHECK_THROWS_WITH(scrypt().store(secret), "scrypt could not do its work, for want of memory perhaps");
    CHECK_THROWS_AS(openpanel::store(secret), sallyport::setup_error);
    stand_in::out_of_memory = false;
    CHECK_NOTHROW(openpanel::store(secret));
}

TEST_CASE("a secret is stored as OpenPanel does it: 32 digits of salt, and 64 of the key") {
    auto const text = openpanel::text(openpanel::store(secret));
    CHECK(text.size() == 32 + 1 + 64);
    CHECK(text.find_first_not_of("0123456789abcdef.") == text.npos);
}

TEST_CASE("a form of OpenPanel's has a salt of 2 to 64 digits and a key of 64") {
    std::string const salt(32, '5');
    std::string const key(64, '0');
    CHECK(openpanel::parse(salt + '.' + key));
    CHECK(openpanel::parse("00." + key));
    CHECK(openpanel::parse(std::string(64, 'A') + '.' + key));
    for (auto const& text :
         {'.' + key, "0." + key, "000." + key, std::string(65, '0') + '.' + key, std::string(66, '0') + '.' + key,
          salt + key, salt + "." + key.substr(2), salt + ".0102", salt + '.', salt + '.' + key + "00",
          salt + ".." + key, salt + '.' + key + '.' + key, salt + ':' + key, salt + "0x." + key}) {
        CAPTURE(text);
        CHECK(openpanel::parse(text).message() == "expected " + std::string(openpanel::form));
    }
}

TEST_CASE("the salt of a form of OpenPanel's is the text of its digits: their case counts, as in what it stores") {
    std::string const key(64, '0');
    auto const lower = openpanel::parse("ab." + key).value();
    auto const upper = openpanel::parse("AB." + key).value();
    CHECK(lower.id() != upper.id());
    CHECK(openpanel::text(upper) == "AB." + key);
}

TEST_CASE("a malformed form is refused by the verifier in the words of the scheme that it is meant for") {
    sallyport::verifier<openpanel, scrypt> const verifier;
    CHECK(verifier.parse("00.0102").message() == "expected " + std::string(openpanel::form));
    CHECK(verifier.parse("$scrypt$0102").message() == "expected " + std::string(scrypt::form));
    CHECK(verifier.parse("0102").message() == "unknown stored form; this verifier reads " +
                                                  std::string(openpanel::form) + "; " + std::string(scrypt::form));
}
