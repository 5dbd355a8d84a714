// SPDX-License-Identifier: BSL-1.0
#include "session.hpp"

#include "long_work.hpp"
#include "session_set.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/write.hpp>

#include <string_view>
#include <utility>

namespace demo {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using std::chrono::seconds;

/// How long a peer may take.
constexpr seconds between_requests{60};
constexpr seconds to_send_a_head{10};
constexpr seconds to_send_a_body{30};
constexpr seconds to_take_an_answer{20};
constexpr seconds to_see_the_end{3};

constexpr std::size_t max_fields = 16 * 1024;
constexpr std::size_t max_body = 1024 * 1024;
constexpr std::size_t max_buffered = 64 * 1024;

bool is_about_http(beast::error_code const& problem) {
    return problem.category() == make_error_code(http::error::bad_method).category();
}

/// How long the fields of a head were on the wire. Beast's own limit counts from what it has parsed already, so
/// that it bounds the memory, and not exactly this.
std::size_t size_of_fields(request_head const& head, std::size_t size_of_head) {
    constexpr std::size_t around = std::string_view("  HTTP/1.1\r\n\r\n").size();
    return size_of_head - head.method_string().size() - head.target().size() - around;
}

/// A transfer coding that does not end in `chunked` leaves open where the body ends (RFC 9112 §6.1), and HTTP/1.0
/// has none.
bool has_unclear_end(request_head const& head, bool chunked) {
    return head.count(http::field::transfer_encoding) != 0 && (!chunked || head.version() < 11);
}

bool expects_continue(request_head const& head) {
    return head.version() >= 11 && beast::iequals(head[http::field::expect], "100-continue");
}

http::status status_for(beast::error_code const& problem, bool in_fields) {
    if (problem == http::error::body_limit) return http::status::payload_too_large;
    if (problem == http::error::header_limit || problem == http::error::buffer_overflow) {
        return in_fields ? http::status::request_header_fields_too_large : http::status::uri_too_long;
    }
    return http::status::bad_request;
}

}  // namespace

session::session(net::ip::tcp::socket socket, service& answers, net::thread_pool& hashers, session_set& all)
    : stream_(std::move(socket)), service_(answers), hashers_(hashers), all_(all), buffer_(max_buffered) {
    error_code ignored;
    auto& tcp = stream_.socket();
    tcp.set_option(net::ip::tcp::no_delay(true), ignored);
    peer_ = sp::beast::peer_of(tcp.remote_endpoint(ignored));
}

session::~session() { all_.remove(*this); }

void session::start() {
    net::post(stream_.get_executor(), [self = shared_from_this()] {
        if (self->all_.add(*self)) self->stopping_ = true;
        self->await_request();
    });
}

void session::stop() {
    net::post(stream_.get_executor(), [self = shared_from_this()] { self->on_stop(); });
}

void session::on_stop() {
    stopping_ = true;
    error_code ignored;
    if (idle_ && stream_.socket().available(ignored) == 0) stream_.cancel();
}

void session::await_request() {
    if (buffer_.size() != 0) return read_head();
    error_code ignored;
    if (stopping_ && stream_.socket().available(ignored) == 0) return;
    idle_ = true;
    within(between_requests);
    stream_.async_read_some(buffer_.prepare(4096), beast::bind_front_handler(&session::on_bytes, shared_from_this()));
}

void session::on_bytes(error_code problem, std::size_t size) {
    idle_ = false;
    if (problem) return;
    buffer_.commit(size);
    read_head();
}

void session::read_head() {
    parser_.emplace();
    parser_->header_limit(max_fields + 2);
    parser_->body_limit(max_body);
    within(to_send_a_head);
    http::async_read_header(stream_, buffer_, *parser_,
                            beast::bind_front_handler(&session::on_head, shared_from_this()));
}

void session::on_head(error_code problem, std::size_t size) {
    if (problem && !is_about_http(problem)) return;
    head_ = std::move(parser_->get().base());
    route_ = find_route(sp::beast::target_of(head_));
    if (problem) return refuse_for(problem);
    if (size_of_fields(head_, size) > max_fields) return refuse(http::status::request_header_fields_too_large);
    if (has_unclear_end(head_, parser_->chunked())) return refuse(http::status::bad_request);
    if (parser_->is_done()) return respond();
    await_body();
}

void session::await_body() {
    if (!expects_continue(head_) || buffer_.size() != 0) return read_body();
    if (!service::asks_the_gate(head_, route_)) return send(*service_.respond_at_once(head_, route_, peer_), false);
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    within(to_take_an_answer);
    net::async_write(stream_, net::buffer(go_on.data(), go_on.size()),
                     [self = shared_from_this()](error_code problem, std::size_t) {
                         if (!problem) self->read_body();
                     });
}

void session::read_body() {
    within(to_send_a_body);
    http::async_read(stream_, buffer_, *parser_, beast::bind_front_handler(&session::on_body, shared_from_this()));
}

void session::on_body(error_code problem, std::size_t) {
    if (problem && !is_about_http(problem)) return;
    if (problem) return refuse_for(problem);
    respond();
}

void session::respond() {
    bool const keep = parser_->keep_alive();
    if (auto made = service_.respond_at_once(head_, route_, peer_)) return send(*std::move(made), keep);
    auto work = net::make_work_guard(stream_.get_executor());
    net::post(hashers_, [self = shared_from_this(), keep, work = std::move(work)] {
        give_way();
        auto made = self->service_.respond(self->head_, *self->route_, self->peer_);
        net::post(work.get_executor(),
                  [self, keep, made = std::move(made)]() mutable { self->send(std::move(made), keep); });
    });
}

void session::refuse_for(error_code problem) {
    if (problem == http::error::end_of_stream) return;
    refuse(status_for(problem, !head_.target().empty()));
}

/// Where the rest of the request has not been read, it can't be told from a next one: the connection ends.
void session::refuse(http::status status) { send(service::refuse(status, route_), false); }

void session::send(answer made, bool keep) {
    answer_ = std::move(made);
    keep_ = keep && !(stopping_ && buffer_.size() == 0);
    answer_.version(head_.version());
    answer_.keep_alive(keep_);
    if (answer_.result() != http::status::no_content) answer_.prepare_payload();
    if (head_.method() == http::verb::head) answer_.body().clear();
    within(to_take_an_answer);
    http::async_write(stream_, answer_, beast::bind_front_handler(&session::on_sent, shared_from_this()));
}

void session::on_sent(error_code problem, std::size_t) {
    if (problem) return;
    if (keep_) return await_request();
    // A close while the peer still sends would take the answer away from it (RFC 9112 §9.6).
    stream_.socket().shutdown(net::ip::tcp::socket::shutdown_send, problem);
    within(to_see_the_end);
    drain({}, 0);
}

void session::drain(error_code problem, std::size_t) {
    if (problem) return;
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(max_buffered),
                            beast::bind_front_handler(&session::drain, shared_from_this()));
}

}  // namespace demo
