// SPDX-License-Identifier: BSL-1.0
#include "property.hpp"

#include <sallyport/decision.hpp>
#include <sallyport/http/response.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sp = sallyport;

namespace {

using nlohmann::json;

/// RFC 3629 §3, from a code point to its bytes.
std::string encoded(std::uint32_t point) {
    auto const tail = [point](unsigned shift) { return static_cast<char>(0x80 | (point >> shift & 0x3f)); };
    if (point < 0x80) return {static_cast<char>(point)};
    if (point < 0x800) return {static_cast<char>(0xc0 | point >> 6), tail(0)};
    if (point < 0x10000) return {static_cast<char>(0xe0 | point >> 12), tail(6), tail(0)};
    return {static_cast<char>(0xf0 | point >> 18), tail(12), tail(6), tail(0)};
}

/// Whether the bytes are what some code point is encoded as.
bool is_character(std::string_view bytes) {
    constexpr std::array<unsigned, 5> lead_bits{0, 0x7f, 0x1f, 0x0f, 0x07};
    std::uint32_t point = static_cast<std::uint8_t>(bytes[0]) & lead_bits[bytes.size()];
    for (auto const c : bytes.substr(1)) point = point << 6 | (static_cast<std::uint8_t>(c) & 0x3f);
    bool const surrogate = point >= 0xd800 && point <= 0xdfff;
    return point <= 0x10ffff && !surrogate && encoded(point) == bytes;
}

/// The text with U+FFFD in the place of each byte that belongs to no character.
std::string readable(std::string_view text) {
    std::string made;
    while (!text.empty()) {
        std::size_t size = 1;
        while (size <= 4 && size <= text.size() && !is_character(text.substr(0, size))) ++size;
        bool const found = size <= 4 && size <= text.size();
        made += found ? text.substr(0, size) : "\xef\xbf\xbd";
        text.remove_prefix(found ? size : 1);
    }
    return made;
}

/// What the caller reads, whom the two texts are shown to at most once it has proven who it is.
std::string expected_message(sp::denial const& why) {
    using enum sp::denial_reason;
    switch (why.reason) {
        case access_not_allowed: return "This client may not use the " + readable(why.api) + " API";
        case out_of_scope:
            if (why.project.empty()) return "The project is not within this client's scope";
            return "The project \"" + readable(why.project.view()) + "\" is not within this client's scope";
        case rate_limited:
        case too_many_at_once:
        case too_many_failures: return "You have exceeded the rate limit for this endpoint.";
        case overloaded:
        case store_failed:
        case verifier_failed:
        case limiter_failed: return "The service can't decide about this request now. Try again later.";
        default: return "Invalid client credentials";
    }
}

std::uint16_t status_of(sp::denial_reason reason, bool forbids) {
    switch (sp::kind_of(reason)) {
        case sp::denial_kind::over_limit: return 429;
        case sp::denial_kind::unavailable: return 503;
        case sp::denial_kind::not_allowed: return forbids ? 403 : 401;
        case sp::denial_kind::unproven: break;
    }
    return 401;
}

std::string phrase_of(unsigned status) {
    return status == 401   ? "Unauthorized"
           : status == 403 ? "Forbidden"
           : status == 429 ? "Too Many Requests"
                           : "Service Unavailable";
}

template <class Body>
json written(sp::denial const& why, bool explain) {
    std::string text;
    sp::http::responder<Body>{.explain = explain}.append_body(text, why);
    auto body = json::parse(text, nullptr, false);
    require(!body.is_discarded(), "a body is JSON, whatever the names in it");
    return body;
}

void check_body(sp::denial const& why, bool explain) {
    bool const explained = explain && why.status < 429;
    json error{{"error", phrase_of(why.status)}, {"message", expected_message(why)}};
    json problem{{"title", phrase_of(why.status)}, {"status", why.status}, {"detail", expected_message(why)}};
    problem["type"] = why.reason == sp::denial_reason::rate_limited
                          ? "https://iana.org/assignments/http-problem-types#quota-exceeded"
                          : "about:blank";
    if (why.status >= 429) error["status"] = why.status;
    if (explained) error["reason"] = problem["reason"] = std::string(sp::reason_name(why.reason));
    require(written<sp::http::error_json>(why, explain) == error, "an error says what happened and no more");
    require(written<sp::http::problem_json>(why, explain) == problem, "problem details say what happened and no more");
}

}  // namespace

/// A letter for the reason, from `a`, one for what the host wants, the API's name, a bar, and the project's name.
void check(std::string_view input) {
    if (input.size() < 2) return;
    auto const reason = static_cast<std::uint8_t>(input[0] - 'a') % sp::enumerator_count<sp::denial_reason>;
    auto const wants = static_cast<std::uint8_t>(input[1]);
    input.remove_prefix(2);
    sp::denial why{.reason = sp::denial_reason(reason)};
    why.status = status_of(why.reason, wants % 2 == 1);
    why.api = take_part(input, '|');
    why.project = sp::name::if_fits(input);
    check_body(why, wants / 2 % 2 == 1);
}
