// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include "hex_text.hpp"

#include <sallyport/crypto/sha256.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace sallyport::crypto;

namespace {

constexpr std::string_view two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
constexpr std::string_view two_full_blocks =
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
    "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";

// FIPS 180-2 appendix B, and the additional vectors that NIST publishes for SHA-256.
static_assert(is_hex(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
static_assert(is_hex(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
static_assert(is_hex(sha256(two_blocks), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
static_assert(is_hex(sha256(two_full_blocks), "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"));
static_assert(is_hex(sha256(std::array<std::uint8_t, 1>{0xbd}),
                     "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"));
static_assert(is_hex(sha256(std::array<std::uint8_t, 4>{0xc9, 0x8c, 0x8e, 0x55}),
                     "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504"));
static_assert(is_hex(sha256(std::array<std::uint8_t, 64>{}),
                     "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"));

constexpr digest256 in_two_pieces(std::string_view message, std::size_t cut) {
    sha256_state state;
    state.update(message.substr(0, cut));
    state.update(message.substr(cut));
    return state.finish();
}
static_assert(in_two_pieces(two_full_blocks, 65) == sha256(two_full_blocks));

}  // namespace

TEST_CASE("sha256 gives the published digests at run time too") {
    CHECK(hex_text(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hex_text(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hex_text(sha256(two_blocks)) == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(hex_text(sha256(two_full_blocks)) == "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    CHECK(hex_text(sha256(std::string(1000, '\0'))) ==
          "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53");
    CHECK(hex_text(sha256(std::string(1000, 'A'))) ==
          "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4");
    CHECK(hex_text(sha256(std::string(1005, 'U'))) ==
          "f4d62ddec0f3dd90ea1380fa16a5ff8dc4c54b21740650f24afc4120903552b0");
}

TEST_CASE("sha256 pads rightly on both sides of a block's end") {
    std::pair<std::size_t, std::string_view> const digests[]{
        {55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
        {56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
        {63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
        {64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
        {65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
        {119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"},
        {120, "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"}};
    for (auto const& [size, digest] : digests) {
        CAPTURE(size);
        CHECK(hex_text(sha256(std::string(size, 'a'))) == digest);
    }
}

TEST_CASE("sha256 is right for every length of up to five blocks") {
    // Every digest in turn, digested: one value, made with Python's hashlib, stands for 301 lengths.
    sha256_state all;
    for (std::size_t size = 0; size <= 300; ++size) {
        all.update(sha256(counting_bytes(size, size, 7)));
    }
    CHECK(hex_text(all.finish()) == "60d63ff40b5558727a9b786ac0be9300f7ca58fd9ddd3b2f3681b369018a87dc");
    CHECK(hex_text(sha256(counting_bytes(200, 200, 7))) ==
          "8e3f3819b4f1b1f71c011c6b854c43601f132c3c88b8982b20733d2b1695c593");
}

TEST_CASE("a million letters in uneven pieces have the published digest") {
    std::string const letters(2'000, 'a');
    sha256_state state;
    std::size_t left = 1'000'000;
    for (std::size_t size = 0; left != 0; size = (size * 31 + 7) % 1'999) {
        std::size_t const piece = std::min(size, left);
        state.update(std::string_view{letters}.substr(0, piece));
        left -= piece;
    }
    CHECK(hex_text(state.finish()) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("half a gigabyte, more than 32 bits can count in bits, has the published digest", "[.slow]") {
    std::string const letters(1 << 20, 'Z');
    sha256_state state;
    for (int i = 0; i < 512; ++i) {
        state.update(letters);
    }
    CHECK(hex_text(state.finish()) == "15a1868c12cc53951e182344277447cd0979536badcc512ad24c67e9b2d4f3dd");
}

TEST_CASE("where a message is cut doesn't change its digest") {
    auto const message = counting_bytes(200, 1, 3);
    std::span<std::uint8_t const> const whole{message};
    digest256 const expected = sha256(whole);
    for (std::size_t first = 0; first <= whole.size(); ++first) {
        for (std::size_t second = first; second <= whole.size(); second += 13) {
            sha256_state state;
            state.update(whole.first(first));
            state.update(as_text(whole.subspan(first, second - first)));
            state.update(whole.subspan(second));
            REQUIRE(state.finish() == expected);
        }
    }
}

TEST_CASE("a finished sha256 state is ready for another message") {
    sha256_state state;
    state.update(two_full_blocks);
    REQUIRE(state.finish() == sha256(two_full_blocks));
    CHECK(state.finish() == sha256(""));
    state.update("abc");
    CHECK(state.finish() == sha256("abc"));
}

TEST_CASE("a copied sha256 state goes its own way") {
    sha256_state state;
    state.update("ab");
    sha256_state copy = state;
    copy.update("d");
    state.update("c");
    CHECK(state.finish() == sha256("abc"));
    CHECK(copy.finish() == sha256("abd"));
}

TEST_CASE("nothing of a message is left in a sha256 state that is finished or gone") {
    constexpr std::string_view secret = "correct horse battery staple";
    alignas(sha256_state) unsigned char memory[sizeof(sha256_state)];
    unsigned char const volatile* const left = memory;
    auto const holds_secret = [&] {
        std::string bytes(left, left + sizeof memory);
        return bytes.find(secret) != std::string::npos;
    };

    auto* state = ::new (static_cast<void*>(memory)) sha256_state;
    state->update(secret);
    REQUIRE(holds_secret());
    SECTION("finished") {
        (void)state->finish();
        CHECK_FALSE(holds_secret());
        std::destroy_at(state);
    }
    SECTION("gone") {
        state->update(std::string(300, 'x'));  // so that the chain holds something, too
        state->update(secret);
        std::destroy_at(state);
        CHECK_FALSE(holds_secret());
        CHECK(std::count(left, left + sizeof memory, 0) >= 32 + 64);
    }
}
