// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional.hpp>

#include <cstddef>
#include <cstdint>

namespace demo {

/// A body that is read to its end and not kept: this server counts events, it doesn't interpret them.
struct discarded_body {
    struct value_type {};

    class reader {
    public:
        template <bool IsRequest, class Fields>
        reader(boost::beast::http::header<IsRequest, Fields>&, value_type&) {}

        void init(boost::optional<std::uint64_t> const&, boost::beast::error_code& problem) { problem = {}; }

        template <class Buffers>
        std::size_t put(Buffers const& bytes, boost::beast::error_code& problem) {
            problem = {};
            return boost::asio::buffer_size(bytes);
        }

        void finish(boost::beast::error_code& problem) { problem = {}; }
    };
};

}  // namespace demo
