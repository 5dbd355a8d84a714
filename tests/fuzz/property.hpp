// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

/// What a target is: it holds every property that it knows of against an input, and ends the program at the first that
/// fails, so that the fuzzer keeps the input. Each target defines its own.
void check(std::string_view input);

/// A property, named for what must hold.
inline void require(bool holds, char const* property) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", property);
    std::abort();
}

/// Takes the text up to the next separator off the front, and the separator with it.
inline std::string_view take_part(std::string_view& rest, char separator = '\n') {
    auto const part = rest.substr(0, rest.find(separator));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    return part;
}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    check({reinterpret_cast<char const*>(data), size});
    return 0;
}
