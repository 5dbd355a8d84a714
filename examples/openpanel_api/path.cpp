// SPDX-License-Identifier: BSL-1.0
#include "path.hpp"

#include <sallyport/crypto/hex.hpp>

#include <array>
#include <cstdint>

namespace demo {
namespace {

/// The text with its percent escapes replaced, once; none if one of them is broken.
std::optional<std::string> decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        std::array<std::uint8_t, 1> byte{};
        if (!sallyport::crypto::decode_hex(text.substr(i + 1, 2), byte)) return std::nullopt;
        out += static_cast<char>(byte[0]);
        i += 2;
    }
    return out;
}

std::optional<std::string> decoded_parameter(std::string_view text) {
    std::string blanks(text);
    for (auto& c : blanks) {
        if (c == '+') c = ' ';
    }
    return decoded(blanks);
}

bool is_plain(std::string_view segment) {
    constexpr std::string_view slash_or_nul("/\0", 2);
    return !segment.empty() && segment != "." && segment != ".." && segment.find_first_of(slash_or_nul) == segment.npos;
}

/// Takes the text up to the separator off its front.
std::string_view take(std::string_view& rest, char separator) {
    auto const end = rest.find(separator);
    auto const taken = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    return taken;
}

}  // namespace

std::optional<std::vector<std::string>> segments_of(std::string_view path) {
    if (!path.starts_with('/') || path.ends_with('/')) return std::nullopt;
    path.remove_prefix(1);
    std::vector<std::string> segments;
    while (!path.empty()) {
        auto segment = decoded(take(path, '/'));
        if (!segment || !is_plain(*segment)) return std::nullopt;
        segments.push_back(*std::move(segment));
    }
    return segments;
}

std::optional<std::string> parameter_of(std::string_view query, std::string_view name) {
    std::optional<std::string> found;
    while (!query.empty()) {
        auto value = take(query, '&');
        if (decoded_parameter(take(value, '=')) != name) continue;
        auto const given = decoded_parameter(value).value_or("");
        if (found && *found != given) return "";
        found = given;
    }
    return found;
}

}  // namespace demo
