// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sallyport::http {

/// Writes text into memory that it is given, as far as that reaches, and counts what the whole text takes: so who gave
/// too little learns how much is needed. Neither allocates nor throws; with no memory at all it only counts.
class text_writer {
public:
    constexpr explicit text_writer(std::span<char> room = {}) noexcept : room_(room) {}

    constexpr void append(std::string_view text) noexcept {
        auto const left = room_.size() - written();
        std::copy_n(text.data(), std::min(text.size(), left), room_.data() + written());
        size_ += text.size();
    }
    constexpr void push_back(char c) noexcept { append({&c, 1}); }

    constexpr void append_number(std::int64_t value) noexcept {
        if (value < 0) push_back('-');
        auto left = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
        std::array<char, 20> digits{};
        auto first = digits.size();
        do digits[--first] = static_cast<char>('0' + left % 10);
        while ((left /= 10) != 0);
        append({digits.data() + first, digits.size() - first});
    }

    constexpr std::size_t size() const noexcept { return size_; }  ///< bytes of the whole text, written or not
    constexpr std::size_t written() const noexcept { return std::min(size_, room_.size()); }

private:
    std::span<char> room_;
    std::size_t size_ = 0;
};

/// Appends what `write(text_writer&)` writes, in one allocation at most.
template <class Write>
void append_text(std::string& out, Write const& write) {
    text_writer counted;
    write(counted);
    auto const before = out.size();
    out.resize(before + counted.size());
    text_writer whole{std::span(out).subspan(before)};
    write(whole);
}

/// Calls `use(text)` with what `write(text_writer&)` writes: from the stack, unless it is longer than is usual.
template <std::size_t Usual, class Write, class Use>
void with_text(Write const& write, Use&& use) {
    std::array<char, Usual> room;
    text_writer out(room);
    write(out);
    if (out.size() <= Usual) return use(std::string_view(room.data(), out.size()));
    std::string longer;
    append_text(longer, write);
    use(std::string_view(longer));
}

}  // namespace sallyport::http
