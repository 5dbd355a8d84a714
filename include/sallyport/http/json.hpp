// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sallyport::http {

/// The length of the well-formed UTF-8 sequence at the start of the text; 0 if there is none (RFC 3629 §4).
constexpr std::size_t utf8_length(std::string_view text) noexcept {
    if (text.empty()) return 0;
    auto const byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    auto const lead = byte(0);
    if (lead < 0x80) return 1;
    std::size_t const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
    auto const second = byte(1);
    std::uint8_t const lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    std::uint8_t const highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (second < lowest || second > highest) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    return length;
}

/// Appends the text as it stands within a JSON string (RFC 8259 §7), to a `std::string` or a `text_writer`. The result is
/// valid whatever the bytes: what is no UTF-8 becomes U+FFFD. A byte takes six at most.
template <class Out>
constexpr void append_json_text(Out& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    while (!text.empty()) {
        auto const length = utf8_length(text);
        auto const c = text.front();
        if (length == 0) {
            out.append("\xef\xbf\xbd");
        } else if (length > 1) {
            out.append(text.substr(0, length));
        } else if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f) {
            auto const value = static_cast<std::uint8_t>(c);
            out.append("\\u00");
            out.push_back(digits[value >> 4]);
            out.push_back(digits[value & 0xf]);
        } else {
            out.push_back(c);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
}

/// Appends the text as a JSON string, quotes included.
template <class Out>
constexpr void append_json_string(Out& out, std::string_view text) {
    out.push_back('"');
    append_json_text(out, text);
    out.push_back('"');
}

}  // namespace sallyport::http
