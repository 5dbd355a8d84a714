// SPDX-License-Identifier: BSL-1.0
#include "catch.hpp"
#include "crypto/message_schedule.hpp"
#include "crypto/stack_after.hpp"

#include <sallyport/credential/guarded_verifier.hpp>
#include <sallyport/credential/hmac_scheme.hpp>
#include <sallyport/credential/issuer.hpp>
#include <sallyport/limit/throttle.hpp>
#include <sallyport/openpanel.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

namespace {

/// Whether any 12 bytes of the text stand anywhere.
bool holds(std::vector<std::uint8_t> const& memory, std::string_view text) {
    constexpr std::size_t piece = 12;
    std::string_view const all(reinterpret_cast<char const*>(memory.data()), memory.size());
    for (std::size_t i = 0; i + piece <= text.size(); ++i) {
        if (all.find(text.substr(i, piece)) != all.npos) return true;
    }
    return false;
}

std::string const marked =
    "a marked secret, longer than one block of the hash, so that all of its ways are taken: 1a2b3c";
std::string const marked_pepper = "a marked pepper, which nobody may find";

/// The text as HMAC pads its key with it (RFC 2104 §2).
std::string padded(std::string text, char mark) {
    for (auto& each : text) each = static_cast<char>(each ^ mark);
    return text;
}

std::string text_of(sp::crypto::digest256 const& digest) { return {digest.begin(), digest.end()}; }

/// The last sixteen words of the message schedule of a block, as they lie in memory.
std::string end_of_schedule(std::string_view block) {
    auto const words = schedule_of(block);
    return {reinterpret_cast<char const*>(&words[48]), 64};
}

/// The random bytes that an issued secret spells, behind a prefix of five characters.
std::string bits_of(std::string_view plain) {
    constexpr std::string_view digits = "abcdefghijklmnopqrstuvwxyz234567";
    std::string bytes;
    unsigned held = 0;
    unsigned bits = 0;
    for (char const each : plain.substr(5, sp::secret_format::body)) {
        held = held << 5 | static_cast<unsigned>(digits.find(each));
        bits += 5;
        if (bits < 8) continue;
        bits -= 8;
        bytes += static_cast<char>(held >> bits);
    }
    return bytes;
}

std::string const id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60";

std::vector<op::client> reader(sp::hash_form const& form) {
    return {{.id = sp::parse_uuid_v4(id).value(),
             .level = op::level::read,
             .organization = "acme",
             .project = "shop",
             .secrets = {{form}}}};
}

/// An expensive scheme's place, taken by one that costs little.
struct costly : sp::sha256_scheme {
    static constexpr std::string_view name = "costly";
    static constexpr sp::scheme_cost cost = sp::scheme_cost::expensive;
    static sp::hash_form store(std::string_view plain) {
        auto made = sp::sha256_scheme::store(plain);
        made.scheme = name;
        return made;
    }
};

}  // namespace

TEST_CASE("what a secret was copied to is seen on the stack where nobody wipes it") {
    auto const left = stack_after([] {
        std::array<char, 200> copy{};
        std::copy(marked.begin(), marked.end(), copy.begin());
        __asm__ volatile("" : : "r"(copy.data()) : "memory");
    });
    CHECK((holds(left, marked) || !shows_stacks));
}

TEST_CASE("a decision leaves no copy of the secret on its stack, whoever it proves, and none of the pepper") {
    auto const left_by = [](auto&& verifier, sp::hash_form const& form) {
        op::clients clients(reader(form), {{"shop", "acme"}});
        sp::authorizer gate{clients, op::rules(), verifier};
        std::vector<std::uint8_t> left;
        // Each on a stack of its own: what one leaves, the next one writes over.
        for (auto const& secret : {marked, marked + "x", marked + marked}) {
            std::array<sp::header_line, 2> const lines{
                {{"openpanel-client-id", id}, {"openpanel-client-secret", secret}}};
            auto const of_one = stack_after([&] {
                auto const made = gate.authorize({.headers = lines, .api = op::api::insights});
                if (static_cast<bool>(made) != (secret == marked)) std::abort();
            });
            left.insert(left.end(), of_one.begin(), of_one.end());
        }
        return left;
    };
    auto const of_sha256 = left_by(sp::verifier{sp::sha256_scheme{}}, sp::sha256_scheme::store(marked));
    CHECK_FALSE(holds(of_sha256, marked));

    std::vector<sp::pepper> peppers;
    peppers.push_back({"", sp::secret(marked_pepper)});
    sp::hmac_scheme const hmac(std::move(peppers));
    auto const of_hmac = left_by(sp::verifier{hmac}, hmac.store(marked));
    CHECK_FALSE(holds(of_hmac, marked));
    for (char const mark : {'\0', '\x36', '\x5c'}) CHECK_FALSE(holds(of_hmac, padded(marked_pepper, mark)));

    for (auto const max_age : {std::chrono::hours(0), std::chrono::hours(24)}) {  // hashed each time, or remembered
        sp::guard_options const bounds{.remembered = {.max_age = max_age}};
        auto const of_guarded =
            left_by(sp::guarded_verifier{sp::verifier{costly{}}, sp::throttle{}, bounds}, costly::store(marked));
        CHECK_FALSE(holds(of_guarded, marked));
    }
}

TEST_CASE("what a wrong secret derives is left on no stack") {
    auto const digest = text_of(sp::crypto::sha256(marked));
    std::vector<sp::stored_secret> const secrets{{sp::sha256_scheme::store("another")}};
    auto const left = stack_after([&] {
        auto const seen = sp::verifier<sp::sha256_scheme>().verify({.presented = marked, .secrets = secrets});
        if (seen.outcome != sp::verification::verdict::wrong) std::abort();
    });
    CHECK_FALSE(holds(left, digest));
}

TEST_CASE("a digest leaves on the stack nothing that its message can be computed back from") {
    std::string const message = marked.substr(0, 40);
    auto const block = message + '\x80' + std::string(21, '\0') + '\x01' + '\x40';  // 320 bits
    auto const left = stack_after([&] { static_cast<void>(sp::crypto::sha256(message)); });
    CHECK_FALSE(holds(left, message));
    CHECK_FALSE(holds(left, end_of_schedule(block)));
}

TEST_CASE("a tag leaves on the stack nothing of its text, and nothing that its key can be computed back from") {
    auto const inner = text_of(
        sp::crypto::sha256(padded(marked_pepper + std::string(64 - marked_pepper.size(), '\0'), '\x36') + marked));
    auto const of_tag = stack_after([] { static_cast<void>(sp::crypto::hmac_sha256(marked_pepper, marked)); });
    CHECK_FALSE(holds(of_tag, marked));
    CHECK_FALSE(holds(of_tag, inner));
    for (char const mark : {'\0', '\x36', '\x5c'}) CHECK_FALSE(holds(of_tag, padded(marked_pepper, mark)));
}

TEST_CASE("issuing and rotating leave no copy of the plain secret on the stack") {
    std::string plain;
    std::string rotated;
    auto const left = stack_after([&] {
        sp::issuer const issuer{sp::secret_format{"acme_"}};
        auto [record, secret] = issuer.issue<op::client>(op::level::read, "acme", "shop").value();
        auto const fresh = issuer.rotate(record, std::chrono::hours(1), {}).value();
        plain = secret.reveal();
        rotated = fresh.reveal();
    });
    for (auto const& issued : {plain, rotated}) {
        CHECK_FALSE(holds(left, issued.substr(5)));
        CHECK_FALSE(holds(left, bits_of(issued)));
    }
}
