// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include "hex_text.hpp"
#include "message_schedule.hpp"
#include "stack_after.hpp"

#include <sallyport/crypto/constant_time.hpp>
#include <sallyport/crypto/sha256.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(SALLYPORT_SHARED_DIR) && __has_include(<nlohmann/json.hpp>)
#    include <nlohmann/json.hpp>
#endif

// The ways to compress a block, each by its name, whichever of them this processor and this build would take.

using namespace sallyport::crypto;

namespace {

struct portable {
    static constexpr bool is_here() { return true; }
    static void compress(sha256_chain& chain, std::uint8_t const* blocks, std::size_t count) {
        sha256_compress_portable(chain, blocks, count);
    }
};

#if defined(SALLYPORT_SHA256_X86)
struct x86 {
    static bool is_here() { return has_sha256_instructions(); }
    static void compress(sha256_chain& chain, std::uint8_t const* blocks, std::size_t count) {
        sha256_x86::compress(chain, blocks, count);
    }
};
#else
struct x86 : portable {
    static constexpr bool is_here() { return false; }
};
#endif

/// FIPS 180-4 §5 and §6.2 read aloud, around one of the ways.
template <class Way>
digest256 digest_by(std::string message) {
    std::uint64_t const bits = message.size() * 8;
    message += '\x80';
    while (message.size() % 64 != 56) message += '\0';
    for (int i = 56; i >= 0; i -= 8) message += static_cast<char>(bits >> i);
    auto chain = sha256_initial_chain;
    Way::compress(chain, reinterpret_cast<std::uint8_t const*>(message.data()), message.size() / 64);
    digest256 digest{};
    for (std::size_t i = 0; i < 32; ++i) digest[i] = static_cast<std::uint8_t>(chain[i / 4] >> (24 - i % 4 * 8));
    return digest;
}

std::string some_text(std::mt19937_64& random, std::size_t size) {
    std::string text(size, ' ');
    for (auto& each : text) each = static_cast<char>(random());
    return text;
}

/// Whether any four words of the schedule that follow on each other stand in memory, as they do in one register.
bool holds_four(std::span<std::uint8_t const> memory, std::string_view block) {
    auto const words = schedule_of(block);
    for (std::size_t i = 0; i + 3 < words.size(); ++i) {
        auto const* const run = reinterpret_cast<std::uint8_t const*>(&words[i]);
        if (std::search(memory.begin(), memory.end(), run, run + 16) != memory.end()) return true;
    }
    return false;
}

/// A block that is not a run of equal words.
std::string const block = "a block of a marked message that nobody may find: 0123456789abcd";
static_assert(sha256_block == 64);

// Before main, and so before or after anything else there.
digest256 const early = sha256(std::string("abc"));

}  // namespace

TEMPLATE_TEST_CASE("each way gives the published digests", "", portable, x86) {
    if (!TestType::is_here()) return;
    // FIPS 180-2 appendix B, and the additional vectors that NIST publishes for SHA-256.
    std::pair<std::string, std::string_view> const published[]{
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"\xbd", "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"},
        {std::string(64, '\0'), "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"},
        {std::string(1000, 'A'), "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4"},
        {std::string(1005, 'U'), "f4d62ddec0f3dd90ea1380fa16a5ff8dc4c54b21740650f24afc4120903552b0"},
        {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}};
    for (auto const& [message, digest] : published) {
        CAPTURE(message.size());
        CHECK(hex_text(digest_by<TestType>(message)) == digest);
    }
}

TEST_CASE("all ways give the same digests, and sha256 gives them too, for every length of up to five blocks") {
    std::mt19937_64 random(1);
    for (int round = 0; round < 20; ++round) {
        for (std::size_t size = 0; size <= 300; ++size) {
            auto const message = some_text(random, size);
            auto const expected = digest_by<portable>(message);
            if (x86::is_here() && digest_by<x86>(message) != expected) FAIL("by x86, of " << size);
            if (sha256(message) != expected) FAIL("by sha256, of " << size);
        }
    }
}

TEST_CASE("all ways make the same of any chain and of any number of blocks, wherever they lie") {
    if (!x86::is_here()) return;
    std::mt19937_64 random(2);
    for (std::size_t i = 0; i < 3'000; ++i) {
        std::size_t const count = i % 5;
        auto const text = some_text(random, 16 + 64 * count);
        auto const* const blocks = reinterpret_cast<std::uint8_t const*>(text.data()) + i % 16;
        sha256_chain before{};
        for (auto& word : before) word = static_cast<std::uint32_t>(random());
        auto by_portable = before;
        auto by_x86 = before;
        portable::compress(by_portable, blocks, count);
        x86::compress(by_x86, blocks, count);
        REQUIRE(by_x86 == by_portable);
        REQUIRE((by_x86 == before) == (count == 0));
    }
}

TEST_CASE("a digest that is made before main is right") { CHECK(early == digest_by<portable>("abc")); }

