// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/result.hpp>

#include <algorithm>
#include <array>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport {

/// The name of an organisation or a project: at most 63 bytes, held in place, so that what a decision
/// keeps of a record costs no allocation and outlives the store. An empty name stands for none.
class name {
public:
    static constexpr std::size_t max_size = 63;

    constexpr name() noexcept = default;

    /// Raises `setup_error` if the text is longer than `max_size`; `make` is the twin that returns it.
    constexpr name(std::string_view text) {
        if (text.size() > max_size) raise(too_long(text));
        assign(text);
    }
    constexpr name(char const* text) : name(std::string_view(text)) {}
    name(std::string const& text) : name(std::string_view(text)) {}

    static result<name> make(std::string_view text) {
        if (text.size() > max_size) return too_long(text);
        return name(text);
    }

    /// The text, if it fits; else no name. For text from a request, which is no reason to throw.
    static constexpr name if_fits(std::string_view text) noexcept {
        name made;
        if (text.size() <= max_size) made.assign(text);
        return made;
    }

    constexpr std::string_view view() const noexcept { return {text_.data(), size_}; }
    constexpr operator std::string_view() const noexcept { return view(); }
    constexpr bool empty() const noexcept { return size_ == 0; }

    /// Compares with names and with text, however long that is.
    friend constexpr bool operator==(name const& a, std::convertible_to<std::string_view> auto const& b) noexcept {
        return a.view() == std::string_view(b);
    }
    friend constexpr auto operator<=>(name const& a, std::convertible_to<std::string_view> auto const& b) noexcept {
        return a.view() <=> std::string_view(b);
    }

private:
    static error too_long(std::string_view text) {
        return {"the name \"" + std::string(text.substr(0, 24)) + "…\" has " + std::to_string(text.size()) +
                " bytes; at most 63 are accepted"};
    }
    constexpr void assign(std::string_view text) noexcept {
        std::copy(text.begin(), text.end(), text_.begin());
        size_ = static_cast<std::uint8_t>(text.size());
    }

    std::array<char, max_size> text_{};
    std::uint8_t size_ = 0;
};

}  // namespace sallyport
