// SPDX-License-Identifier: BSL-1.0
#include "property.hpp"

#include <sallyport/credential/hmac_scheme.hpp>
#include <sallyport/credential/sha256_scheme.hpp>
#include <sallyport/credential/verifier.hpp>
#include <sallyport/with/openssl.hpp>
#include <sallyport/with/sodium.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sp = sallyport;

namespace {

std::map<std::string, std::string> const peppers{{"", "the pepper of years ago"}, {"2026-q1", "this quarter's pepper"}};

sp::hmac_scheme peppered() {
    std::vector<sp::pepper> made;
    for (auto const& [id, key] : peppers) made.push_back({id, sp::secret(key)});
    return sp::hmac_scheme(std::move(made));
}

auto const& verifier() {
    static sp::verifier const made(sp::sha256_scheme(), peppered(), sp::openssl::openpanel_scrypt(),
                                   sp::openssl::scrypt(), sp::sodium::argon2id());
    return made;
}

using bytes = std::vector<std::uint8_t>;

/// What a text means, and the one way in which it is written.
struct meaning {
    std::string scheme;
    std::array<std::uint64_t, 3> cost{};
    bytes salt;
    bytes digest;
    std::string text;
};

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

/// By libsodium's reader.
std::optional<bytes> from_hex(std::string const& text) {
    bytes made(text.size());
    std::size_t size = 0;
    char const* end = nullptr;
    int const failed = sodium_hex2bin(made.data(), made.size(), text.data(), text.size(), nullptr, &size, &end);
    if (failed != 0 || end != text.data() + text.size()) return std::nullopt;
    made.resize(size);
    return made;
}

/// By libsodium's reader, which refuses a second spelling of the same bytes, too.
std::optional<bytes> from_base64(std::string const& text) {
    bytes made(text.size() + 1);
    std::size_t size = 0;
    char const* end = nullptr;
    int const failed = sodium_base642bin(made.data(), made.size(), text.data(), text.size(), nullptr, &size, &end,
                                         sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    if (failed != 0 || end != text.data() + text.size()) return std::nullopt;
    made.resize(size);
    return made;
}

std::optional<meaning> read_sha256(std::string const& text) {
    static std::regex const form("sha256:([0-9a-fA-F]{64})");
    std::smatch part;
    if (!std::regex_match(text, part, form)) return std::nullopt;
    bytes of_nothing(32);
    EVP_Digest("", 0, of_nothing.data(), nullptr, EVP_sha256(), nullptr);
    auto const digest = from_hex(part[1]).value();
    if (digest == of_nothing) return std::nullopt;
    return meaning{"sha256", {}, {}, digest, lower(text)};
}

std::optional<meaning> read_hmac(std::string const& text) {
    static std::regex const form("(hmac-sha256:(?:([^:]+):)?)([0-9a-fA-F]{64})");
    std::smatch part;
    if (!std::regex_match(text, part, form) || !peppers.contains(part[2])) return std::nullopt;
    auto const& key = peppers.at(part[2]);
    bytes of_nothing(32);
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), nullptr, 0, of_nothing.data(), nullptr);
    auto const digest = from_hex(part[3]).value();
    if (digest == of_nothing) return std::nullopt;
    return meaning{"hmac-sha256", {}, bytes(part[2].first, part[2].second), digest, part[1].str() + lower(part[3])};
}

std::optional<meaning> read_openpanel(std::string const& text) {
    static std::regex const form("([0-9a-fA-F]{2,64})[.]([0-9a-fA-F]{64})");
    std::smatch part;
    if (!std::regex_match(text, part, form) || part[1].length() % 2 != 0) return std::nullopt;
    auto const key = from_hex(part[2]).value();
    return meaning{"openpanel-scrypt",
                   {14, 8, 1},
                   bytes(part[1].first, part[1].second),
                   key,
                   part[1].str() + "." + lower(part[2])};
}

