#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

/// A strict reader of the part of RFC 9651 that the RateLimit fields are written in: a List of Strings with Integers
/// as parameters (§4.2.1, §4.2.3.2, §4.2.5, §4.2.4).
class structured_list {
public:
    struct member {
        std::string text;
        std::map<std::string, std::int64_t> parameters;
    };

    /// The members; none if the text is no such list.
    static std::optional<std::vector<member>> parse(std::string_view text) {
        structured_list reader(text);
        std::vector<member> members;
        while (true) {
            auto const next = reader.read_member();
            if (!next) return std::nullopt;
            members.push_back(*next);
            if (reader.rest_.empty()) return members;
            reader.skip_white_space();
            if (!reader.take(',')) return std::nullopt;
            reader.skip_white_space();
        }
    }

private:
    explicit structured_list(std::string_view text) : rest_(text) {}

    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    void skip_white_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

    std::optional<member> read_member() {
        auto const text = read_string();
        if (!text) return std::nullopt;
        member read{*text, {}};
        while (take(';')) {
            rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
            auto const key = read_key();
            if (!key || !take('=')) return std::nullopt;
            auto const value = read_integer();
            if (!value || !read.parameters.emplace(*key, *value).second) return std::nullopt;
        }
        return read;
    }

    std::optional<std::string> read_string() {
        if (!take('"')) return std::nullopt;
        std::string text;
        while (!rest_.empty()) {
            if (take('"')) return text;
            bool const escaped = take('\\');
            if (rest_.empty() || rest_.front() < 0x20 || rest_.front() > 0x7e) return std::nullopt;
            if (escaped && rest_.front() != '"' && rest_.front() != '\\') return std::nullopt;
            text += rest_.front();
            rest_.remove_prefix(1);
        }
        return std::nullopt;
    }

    std::optional<std::string> read_key() {
        static constexpr std::string_view first = "abcdefghijklmnopqrstuvwxyz*";
        static constexpr std::string_view others = "abcdefghijklmnopqrstuvwxyz*0123456789_-.";
        if (rest_.empty() || first.find(rest_.front()) == first.npos) return std::nullopt;
        auto const size = std::min(rest_.find_first_not_of(others), rest_.size());
        std::string key(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return key;
    }

    /// At most 15 digits, and a minus before them if there is one.
    std::optional<std::int64_t> read_integer() {
        std::int64_t value = 0;
        auto const [end, failed] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        auto const size = static_cast<std::size_t>(end - rest_.data());
        if (failed != std::errc() || size > (value < 0 ? 16 : 15)) return std::nullopt;
        rest_.remove_prefix(size);
        if (rest_.starts_with('.')) return std::nullopt;
        return value;
    }

    std::string_view rest_;
};
