// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "ordinary.hpp"

#include <sallyport/openpanel.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

/// The same clients for both sides, and what they send. Random, and the same in every run.
namespace bench {

namespace sp = sallyport;
namespace op = sallyport::openpanel;

inline constexpr std::uint32_t usual_limit = 100;

/// A limit that nobody reaches, and of which each client has used about a tenth, at ten million requests a second.
inline std::chrono::milliseconds usual_window(std::size_t clients) {
    return std::chrono::milliseconds(std::max<std::size_t>(1, clients / 1000));
}

/// What one client sends. Small, and in the order in which requests come: as the host's own buffer would be.
struct credentials {
    std::array<char, 36> id{};
    std::array<char, 24> secret{};

    std::string_view id_text() const { return {id.data(), id.size()}; }
    std::string_view secret_text() const { return {secret.data(), secret.size()}; }
};

inline std::mt19937_64& random() {
    static std::mt19937_64 source(20240607);
    return source;
}

inline sp::uuid random_id() {
    sp::uuid::bytes_type bytes{};
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random()());
    bytes[6] = static_cast<std::uint8_t>(0x40U | (bytes[6] & 0x0fU));
    bytes[8] = static_cast<std::uint8_t>(0x80U | (bytes[8] & 0x3fU));
    return sp::uuid(bytes);
}

inline credentials random_credentials() {
    credentials made{.id = random_id().text(), .secret = {'s', 'e', 'c', '_'}};
    for (std::size_t i = 4; i < made.secret.size(); ++i) made.secret[i] = "0123456789abcdef"[random()() % 16];
    return made;
}

inline std::vector<credentials> random_clients(std::size_t count) {
    std::vector<credentials> made(count);
    for (auto& each : made) each = random_credentials();
    return made;
}

/// A power of two of requests, each of a client drawn at random.
inline std::vector<credentials> requests_of(std::vector<credentials> const& clients) {
    std::size_t count = std::size_t{1} << 16;
    while (count < clients.size()) count *= 2;
    std::vector<credentials> made(count);
    for (auto& each : made) each = clients[random()() % clients.size()];
    return made;
}

inline std::vector<op::client> records_of(std::vector<credentials> const& clients) {
    std::vector<op::client> made(clients.size());
    for (std::size_t i = 0; i < clients.size(); ++i) {
        made[i].id = sp::parse_uuid_v4(clients[i].id_text()).value();
        made[i].level = op::level::read;
        made[i].organization = "acme";
        made[i].project = "shop";
        made[i].secrets = {{sp::sha256_scheme::store(clients[i].secret_text())}};
    }
    return made;
}

inline op::clients store_of(std::vector<credentials> const& clients) {
    return op::clients(records_of(clients), {{.id = "shop", .organization = "acme"}});
}

inline void add_all(ordinary::clients& to, std::vector<credentials> const& clients) {
    for (auto const& each : clients) {
        to.add({.id = std::string(each.id_text()),
                .level = ordinary::level::read,
                .organization = "acme",
                .project = "shop",
                .secret_sha256 = ordinary::sha256_hex(each.secret_text())});
    }
}

inline auto rules_of(std::uint32_t limit, std::chrono::milliseconds window) {
    auto rules = op::rules();
    rules.limits.set(op::api::insights, sp::quota::make(limit, window).value());
    return rules;
}

/// The lines of a request, of which two are the credentials: ten as a program would send them.
class request_lines {
public:
    explicit request_lines(std::size_t count = 10) {
        static constexpr std::array<ordinary::header, 8> others{{{"Host", "api.example.com"},
                                                                 {"User-Agent", "acme-reports/2.31 (linux; x86_64)"},
                                                                 {"Accept", "application/json"},
                                                                 {"Accept-Encoding", "gzip, deflate, br"},
                                                                 {"Accept-Language", "en-GB,en;q=0.8"},
                                                                 {"Connection", "keep-alive"},
                                                                 {"Cache-Control", "no-cache"},
                                                                 {"X-Request-Id", "b7c1f0de5a524d0c"}}};
        for (std::size_t i = 0; i + 2 < count; ++i) lines_.push_back(others[i % others.size()]);
        id_ = count / 2;
        secret_ = count - 1;
        lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(id_), {"OpenPanel-Client-Id", ""});
        lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(secret_), {"OpenPanel-Client-Secret", ""});
    }

    std::vector<ordinary::header> const& of(credentials const& from) {
        lines_[id_].second = from.id_text();
        lines_[secret_].second = from.secret_text();
        return lines_;
    }

private:
    std::vector<ordinary::header> lines_;
    std::size_t id_ = 0;
    std::size_t secret_ = 0;
};

}  // namespace bench