/// A PHC string of three costs, a salt and a key; whether the costs may be is for the scheme.
std::optional<meaning> read_phc(std::string const& scheme, std::regex const& form, std::string const& text) {
    std::smatch part;
    if (!std::regex_match(text, part, form)) return std::nullopt;
    meaning made{.scheme = scheme, .salt = {}, .digest = {}, .text = text};
    for (std::size_t i = 0; i < made.cost.size(); ++i) {
        if (part[i + 1].length() > 9) return std::nullopt;  // above every ceiling
        made.cost[i] = std::stoull(part[i + 1]);
    }
    auto const salt = from_base64(part[4]);
    auto const key = from_base64(part[5]);
    if (!salt || !key || salt->size() > 64 || key->size() < 16 || key->size() > 64) return std::nullopt;
    made.salt = *salt;
    made.digest = *key;
    return made;
}

/// RFC 7914 §2, and at most 64 MiB and 16 KiB in all and 2^20 of work.
std::optional<meaning> read_scrypt(std::string const& text) {
    static std::regex const form(
        "[$]scrypt[$]ln=(0|[1-9][0-9]*),r=(0|[1-9][0-9]*),p=(0|[1-9][0-9]*)"
        "[$]([A-Za-z0-9+/]*)[$]([A-Za-z0-9+/]*)");
    auto const made = read_phc("scrypt", form, text);
    if (!made || made->salt.size() < 8) return std::nullopt;
    auto const [ln, r, p] = made->cost;
    if (ln < 1 || ln > 20 || r < 1 || p < 1 || ln >= 16 * r) return std::nullopt;
    std::uint64_t const n = 1ULL << ln;
    if (r * (n + p + 2) > ((64ULL << 20) + (1 << 14)) / 128 || r * p > (1ULL << 20) / n) return std::nullopt;
    return made;
}

/// RFC 9106 §3.1, at most 64 MiB and four times that of work, and what libsodium can do: one lane, 16 bytes of salt.
std::optional<meaning> read_argon2id(std::string const& text) {
    static std::regex const form(
        "[$]argon2id[$]v=19[$]m=(0|[1-9][0-9]*),t=(0|[1-9][0-9]*),p=(0|[1-9][0-9]*)"
        "[$]([A-Za-z0-9+/]*)[$]([A-Za-z0-9+/]*)");
    auto const made = read_phc("argon2id", form, text);
    if (!made || made->salt.size() != 16) return std::nullopt;
    auto const [m, t, p] = made->cost;
    if (m < 8 || m > 65536 || t < 1 || t > 262144 / m || p != 1) return std::nullopt;
    return made;
}

std::optional<meaning> read(std::string const& text) {
    for (auto const reader : {read_sha256, read_hmac, read_openpanel, read_scrypt, read_argon2id}) {
        if (auto made = reader(text)) return made;
    }
    return std::nullopt;
}

void check_form(sp::hash_form const& form, meaning const& meant) {
    require(form.scheme == meant.scheme, "the form is of the scheme that the text names");
    require(std::equal(form.cost.begin(), form.cost.end(), meant.cost.begin()), "the form has the costs of the text");
    require(bytes(form.salt.begin(), form.salt.end()) == meant.salt, "the form has the salt of the text");
    require(bytes(form.digest.begin(), form.digest.end()) == meant.digest, "the form has the key of the text");
    require(verifier().text(form) == meant.text, "what is parsed is written as it was, digits in lower case");
}

}  // namespace

/// A stored form. Nothing is derived: that would cost what the form says.
void check(std::string_view input) {
    std::string const text(input);
    auto const meant = read(text);
    auto const parsed = verifier().parse(input);
    require(bool(parsed) == meant.has_value(), "what is parsed is exactly what the forms' grammar and ceilings allow");
    require(bool(parsed) == parsed.message().empty(), "what is refused is refused with a reason");
    require(parsed.message().find('\n') == std::string::npos, "the reason is one line");
    if (!parsed) return;
    check_form(parsed.value().hash, *meant);
    auto const again = verifier().parse(meant->text);
    require(bool(again), "what was written is parsed");
    check_form(again.value().hash, *meant);
    require(again.value().id == parsed.value().id, "a form has one short id, however it was spelled");
}
