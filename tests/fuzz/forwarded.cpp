// SPDX-License-Identifier: BSL-1.0
#include "property.hpp"

#include <sallyport/model/cidr.hpp>
#include <sallyport/model/peer_address.hpp>
#include <sallyport/trusted_proxies.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sp = sallyport;

namespace {

using lines = std::vector<std::pair<std::string, std::string>>;

/// The family's digit and all bits of an address as text; empty if it is unknown. A block of addresses is a prefix.
using bits = std::string;

bits bits_of(std::uint8_t const* bytes, std::size_t size) {
    bits made(size == 4 ? "4" : "6");
    for (std::size_t i = 0; i < size; ++i) made += std::bitset<8>(bytes[i]).to_string();
    return made;
}

bits bits_of(sp::peer_address const& address) {
    if (!address.known()) return {};
    return bits_of(address.bytes().data(), address.kind() == sp::peer_address::family::v4 ? 4 : 16);
}

bool lies_in(bits const& address, bits const& block) { return !block.empty() && address.starts_with(block); }

/// As the C library reads it; a v6 address may have a zone, which is no part of it.
bits read_address(std::string text) {
    bool const v6 = text.find(':') != text.npos;
    static std::regex const zoned("[^%]*(%[A-Za-z0-9._-]+)?");
    if (v6 && !std::regex_match(text.begin(), text.end(), zoned)) return {};
    if (v6) text = text.substr(0, text.find('%'));
    std::array<std::uint8_t, 16> bytes{};
    if (text.find('\0') != text.npos) return {};
    if (inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), bytes.data()) != 1) return {};
    in6_addr address;
    std::memcpy(&address, bytes.data(), bytes.size());
    if (v6 && IN6_IS_ADDR_V4MAPPED(&address)) return bits_of(&bytes[12], 4);
    return bits_of(bytes.data(), v6 ? 16 : 4);
}

/// The block that a text spells; empty if it is none.
bits read_block(std::string const& text) {
    auto const slash = text.find('/');
    auto const spelled = text.substr(0, slash);
    auto const address = read_address(spelled);
    if (address.empty() || text.find('%') != text.npos) return {};
    if (slash == text.npos) return address;
    static std::regex const length_form("0|[1-9][0-9]{0,2}");
    auto const length = text.substr(slash + 1);
    bool const mapped = address.front() == '4' && spelled.find(':') != spelled.npos;
    if (!std::regex_match(length, length_form) || mapped) return {};
    auto const kept = 1 + std::stoul(length);
    return kept > address.size() || address.find('1', kept) != address.npos ? bits() : address.substr(0, kept);
}

std::string trimmed(std::string text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.erase(0, 1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
    return text;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

/// The trimmed parts of a text from its end to its start, of one in which quoted strings stand as RFC 9110 has them:
/// split as one reads it, from the left. None for another text.
std::optional<std::vector<std::string>> parts_of_well_formed(std::string const& text, char separator) {
    static std::regex const form("([^\"\\\\]|\"([^\"\\\\]|\\\\[^])*\")*");
    if (!std::regex_match(text, form)) return std::nullopt;
    std::vector<std::string> parts(1);
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == separator && !quoted) {
            parts.emplace(parts.begin());
            continue;
        }
        if (text[at] == '"') quoted = !quoted;
        parts.front() += text[at];
        if (text[at] == '\\') parts.front() += text[++at];
    }
    for (auto& part : parts) part = trimmed(part);
    return parts;
}

/// The same of any text: a separator counts if the quotes behind it are in pairs, but for those that are escaped within a
/// pair.
std::vector<std::string> parts_from_right(std::string const& text, char separator) {
    std::vector<std::string> parts(1);
    bool quoted = false;
    for (auto at = text.size(); at-- > 0;) {
        if (text[at] == separator && !quoted) {
            parts.emplace_back();
            continue;
        }
        std::size_t backslashes = 0;
        while (backslashes < at && text[at - 1 - backslashes] == '\\') ++backslashes;
        if (text[at] == '"' && (!quoted || backslashes % 2 == 0)) quoted = !quoted;
        parts.back().insert(0, 1, text[at]);
    }
    for (auto& part : parts) part = trimmed(part);
    auto const expected = parts_of_well_formed(text, separator);
    require(!expected || parts == *expected, "from the right a text splits as from the left, if it is well formed");
    return parts;
}

