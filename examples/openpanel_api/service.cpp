// SPDX-License-Identifier: BSL-1.0
#include "service.hpp"

#include "cors.hpp"

#include <sallyport/http/json.hpp>

#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace demo {
namespace {

namespace http = boost::beast::http;
using sp::http::append_json_string;

constexpr std::string_view json_type = sp::http::error_json::content_type;

boost::beast::string_view view(std::string_view text) { return {text.data(), text.size()}; }

/// An answer with the fields that every answer to this route has.
answer answer_on(std::optional<route> const& to, http::status status) {
    answer made{status, 11};
    made.set(http::field::cache_control, "no-store");
    if (to && to->open_to_browsers()) let_browsers_read(made);
    return made;
}

answer answer_with(route const& to, std::string body, std::string_view type = json_type) {
    auto made = answer_on(to, http::status::ok);
    made.set(http::field::content_type, view(type));
    made.body() = std::move(body);
    return made;
}

answer respond_to_options(route const& to) {
    auto made = answer_on(to, http::status::no_content);
    made.set(http::field::allow, view(to.allowed_methods()));
    if (to.open_to_browsers()) let_browsers_call(made);
    return made;
}

std::string_view message_of(http::status status) {
    switch (status) {
        case http::status::bad_request: return "The request is not valid HTTP";
        case http::status::not_found: return "There is nothing at this path";
        case http::status::method_not_allowed: return "This path has no such method";
        case http::status::payload_too_large: return "A body has at most 1 MiB";
        case http::status::uri_too_long: return "A request line has at most 16 KiB";
        case http::status::request_header_fields_too_large: return "The fields have at most 16 KiB in all";
        default: return "The request can't be answered";
    }
}

/// An answer of this server's own, for which the gate is not asked.
answer refusal(http::status status, std::optional<route> const& to, std::string_view message) {
    auto made = answer_on(to, status);
    made.set(http::field::content_type, view(json_type));
    if (status == http::status::method_not_allowed) made.set(http::field::allow, view(to->allowed_methods()));
    fmt::format_to(std::back_inserter(made.body()), R"({{"error":"{}","message":)",
                   sp::beast::view_of(http::obsolete_reason(status)));
    append_json_string(made.body(), message);
    made.body() += '}';
    return made;
}

void append_or_null(std::string& out, std::string_view text) {
    if (text.empty()) {
        out += "null";
    } else {
        append_json_string(out, text);
    }
}

std::string describe(op::api api, sp::principal<op::level> const& who, std::optional<std::string> const& project) {
    auto body = fmt::format(R"({{"client":"{}","type":"{}","api":"{}","project":)", who.id,
                            sp::enumerator_name(who.level), sp::enumerator_name(api));
    append_or_null(body, project ? std::string_view(*project) : who.project.view());
    body += R"(,"organization":)";
    append_json_string(body, who.organization);
    body += '}';
    return body;
}

}  // namespace

std::optional<answer> service::respond_at_once(request_head const& asked, std::optional<route> const& to,
                                               sp::peer_address const& peer) {
    if (!to) return refuse(http::status::not_found, to);
    if (asked.method() == http::verb::options) return respond_to_options(*to);
    if (!to->serves(sp::beast::method_of(asked))) return refuse(http::status::method_not_allowed, to);
    if (to->counts) return answer_with(*to, metrics_.text(), "text/plain; version=0.0.4; charset=utf-8");
    if (!to->api) return answer_with(*to, R"({"status":"ok"})");
    // Before the gate is asked: such an answer depends on nobody's credentials, and nothing is counted.
    if (!to->cost) return refusal(http::status::bad_request, to, "pages has to be one number from 1 to 10000");
    auto const question = this->question(asked, *to, peer);
    auto const decided = gate_.try_authorize(question);
    return decided ? std::optional(answer_to(question, *to, *decided)) : std::nullopt;
}

answer service::respond(request_head const& asked, route const& to, sp::peer_address const& peer) {
    auto const question = this->question(asked, to, peer);
    return answer_to(question, to, gate_.authorize(question));
}

gate::request service::question(request_head const& asked, route const& to, sp::peer_address const& peer) const {
    auto const caller = proxies_.resolve(asked, peer, false);  // this server itself speaks without encryption
    return {.headers = asked,
            .api = *to.api,
            .project = to.project,
            .peer = caller.peer,
            .https = caller.https,
            .cost = *to.cost};
}

answer service::answer_to(gate::request const& asked, route const& to, gate::decision const& decided) const {
    std::string body;
    if (decided && to.api == op::api::track) {
        auto const& client = decided.principal().id;
        body = fmt::format(R"({{"deviceId":"{}","sessionId":"{}"}})", identity_.device(client, asked.peer),
                           identity_.session(client, asked.peer));
    } else if (decided) {
        body = describe(*to.api, decided.principal(), to.project);
    }
    auto made = answer_with(to, std::move(body));
    sp::beast::write(responder_, decided, made);
    return made;
}

answer service::refuse(http::status status, std::optional<route> const& to) {
    return refusal(status, to, message_of(status));
}

}  // namespace demo
