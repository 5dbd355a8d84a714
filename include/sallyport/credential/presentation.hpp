// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/ascii.hpp>
#include <sallyport/headers.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>

namespace sallyport {

/// What a request says in one named field: its trimmed value, empty if it is absent or blank.
struct field_value {
    std::string_view text = "";  // g++ 12 loses a null view that it copies at compile time
    bool ambiguous = false;      ///< two lines of the name have different values, or may have had

    /// Takes the value of one line.
    constexpr void add(std::string_view value) noexcept {
        auto const trimmed = ascii::trim(value);
        if (trimmed.empty()) return;
        if (text.empty()) {
            text = trimmed;
        } else {
            ambiguous = ambiguous || text != trimmed;
        }
    }
};

/// Reads several named fields in one pass over the lines, by the lengths of their names first. Names match without
/// regard to case, white space around a value is no part of it, an empty line counts as absent, and equal lines are one.
template <std::size_t N>
constexpr std::array<field_value, N> read_fields(header_view headers, std::array<std::string_view, N> const& names) {
    std::array<field_value, N> found{};
    name_lengths lengths;
    for (auto const name : names) lengths.add(name.size());
    headers.for_each_of(lengths, [&](std::string_view name, std::string_view value) {
        for (std::size_t i = 0; i < N; ++i) {
            if (ascii::equals_ignoring_case(name, names[i])) found[i].add(value);
        }
    });
    if (headers.joins_lines()) {
        for (auto& field : found) field.ambiguous = field.ambiguous || field.text.find(',') != field.text.npos;
    }
    return found;
}

/// What a request presents to prove itself, before anything of it is believed. Views of the host's buffers.
struct presented_credentials {
    std::string_view id{};      ///< empty if absent
    std::string_view secret{};  ///< empty if absent
    std::string_view origin{};  ///< the one `Origin`; empty if absent or if several differ
    bool ambiguous = false;     ///< the id or the secret was given twice with different values
    bool has_origin = false;    ///< an `Origin` that is not empty was sent, usable or not
};

/// The way in which credentials travel. A gate reads one way and ignores the others. `read` neither throws
/// nor keeps anything, and may be called from several threads at once.
template <class T>
concept credential_presentation = requires(T const& way, header_view headers) {
    { way.read(headers) }
    noexcept->std::same_as<presented_credentials>;
};

/// Two named fields: one holds the client's id, the other its secret.
struct two_fields {
    std::string_view id = "client-id";
    std::string_view secret = "client-secret";

    constexpr presented_credentials read(header_view headers) const noexcept {
        auto const [id_field, secret_field, origin] =
            read_fields<3>(headers, {this->id, this->secret, std::string_view("origin")});
        return {.id = id_field.text,
                .secret = secret_field.text,
                .origin = origin.ambiguous ? std::string_view() : origin.text,
                .ambiguous = id_field.ambiguous || secret_field.ambiguous,
                .has_origin = !origin.text.empty()};
    }
};

/// `Authorization: Bearer ID.SECRET` (RFC 6750 §2.1). Another scheme presents nothing.
struct bearer {
    constexpr presented_credentials read(header_view headers) const noexcept {
        auto const [authorization, origin] =
            read_fields<2>(headers, {std::string_view("authorization"), std::string_view("origin")});
        presented_credentials presented{.id = {},
                                        .secret = {},
                                        .origin = origin.ambiguous ? std::string_view() : origin.text,
                                        .ambiguous = authorization.ambiguous,
                                        .has_origin = !origin.text.empty()};
        constexpr std::string_view scheme = "bearer ";
        if (!ascii::equals_ignoring_case(authorization.text.substr(0, scheme.size()), scheme)) return presented;
        auto const token = ascii::trim(authorization.text.substr(scheme.size()));
        auto const dot = token.find('.');
        presented.id = token.substr(0, dot);
        if (dot != token.npos) presented.secret = token.substr(dot + 1);
        return presented;
    }
};

}  // namespace sallyport