#if defined(SALLYPORT_SHA256_X86)
TEST_CASE("the processor has the instructions exactly if the system says so") {
    std::ifstream info("/proc/cpuinfo");
    std::string flags;
    for (std::string line; flags.empty() && std::getline(info, line);) {
        if (line.starts_with("flags")) flags = line + ' ';
    }
    if (flags.empty()) return;
    auto const has = [&flags](std::string_view name) { return flags.find(name) != flags.npos; };
    CHECK(has_sha256_instructions() == (has(" sha_ni ") && has(" ssse3 ")));
}

TEST_CASE("no register holds anything of a message after its digest by x86") {
    if (!x86::is_here()) return;
    auto chain = sha256_initial_chain;
    std::array<std::uint8_t, 256> registers{};
    x86::compress(chain, reinterpret_cast<std::uint8_t const*>(block.data()), 1);
    __asm__ volatile(
        "movups %%xmm0, (%0)\n movups %%xmm1, 16(%0)\n movups %%xmm2, 32(%0)\n movups %%xmm3, 48(%0)\n"
        "movups %%xmm4, 64(%0)\n movups %%xmm5, 80(%0)\n movups %%xmm6, 96(%0)\n movups %%xmm7, 112(%0)\n"
        "movups %%xmm8, 128(%0)\n movups %%xmm9, 144(%0)\n movups %%xmm10, 160(%0)\n movups %%xmm11, 176(%0)\n"
        "movups %%xmm12, 192(%0)\n movups %%xmm13, 208(%0)\n movups %%xmm14, 224(%0)\n movups %%xmm15, 240(%0)"
        :
        : "r"(registers.data())
        : "memory");
    CHECK_FALSE(holds_four(registers, block));
}
#endif

// Without optimisation every variable lies on the stack, and `sha256` takes the portable way.
#if defined(__OPTIMIZE__)
namespace {

/// How many runs of eight words of the schedule stand somewhere in memory: half of what the block can be computed back
/// from, and more than a register that is spilled holds.
std::size_t runs_found(std::span<std::uint8_t const> memory, std::string_view marked) {
    auto const words = schedule_of(marked);
    std::size_t found = 0;
    for (std::size_t i = 0; i + 7 < words.size(); ++i) {
        auto const* const run = reinterpret_cast<std::uint8_t const*>(&words[i]);
        found += std::search(memory.begin(), memory.end(), run, run + 32) != memory.end();
    }
    return found;
}

}  // namespace

TEMPLATE_TEST_CASE("no way leaves anything of a message's schedule on the stack", "", portable, x86) {
    if (!TestType::is_here()) return;
    auto const left = stack_after([] {
        auto chain = sha256_initial_chain;
        TestType::compress(chain, reinterpret_cast<std::uint8_t const*>(block.data()), 1);
    });
    CHECK(runs_found(left, block) == 0);
}

TEST_CASE("a schedule that nobody wipes is seen on the stack") {
    auto const left = stack_after([] {
        auto words = schedule_of(block);
        __asm__ volatile("" : : "r"(words.data()) : "memory");
    });
    CHECK((runs_found(left, block) == 57 || !shows_stacks));
}
#endif

#if defined(SALLYPORT_SHARED_DIR) && __has_include(<nlohmann/json.hpp>)
namespace {

std::string text_of(digest256 const& digest) { return {digest.begin(), digest.end()}; }

/// RFC 2104 §2 read aloud.
template <class Way>
digest256 hmac_by(std::string key, std::string const& message) {
    if (key.size() > 64) key = text_of(digest_by<Way>(key));
    key.resize(64);
    auto const padded = [&key](char mark) {
        auto text = key;
        for (auto& each : text) each = static_cast<char>(each ^ mark);
        return text;
    };
    return digest_by<Way>(padded('\x5c') + text_of(digest_by<Way>(padded('\x36') + message)));
}

std::string text_of_hex(nlohmann::json const& hex) {
    auto const digits = hex.get<std::string>();
    std::vector<std::uint8_t> bytes(digits.size() / 2);
    REQUIRE(decode_hex(digits, bytes));
    return {bytes.begin(), bytes.end()};
}

}  // namespace

TEMPLATE_TEST_CASE("each way tells Wycheproof's right tags from its wrong ones", "", portable, x86) {
    std::ifstream in(SALLYPORT_SHARED_DIR "/vectors/wycheproof/hmac_sha256_test.json");
    if (!TestType::is_here() || !in) return;
    auto const file = nlohmann::json::parse(in);
    std::size_t checked = 0;
    for (auto const& group : file.at("testGroups")) {
        for (auto const& test : group.at("tests")) {
            auto const tag = text_of(hmac_by<TestType>(text_of_hex(test.at("key")), text_of_hex(test.at("msg"))));
            auto const given = text_of_hex(test.at("tag"));
            CAPTURE(test.at("tcId").get<int>());
            CHECK((tag.substr(0, given.size()) == given) == (test.at("result") == "valid"));
            ++checked;
        }
    }
    CHECK(checked == file.at("numberOfTests").get<std::size_t>());
}
#endif
