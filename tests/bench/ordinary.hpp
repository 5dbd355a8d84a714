// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <regex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

/// The ordinary pipeline, by which the library is measured: what a good engineer writes in an afternoon. It stays as it
/// is from now on, so that figures of different days compare: neither tuned nor spoiled.
namespace ordinary {

using clock = std::chrono::steady_clock;
using header = std::pair<std::string_view, std::string_view>;
using id_bytes = std::array<std::uint8_t, 16>;

enum class level { write, read, root };
enum class api { track, export_, insights, manage };

/// Whether a text is a version 4 UUID, by an expression that was compiled once.
struct id_by_regex {
    bool operator()(std::string_view text) const {
        static std::regex const pattern("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                                        std::regex::icase | std::regex::optimize);
        return std::regex_match(text.begin(), text.end(), pattern);
    }
};

/// The same by a plain loop with a table, which reads the bytes too.
struct id_by_loop {
    static constexpr auto digits = [] {
        std::array<std::int8_t, 256> made{};
        made.fill(-1);
        for (int i = 0; i < 10; ++i) made[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(i);
        for (int i = 0; i < 6; ++i) {
            made[static_cast<std::size_t>('a' + i)] = static_cast<std::int8_t>(10 + i);
            made[static_cast<std::size_t>('A' + i)] = static_cast<std::int8_t>(10 + i);
        }
        return made;
    }();

    static std::optional<id_bytes> parse(std::string_view text) {
        if (text.size() != 36) return std::nullopt;
        id_bytes bytes{};
        std::size_t at = 0;
        for (auto& byte : bytes) {
            if (at == 8 || at == 13 || at == 18 || at == 23) {
                if (text[at++] != '-') return std::nullopt;
            }
            int const high = digits[static_cast<unsigned char>(text[at])];
            int const low = digits[static_cast<unsigned char>(text[at + 1])];
            if (high < 0 || low < 0) return std::nullopt;
            byte = static_cast<std::uint8_t>(high << 4 | low);
            at += 2;
        }
        if (bytes[6] >> 4 != 4 || bytes[8] >> 6 != 2) return std::nullopt;
        return bytes;
    }

    bool operator()(std::string_view text) const { return parse(text).has_value(); }
};

struct client {
    std::string id;
    ordinary::level level = ordinary::level::read;
    std::string organization;
    std::string project;
    std::string secret_sha256;  // in hex
};

inline std::string sha256_hex(std::string_view text) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data());
    constexpr std::string_view hex = "0123456789abcdef";
    std::string out;
    out.reserve(2 * digest.size());
    for (auto const byte : digest) {
        out += hex[byte >> 4];
        out += hex[byte & 15];
    }
    return out;
}

class clients {
public:
    void add(client added) {
        std::unique_lock const lock(mutex_);
        auto shared = std::make_shared<client const>(std::move(added));
        by_id_[shared->id] = shared;
    }

    std::shared_ptr<client const> find(std::string const& id) const {
        std::shared_lock const lock(mutex_);
        auto const found = by_id_.find(id);
        return found == by_id_.end() ? nullptr : found->second;
    }

private:
    mutable std::shared_mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<client const>> by_id_;
};

struct allowance {
    bool admitted = false;
    std::size_t remaining = 0;
    std::chrono::nanoseconds retry_after{0};
};

/// When a key was used, in the window that ends now.
class log_of_uses {
public:
    allowance take(std::size_t limit, clock::duration window, clock::time_point now) {
        while (!times_.empty() && times_.front() <= now - window) times_.pop_front();
        if (times_.size() >= limit) return {.retry_after = times_.front() + window - now};
        times_.push_back(now);
        return {.admitted = true, .remaining = limit - times_.size()};
    }

private:
    std::deque<clock::time_point> times_;
};

/// One key.
class single_limiter {
public:
    single_limiter(std::size_t limit, clock::duration window) : limit_(limit), window_(window) {}

    allowance take(clock::time_point now) {
        std::lock_guard const lock(mutex_);
        return uses_.take(limit_, window_, now);
    }

private:
    std::mutex mutex_;
    log_of_uses uses_;
    std::size_t limit_;
    clock::duration window_;
};

/// Many.
class limiter {
public:
    limiter(std::size_t limit, clock::duration window) : limit_(limit), window_(window) {}

    allowance take(std::string const& key, clock::time_point now) {
        std::lock_guard const lock(mutex_);
        return uses_[key].take(limit_, window_, now);
    }

private:
    std::mutex mutex_;
    std::unordered_map<std::string, log_of_uses> uses_;
    std::size_t limit_;
    clock::duration window_;
};

struct answer {
    int status = 200;
    std::string body{};
    std::shared_ptr<client const> who{};
    allowance rate{};
};

/// Checks the id, finds the client, checks its secret, its level and its limit.
template <class IsId>
class pipeline {
public:
    pipeline(clients const& known, limiter& limits) : clients_(known), limiter_(limits) {}

    answer authorize(std::span<header const> headers, api asked) {
        auto const id_text = field(headers, "openpanel-client-id");
        auto const secret = field(headers, "openpanel-client-secret");
        if (id_text.empty() || secret.empty() || !is_id_(id_text)) return unauthorized();
        std::string id(id_text);
        std::transform(id.begin(), id.end(), id.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });

        auto who = clients_.find(id);
        if (!who) return unauthorized();
        auto const digest = sha256_hex(secret);
        if (digest.size() != who->secret_sha256.size() ||
            CRYPTO_memcmp(digest.data(), who->secret_sha256.data(), digest.size()) != 0) {
            return unauthorized();
        }
        if (!may_use(who->level, asked)) return unauthorized();

        auto const rate = limiter_.take(id + ':' + std::to_string(static_cast<int>(asked)), clock::now());
        if (!rate.admitted) return too_many(rate);
        return {.who = std::move(who), .rate = rate};
    }

private:
    static std::string_view field(std::span<header const> headers, std::string_view name) {
        for (auto const& [key, value] : headers) {
            if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) return value;
        }
        return {};
    }

    static bool may_use(level of, api asked) {
        switch (of) {
            case level::write: return asked == api::track;
            case level::read: return asked == api::export_ || asked == api::insights;
            case level::root: return true;
        }
        return false;
    }

    static answer unauthorized() {
        return {.status = 401, .body = R"({"error":"Unauthorized","message":"Invalid client credentials"})"};
    }

    static answer too_many(allowance const& rate) {
        return {.status = 429,
                .body = R"({"status":429,"error":"Too Many Requests","message":"Try again in )" +
                        std::to_string(std::chrono::ceil<std::chrono::seconds>(rate.retry_after).count()) +
                        R"( seconds"})",
                .rate = rate};
    }

    IsId is_id_;
    clients const& clients_;
    limiter& limiter_;
};

}  // namespace ordinary
