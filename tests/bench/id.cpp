// SPDX-License-Identifier: BSL-1.0
#include "contest.hpp"
#include "population.hpp"

#include <sallyport/model/uuid.hpp>

#if defined(BENCH_BOOST_UUID)
#    include <boost/uuid/detail/from_chars.hpp>
#    include <boost/uuid/uuid.hpp>
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

// What it costs to read a client's id. 4,096 ids take turns, so that no branch of either side learns them by heart.

namespace {

constexpr std::size_t count = 4096;

struct sample {
    std::array<char, 36> text;
    std::uint8_t last;  // byte that the text ends with

    std::string_view view() const { return {text.data(), text.size()}; }
};

auto valid_ids() {
    auto ids = std::make_shared<std::vector<sample>>();
    for (std::size_t i = 0; i < count; ++i) {
        auto const id = bench::random_id();
        ids->push_back({id.text(), id.bytes()[15]});
    }
    return ids;
}

/// One character of each is wrong, at any place.
auto invalid_ids() {
    auto ids = valid_ids();
    for (auto& each : *ids) each.text[bench::random()() % each.text.size()] = "gzGZ.:/@` "[bench::random()() % 10];
    return ids;
}

template <class Parse>
contest::side accepts(std::shared_ptr<std::vector<sample>> ids, Parse parse) {
    return contest::each([ids, parse](std::size_t i) {
        auto const& asked = (*ids)[i % count];
        auto read = parse(asked.view());
        benchmark::DoNotOptimize(read);
        return read && (*read)[15] == asked.last;
    });
}

template <class Parse>
contest::side refuses(std::shared_ptr<std::vector<sample>> ids, Parse parse) {
    return contest::each([ids, parse](std::size_t i) {
        auto read = parse((*ids)[i % count].view());
        benchmark::DoNotOptimize(read);
        return !read;
    });
}

struct bytes_of {
    sallyport::uuid id;
    std::uint8_t operator[](std::size_t i) const { return id.bytes()[i]; }
};

auto const by_us = [](std::string_view text) -> std::optional<bytes_of> {
    auto const read = sallyport::parse_uuid_v4(text);
    return read ? std::optional(bytes_of{*read}) : std::nullopt;
};
auto const by_loop = [](std::string_view text) { return ordinary::id_by_loop::parse(text); };

contest::row const valid({"id, valid", "plain loop with a table", 0.3}, [] {
    auto const ids = valid_ids();
    return contest::sides{accepts(ids, by_us), accepts(ids, by_loop)};
});

contest::row const invalid({"id, invalid", "plain loop with a table", 0.3}, [] {
    auto const ids = invalid_ids();
    return contest::sides{refuses(ids, by_us), refuses(ids, by_loop)};
});

contest::row const refused({"id, invalid", "id, valid", 1.2}, [] {
    return contest::sides{refuses(invalid_ids(), by_us), accepts(valid_ids(), by_us)};
});

#if defined(BENCH_BOOST_UUID)
#    if defined(BENCH_NATIVE)
constexpr double goal = 0.7;
#    else
constexpr double goal = 0.9;
#    endif

/// Boost reads UUIDs of every version.
auto const by_boost = [](std::string_view text) -> std::optional<boost::uuids::uuid> {
    boost::uuids::uuid read;
    auto const result = boost::uuids::from_chars(text.data(), text.data() + text.size(), read);
    bool const whole = result.ec == boost::uuids::from_chars_error::none && result.ptr == text.data() + text.size();
    auto const* const bytes = read.begin();
    if (!whole || bytes[6] >> 4 != 4 || bytes[8] >> 6 != 2) return std::nullopt;
    return read;
};

contest::row const to_boost({"id, valid", "Boost.UUID's from_chars and a check of its version", goal}, [] {
    auto const ids = valid_ids();
    return contest::sides{accepts(ids, by_us),
                          accepts(ids, [](std::string_view text) -> std::optional<ordinary::id_bytes> {
                              auto const read = by_boost(text);
                              if (!read) return std::nullopt;
                              ordinary::id_bytes bytes{};
                              std::copy(read->begin(), read->end(), bytes.begin());
                              return bytes;
                          })};
});
#endif

}  // namespace
