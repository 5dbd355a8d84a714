// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/wipe.hpp>

#include <algorithm>
#include <cstddef>
#include <iosfwd>
#include <memory>
#include <string_view>
#include <utility>

namespace sallyport {

/// A plain secret, held for the shortest time: it wipes its own copy when it ends. It can't be copied,
/// compared or printed; `reveal` is the one way to its text, so that a search finds every place that looks.
class secret {
public:
    secret() noexcept = default;
    explicit secret(std::string_view text) : text_(std::make_unique<char[]>(text.size())), size_(text.size()) {
        std::copy(text.begin(), text.end(), text_.get());
    }
    secret(secret&& other) noexcept : text_(std::move(other.text_)), size_(std::exchange(other.size_, 0)) {}
    secret& operator=(secret&& other) noexcept {
        if (this != &other) {
            clear();
            text_ = std::move(other.text_);
            size_ = std::exchange(other.size_, 0);
        }
        return *this;
    }
    // What stands behind the deleted ones is shown by the compiler to whoever calls them.
    secret(secret const&) = delete;             // a secret is not copied: move it
    secret& operator=(secret const&) = delete;  // a secret is not copied: move it
    ~secret() { clear(); }

    std::string_view reveal() const noexcept { return {text_.get(), size_}; }

    /// Wipes the text now.
    void clear() noexcept {
        if (text_) crypto::wipe(text_.get(), size_);
        text_.reset();
        size_ = 0;
    }

    friend bool operator==(secret const&, secret const&) = delete;           // a secret is not compared
    friend std::ostream& operator<<(std::ostream&, secret const&) = delete;  // a secret is not printed

private:
    std::unique_ptr<char[]> text_;
    std::size_t size_ = 0;
};

}  // namespace sallyport
