// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/bounded_list.hpp>
#include <sallyport/model/stored_secret.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

namespace sallyport {

/// The secrets of a client, in their order. Most have one: it is held in place, beside all else that a record says, so
/// that who reads the record waits for no other memory. Several are held like those of any vector.
class secret_list {
public:
    using value_type = stored_secret;

    constexpr secret_list() noexcept = default;
    constexpr secret_list(secret_list const&) = default;
    constexpr secret_list& operator=(secret_list const&) = default;
    constexpr secret_list(secret_list&& other) noexcept
        : one_(std::exchange(other.one_, {})), several_(std::exchange(other.several_, {})) {}
    constexpr secret_list& operator=(secret_list&& other) noexcept {
        one_ = std::exchange(other.one_, {});
        several_ = std::exchange(other.several_, {});
        return *this;
    }
    constexpr ~secret_list() = default;
    constexpr secret_list(std::initializer_list<stored_secret> of) {
        for (auto const& each : of) push_back(each);
    }
    // A template, so that braces mean a list of secrets and nothing else.
    template <std::same_as<std::vector<stored_secret>> Vector>
    constexpr secret_list(Vector const& of) {
        for (auto const& each : of) push_back(each);
    }

    constexpr std::size_t size() const noexcept { return several_.empty() ? one_.size() : several_.size(); }
    constexpr bool empty() const noexcept { return size() == 0; }

    constexpr stored_secret* data() noexcept { return several_.empty() ? one_.data() : several_.data(); }
    constexpr stored_secret const* data() const noexcept { return several_.empty() ? one_.data() : several_.data(); }
    constexpr stored_secret* begin() noexcept { return data(); }
    constexpr stored_secret* end() noexcept { return data() + size(); }
    constexpr stored_secret const* begin() const noexcept { return data(); }
    constexpr stored_secret const* end() const noexcept { return data() + size(); }
    constexpr stored_secret& operator[](std::size_t index) noexcept { return data()[index]; }
    constexpr stored_secret const& operator[](std::size_t index) const noexcept { return data()[index]; }
    constexpr stored_secret& front() noexcept { return data()[0]; }
    constexpr stored_secret const& front() const noexcept { return data()[0]; }

    constexpr void push_back(stored_secret const& added) {
        if (several_.empty() && one_.push_back(added)) return;
        auto const copied = added;  // which may be one of these
        if (several_.empty()) several_.push_back(one_[0]);
        several_.push_back(copied);
    }

    constexpr void clear() noexcept { *this = secret_list(); }

private:
    bounded_list<stored_secret, 1> one_{};
    std::vector<stored_secret> several_{};  ///< all of them, if there are more than one
};

/// Takes those away for which `is_gone` says yes; how many it was.
template <std::predicate<stored_secret const&> IsGone>
constexpr std::size_t erase_if(secret_list& from, IsGone is_gone) {
    secret_list left;
    for (auto const& each : from) {
        if (!is_gone(each)) left.push_back(each);
    }
    auto const gone = from.size() - left.size();
    from = std::move(left);
    return gone;
}

}  // namespace sallyport
