// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/credential/stored_text.hpp>
#include <sallyport/crypto/base64.hpp>
#include <sallyport/model/stored_secret.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sallyport {

/// Reads the parts of a PHC string, `$id$name=value,…$SALT$KEY`, one after the other, in the one order and
/// spelling that its scheme writes. Once a part is not as expected, `ok` is false for good.
class phc_reader {
public:
    constexpr explicit phc_reader(std::string_view text) noexcept : rest_(text) {}

    constexpr bool ok() const noexcept { return ok_; }
    constexpr bool done() const noexcept { return ok_ && rest_.empty(); }

    /// Takes a piece of text that has to come next.
    constexpr void expect(std::string_view piece) noexcept {
        ok_ = ok_ && rest_.starts_with(piece);
        if (ok_) rest_.remove_prefix(piece.size());
    }

    /// Takes a decimal number of at most nine digits without leading zeros; 0 if there is none.
    constexpr std::uint32_t number() noexcept {
        std::uint32_t value = 0;
        std::size_t digits = 0;
        while (digits < rest_.size() && digits < 9 && rest_[digits] >= '0' && rest_[digits] <= '9') {
            value = value * 10 + static_cast<std::uint32_t>(rest_[digits++] - '0');
        }
        ok_ = ok_ && digits > 0 && (digits == 1 || rest_.front() != '0');
        if (!ok_) return 0;
        rest_.remove_prefix(digits);
        return value;
    }

    /// Takes `name=` and a number behind it.
    constexpr std::uint32_t number(std::string_view name) noexcept {
        expect(name);
        expect("=");
        return number();
    }

    /// Takes `$` and bytes in base64 up to the next `$` or the end, at least `least` of them.
    template <std::size_t Capacity>
    constexpr void bytes(bounded_list<std::uint8_t, Capacity>& into, std::size_t least) noexcept {
        expect("$");
        auto const text = rest_.substr(0, rest_.find('$'));
        std::array<std::uint8_t, Capacity> decoded{};
        auto const size = crypto::decode_base64(text, decoded);
        ok_ = ok_ && size && *size >= least;
        if (!ok_) return;
        for (auto const byte : std::span(decoded).first(*size)) static_cast<void>(into.push_back(byte));
        rest_.remove_prefix(text.size());
    }

private:
    std::string_view rest_;
    bool ok_ = true;
};

/// The end of a PHC string, `$SALT$KEY`.
inline std::string phc_salt_and_key(hash_form const& form) {
    return '$' + base64_of(form.salt_bytes()) + '$' + base64_of(form.digest_bytes());
}

}  // namespace sallyport