/// RFC 7239 §6: an address, a port behind it, a v6 one in brackets then. In `X-Forwarded-For` it needs none.
bits read_node(std::string const& node) {
    static std::regex const v4_form("([^:]*)(:([0-9]{1,5}|_[A-Za-z0-9._-]+))?");
    static std::regex const v6_form("\\[([^\\]]*:[^\\]]*)\\](:([0-9]{1,5}|_[A-Za-z0-9._-]+))?");
    std::smatch part;
    if (std::regex_match(node, part, node.starts_with('[') ? v6_form : v4_form)) return read_address(part[1]);
    return std::count(node.begin(), node.end(), ':') > 1 && !node.starts_with('[') ? read_address(node) : bits();
}

std::optional<bool> read_scheme(std::string const& scheme) {
    if (lower(scheme) == "https") return true;
    if (lower(scheme) == "http") return false;
    return std::nullopt;
}

struct hop {
    bits address;
    std::optional<bool> https;
};

/// RFC 7239 §4: pairs in any order, of which `for` and `proto` count if they are there once.
hop read_element(std::string const& element) {
    std::vector<std::string> nodes;
    std::vector<std::string> schemes;
    for (auto const& pair : parts_from_right(element, ';')) {
        auto const equals = pair.find('=');
        auto value = equals == pair.npos ? "" : pair.substr(equals + 1);
        static std::regex const quoted("\"([^\"\\\\]*)\"");
        if (value.find('"') != value.npos)
            value = std::regex_match(value, quoted) ? value.substr(1, value.size() - 2) : "";
        auto const name = lower(pair.substr(0, equals));
        if (name == "for") nodes.push_back(value);
        if (name == "proto") schemes.push_back(value);
    }
    return {nodes.size() == 1 ? read_node(nodes.front()) : bits(),
            schemes.size() == 1 ? read_scheme(schemes.front()) : std::nullopt};
}

/// Who the caller is, read slowly.
struct expected_caller {
    bits peer;
    bool resolved = true;
    std::optional<bool> https;
    bool all_read = false;  ///< everything that was said was read, and more could still be
};

struct question {
    bool standard = false;  ///< `Forwarded` is read, and not `X-Forwarded-For`
    std::string socket;
    std::vector<std::string> blocks;
    lines sent;

    char const* field() const { return standard ? "forwarded" : "x-forwarded-for"; }

    bool trusts(bits const& address) const {
        return std::any_of(blocks.begin(), blocks.end(),
                           [&](std::string const& block) { return lies_in(address, read_block(block)); });
    }

    std::vector<std::string> values_of(std::string const& name) const {
        std::vector<std::string> values;
        for (auto const& [line, value] : sent) {
            if (lower(line) == name) values.push_back(value);
        }
        return values;
    }

    /// All that proxies said, the nearest first: the parts of the last 32 lines.
    std::vector<std::string> hops() const {
        auto values = values_of(field());
        std::vector<std::string> said;
        for (std::size_t i = 0; i < 32 && !values.empty(); ++i, values.pop_back()) {
            for (auto const& part : parts_from_right(values.back(), ',')) {
                if (!part.empty()) said.push_back(part);
            }
        }
        return said;
    }

    expected_caller answer() const {
        expected_caller found{.peer = read_address(socket), .https = std::nullopt};
        if (!trusts(found.peer)) return found;
        found.resolved = false;
        auto const schemes = values_of("x-forwarded-proto");
        if (!standard && schemes.size() == 1) found.https = read_scheme(trimmed(schemes.front()));
        for (auto const& text : hops()) {
            auto const next = standard ? read_element(text) : hop{read_node(text), found.https};
            found.https = next.https;
            found.resolved = !next.address.empty();
            if (!found.resolved) return found;
            found.peer = next.address;
            if (!trusts(found.peer)) return found;
        }
        found.all_read = true;
        return found;
    }

