// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <type_traits>
#include <utility>

namespace sallyport {

/// The compiler's own spelling of some values, between commas. All at once: that costs the compiler least.
template <auto... Values>
constexpr auto spelled_values() noexcept {  // `auto`: g++ would spell a named return type too, behind the values
#if defined(_MSC_VER) && !defined(__clang__)
    std::string_view text = __FUNCSIG__;
    auto const start = text.rfind("spelled_values<") + 15;
    return text.substr(start, text.rfind('>') - start);
#else
    std::string_view text = __PRETTY_FUNCTION__;
    auto const start = text.find("Values = ") + 10;  // behind a brace
    return text.substr(start, text.size() - 2 - start);
#endif
}

/// Takes the first value off such a list: the enumerator's own name; empty if no enumerator has that value.
constexpr std::string_view take_enumerator(std::string_view& spelled) noexcept {
    char const* const text = spelled.data();  // each call of a view's function costs a compiler that evaluates it
    std::size_t const size = spelled.size();
    std::size_t end = 0;
    std::size_t start = 0;  // behind all blanks and scopes
    bool is_cast = false;
    for (int depth = 0; end < size; ++end) {
        char const at = text[end];
        if (at == ',' && depth == 0) break;
        if (at == '<' || at == '(') ++depth;
        if (at == '>' || at == ')') --depth;
        if (at == ')' || at == ':') is_cast = at == ')';
        if (at == ' ' || at == ':') start = end + 1;
    }
    std::string_view const found(text + start, end - start);
    spelled.remove_prefix(end < size ? end + 1 : end);
    // A value without an enumerator is spelled as a number, most often behind a cast: "(level)7".
    bool const is_number = found.empty() || is_cast || (found.front() >= '0' && found.front() <= '9');
    return is_number ? std::string_view() : found;
}

/// What the library knows of a host's enumeration. The primary template counts the enumerators itself; they
/// run from 0 without a gap, and there are at most 64. An enumerator that ends in an underscore is named
/// without it, since `export` is a keyword. Specialise this for other names, or for enumerators that the
/// count can't see: a `count`, and `names` as an array of that many.
template <class E>
struct enumerator_traits {
    static_assert(std::is_enum_v<E> && !std::is_convertible_v<E, int>,
                  "levels and APIs are scoped enumerations: enum class level { ... }");

private:
    static constexpr std::size_t probed = 66;

    template <std::size_t... I>
    static constexpr std::array<std::string_view, probed> probe(std::index_sequence<I...>) noexcept {
        auto spelled = spelled_values<static_cast<E>(I)...>();
        std::array<std::string_view, probed> found{};
        for (auto& each : found) each = named(take_enumerator(spelled));
        return found;
    }
    static constexpr std::string_view named(std::string_view spelled) noexcept {
        if (spelled.ends_with('_')) spelled.remove_suffix(1);
        return spelled;
    }
    static constexpr std::array<std::string_view, probed> all = probe(std::make_index_sequence<probed>());
    static constexpr std::size_t counted = [] {
        std::size_t n = 0;
        while (n < probed && !all[n].empty()) ++n;
        return n;
    }();
    static constexpr bool has_gap = [] {
        for (std::size_t i = counted; i < probed; ++i) {
            if (!all[i].empty()) return true;
        }
        return false;
    }();
    static_assert(counted > 0 && !has_gap, "enumerators run from 0 without a gap");
    static_assert(counted <= 64, "at most 64 enumerators");

public:
    static constexpr std::size_t count = counted;
    static constexpr std::array<std::string_view, count> names = [] {
        std::array<std::string_view, count> first{};
        for (std::size_t i = 0; i < count; ++i) first[i] = all[i];
        return first;
    }();
};

/// A host's levels or APIs: a scoped enumeration that can be counted and named.
template <class E>
concept enumeration = std::is_enum_v<E> && requires {
    { enumerator_traits<E>::count } -> std::convertible_to<std::size_t>;
    { enumerator_traits<E>::names[0] } -> std::convertible_to<std::string_view>;
    requires std::size(enumerator_traits<E>::names)
    == enumerator_traits<E>::count;
};

template <enumeration E>
inline constexpr std::size_t enumerator_count = enumerator_traits<E>::count;

/// The place of an enumerator, from 0.
template <enumeration E>
constexpr std::size_t enumerator_index(E value) noexcept {
    return static_cast<std::size_t>(value);
}

/// Whether the value is one of the enumerators: a cast can make one that isn't.
template <enumeration E>
constexpr bool is_enumerator(E value) noexcept {
    return enumerator_index(value) < enumerator_count<E>;
}

/// The enumerator's name as it is written on the wire; empty for a value that is none.
template <enumeration E>
constexpr std::string_view enumerator_name(E value) noexcept {
    return is_enumerator(value) ? std::string_view(enumerator_traits<E>::names[enumerator_index(value)])
                                : std::string_view();
}

/// A set of enumerators; empty unless said otherwise.
template <enumeration E>
class enumerator_set {
    static_assert(enumerator_count<E> <= 64, "at most 64 enumerators");

public:
    constexpr enumerator_set() noexcept = default;
    constexpr enumerator_set(std::initializer_list<E> members) noexcept {
        for (auto const member : members) insert(member);
    }
    static constexpr enumerator_set all() noexcept {
        enumerator_set made;
        for (std::size_t i = 0; i < enumerator_count<E>; ++i) made.insert(static_cast<E>(i));
        return made;
    }
    constexpr void insert(E member) noexcept { bits_ |= bit(member); }
    constexpr bool contains(E value) const noexcept { return (bits_ & bit(value)) != 0; }

    friend constexpr bool operator==(enumerator_set, enumerator_set) noexcept = default;

private:
    static constexpr std::uint64_t bit(E value) noexcept {
        return is_enumerator(value) ? std::uint64_t{1} << enumerator_index(value) : 0;
    }

    std::uint64_t bits_ = 0;
};

}  // namespace sallyport
