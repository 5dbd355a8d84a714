// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace sallyport {

/// One line of a request's header section, as the host has it.
struct header_line {
    std::string_view name;
    std::string_view value;
};

/// How the lines of a host's own container are read. Works as it is for every range of pairs of text; a host
/// with another container specialises it:
///   - `for_each(h, visit)` calls `visit(name, value)` once for each line, repeated names included;
///     it does not throw, and what it shows lives as long as the container;
///   - `joins_lines` is true if the host joins repeated lines by commas before the library sees them.
/// Nothing else is left to the host: the library matches names, trims values and finds repetitions itself.
template <class H>
struct header_access;

/// Its pairs are the container's own: what is read of one is looked at after the next.
template <class H>
concept range_of_pairs = requires(H const& lines) {
    { std::begin(lines) } -> std::forward_iterator;
    { std::end(lines) } -> std::sentinel_for<decltype(std::begin(lines))>;
    { (*std::begin(lines)).first } -> std::convertible_to<std::string_view>;
    { (*std::begin(lines)).second } -> std::convertible_to<std::string_view>;
    requires std::is_lvalue_reference_v<decltype(*std::begin(lines))>;
};

template <range_of_pairs H>
struct header_access<H> {
    static constexpr bool joins_lines = false;

    template <class Visit>
    static constexpr void for_each(H const& headers, Visit&& visit) {
        for (auto const& line : headers) visit(std::string_view(line.first), std::string_view(line.second));
    }
};

/// A container of header lines that the library can read.
template <class H>
concept header_source = requires(H const& headers, void (*visit)(std::string_view, std::string_view)) {
    header_access<H>::for_each(headers, visit);
    { header_access<H>::joins_lines } -> std::convertible_to<bool>;
};

/// The lengths of the names that somebody looks for, modulo 64: a name of another length is none of them.
class name_lengths {
public:
    static constexpr name_lengths all() noexcept {
        name_lengths made;
        made.bits_ = ~std::uint64_t{0};
        return made;
    }
    constexpr void add(std::size_t length) noexcept { bits_ |= std::uint64_t{1} << length % 64; }
    constexpr bool may_hold(std::string_view name) const noexcept { return (bits_ >> name.size() % 64 & 1) != 0; }

private:
    std::uint64_t bits_ = 0;
};

/// A light view of the host's own header lines: two pointers. It borrows, and is made without copying.
class header_view {
public:
    constexpr header_view() noexcept = default;  ///< no lines

    template <class H>
    constexpr header_view(H const& headers) noexcept {
        if constexpr (std::is_convertible_v<H const&, std::span<header_line const>>) {
            lines_ = headers;
        } else {
            static_assert(header_source<H>,
                          "these headers can't be read: give a range of (name, value) pairs, or specialise "
                          "sallyport::header_access for their type");
            source_ = std::addressof(headers);
            for_each_ = [](void const* source, name_lengths of, sink into) {
                header_access<H>::for_each(*static_cast<H const*>(source),
                                           [of, into](std::string_view name, std::string_view value) {
                                               if (of.may_hold(name)) into(name, value);
                                           });
            };
            joins_lines_ = header_access<H>::joins_lines;
        }
    }

    /// Calls `visit(name, value)` once for each line, in the host's order.
    template <class Visit>
    constexpr void for_each(Visit&& visit) const {
        for_each_of(name_lengths::all(), visit);
    }

    /// The same, but that a line may be passed over whose name has none of these lengths: it costs a look at the length,
    /// in the host's own loop.
    template <class Visit>
    constexpr void for_each_of(name_lengths lengths, Visit&& visit) const {
        for (auto const& line : lines_) {
            if (lengths.may_hold(line.name)) visit(line.name, line.value);
        }
        if (for_each_) {
            for_each_(source_, lengths,
                      {std::addressof(visit), [](void* to, std::string_view name, std::string_view value) {
                           (*static_cast<std::remove_reference_t<Visit>*>(to))(name, value);
                       }});
        }
    }

    /// Whether repeated lines may have arrived as one with commas.
    constexpr bool joins_lines() const noexcept { return joins_lines_; }

private:
    struct sink {
        void* to;
        void (*call)(void*, std::string_view, std::string_view);
        void operator()(std::string_view name, std::string_view value) const { call(to, name, value); }
    };

    std::span<header_line const> lines_{};
    void const* source_ = nullptr;
    void (*for_each_)(void const*, name_lengths, sink) = nullptr;
    bool joins_lines_ = false;
};

}  // namespace sallyport