    sp::caller resolve() const {
        std::vector<sp::cidr> made;
        for (auto const& block : blocks) {
            if (auto const parsed = sp::cidr::make(block)) made.push_back(parsed.value());
        }
        sp::trusted_proxies const proxies(
            made, standard ? sp::forwarded_field::forwarded : sp::forwarded_field::x_forwarded_for);
        return proxies.resolve(sent, sp::peer_address::parse(socket));
    }
};

bool same(sp::caller const& a, sp::caller const& b) {
    return a.peer == b.peer && a.resolved == b.resolved && a.https == b.https;
}

void check_address(std::string const& text) {
    require(bits_of(sp::peer_address::parse(text)) == read_address(text), "an address is what the C library reads");
}

void check_block(std::string const& text, std::string const& address) {
    auto const expected = read_block(text);
    auto const made = sp::cidr::make(text);
    require(bool(made) == !expected.empty(), "a block is an address and a prefix length without bits beyond it");
    if (!made) return;
    require(made.value().contains(sp::peer_address::parse(address)) == lies_in(read_address(address), expected),
            "an address lies in a block if it begins with the block's bits");
}

/// A caller can write what it likes before what the first trusted proxy wrote.
void check_left(question const& asked, std::string const& strangers, sp::caller const& found) {
    auto more = asked;
    more.sent.insert(more.sent.begin(), {asked.field(), strangers});
    require(same(more.resolve(), found), "a line before those of the trusted proxies changes nothing");

    more = asked;
    auto const first = std::find_if(more.sent.begin(), more.sent.end(),
                                    [&](auto const& line) { return lower(line.first) == asked.field(); });
    if (first == more.sent.end() || std::count(first->second.begin(), first->second.end(), '"') % 2 != 0) return;
    first->second = strangers + "," + first->second;
    require(same(more.resolve(), found), "text on the left of what trusted proxies wrote changes nothing");
}

/// `x` or `f` and the socket's address; a block; what a stranger writes; then the lines, each a letter for its name
/// and its value.
question read_question(std::string_view& input, std::string& strangers) {
    question asked;
    auto first = take_part(input);
    asked.standard = first.starts_with('f');
    asked.socket = first.substr(first.empty() ? 0 : 1);
    asked.blocks = {"10.0.0.0/8", "fd00::/8", std::string(take_part(input))};
    strangers = take_part(input);
    while (!input.empty()) {
        auto const line = take_part(input);
        auto const value = line.substr(line.empty() ? 0 : 1);
        switch (line.empty() ? '\0' : line.front()) {
            case 'x': asked.sent.emplace_back("X-Forwarded-For", value); break;
            case 'f': asked.sent.emplace_back("Forwarded", value); break;
            case 'p': asked.sent.emplace_back("x-forwarded-proto", value); break;
            default: asked.sent.emplace_back(line, value);
        }
    }
    return asked;
}

}  // namespace

void check(std::string_view input) {
    std::string strangers;
    auto const asked = read_question(input, strangers);
    check_address(asked.socket);
    check_address(strangers);
    check_block(asked.blocks.back(), asked.socket);

    auto const found = asked.resolve();
    auto const expected = asked.answer();
    require(bits_of(found.peer) == expected.peer, "the caller is the first from the right that is no trusted proxy");
    require(found.resolved == expected.resolved, "a caller is resolved if each trusted proxy named the one before it");
    require(found.https == expected.https, "the scheme is what the first trusted proxy said once");

    auto const socket = sp::peer_address::parse(asked.socket);
    if (!asked.trusts(read_address(asked.socket))) {
        require(same(found, {.peer = socket}), "an untrusted socket's fields change nothing");
    }
    if (!expected.all_read) check_left(asked, strangers, found);
}
