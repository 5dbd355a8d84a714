// SPDX-License-Identifier: BSL-1.0
#include "uuid_texts.hpp"

#include <sallyport/model/uuid_parse_simd.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>

// The way in which an id is read that the flags of this build bring, beside the portable one: a program without a library, which
// other processors' compilers build too. Fails with the text of which the two say different things.
namespace {

using namespace uuid_texts;

struct answer {
    bool is_v4 = false;
    std::array<std::uint8_t, 16> bytes{};

    bool operator==(answer const& other) const noexcept {
        return is_v4 == other.is_v4 && (!is_v4 || bytes == other.bytes);
    }
};

template <auto Parse>
answer answer_of(char const* text) {
    answer out;
    out.is_v4 = Parse(std::span<char const, 36>(text, 36), out.bytes);
    return out;
}

bool agree(char const* text) {
    if (answer_of<sallyport::parse_uuid_v4_simd>(text) == answer_of<sallyport::parse_uuid_v4_portable>(text))
        return true;
    std::printf("judged otherwise: %.36s\n", text);
    return false;
}

bool agree_on_every_byte_at_every_place(generator& random) {
    for (int i = 0; i < 3; ++i) {
        auto const id = random_id(random);
        for (std::size_t place = 0; place < id.size(); ++place) {
            for (int byte = 0; byte < 256; ++byte) {
                auto text = id;
                text[place] = static_cast<char>(byte);
                if (!agree(text.data())) return false;
            }
        }
    }
    return true;
}

bool agree_on_what_is_nearly_an_id(generator& random) {
    for (int i = 0; i < 400'000; ++i) {
        if (!agree(nearly_an_id(random).data())) return false;
    }
    return true;
}

bool agree_at_the_edges_of_memory(generator& random) {
    lone_page const page;
    for (auto* const text : page.edges()) {
        std::ranges::copy(random_id(random), text);
        if (!agree(text)) return false;
    }
    return true;
}

}  // namespace

int main() {
    generator random(1);
    bool const all = agree_on_every_byte_at_every_place(random) && agree_on_what_is_nearly_an_id(random) &&
                     agree_at_the_edges_of_memory(random);
    return all ? 0 : 1;
}
