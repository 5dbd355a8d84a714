// SPDX-License-Identifier: BSL-1.0
#include "../catch.hpp"

#include <sallyport/store/pin_board.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace sp = sallyport;

namespace {

std::atomic<int> living{0};

struct thing final : sp::pinnable {
    explicit thing(int of) : number(of) { ++living; }
    ~thing() override {
        number = -1;
        --living;
    }

    int number;
};

/// Objects that readers come upon, and a writer that exchanges them.
class stage {
public:
    stage() = default;
    ~stage() {
        for (auto const* each : {shown[0].load(), shown[1].load()}) each->retire();
        board->leave();
        for (auto const* each : {shown[0].load(), shown[1].load()}) each->drop();
    }

    sp::pin look(thing const*& first, thing const*& second) const {
        auto made = board->enter();
        first = shown[0].load(std::memory_order_acquire);
        second = shown[1].load(std::memory_order_acquire);
        made.hold(first, second);
        return made;
    }
    sp::pin look() const {
        thing const* first = nullptr;
        thing const* second = nullptr;
        return look(first, second);
    }

    void exchange(std::size_t which, int number) {
        auto const* const old = shown[which].exchange(new thing(number), std::memory_order_acq_rel);
        old->retire();
        board->sweep();
        old->drop();
    }

    sp::pin_board* const board = new sp::pin_board;
    std::atomic<thing const*> shown[2] = {new thing(0), new thing(0)};
};

}  // namespace

TEST_CASE("what is taken away is gone at once if nobody holds it") {
    {
        stage on;
        on.exchange(0, 1);
        CHECK(living == 2);
        auto const held = on.look();
        on.exchange(1, 1);
        CHECK(living == 3);
    }
    CHECK(living == 0);
}

TEST_CASE("a pin keeps what it holds as it was, until it ends, and nothing else") {
    stage on;
    thing const* first = nullptr;
    thing const* second = nullptr;
    std::optional held(on.look(first, second));
    for (int i = 1; i <= 1000; ++i) {
        on.exchange(0, i);
        if (i % 2) on.exchange(1, i);
    }
    CHECK(first->number == 0);
    CHECK(second->number == 0);
    CHECK(living == 4);
    held.reset();
    CHECK(living == 2);
}

TEST_CASE("what several pins hold is gone with the last of them, whichever that is") {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        stage on;
        std::vector<sp::pin> pins;
        for (int i = 0; i < 5; ++i) {
            pins.push_back(random() % 2 || pins.empty() ? on.look() : pins[random() % pins.size()]);
            if (i == 2) on.exchange(0, 1);
        }
        on.exchange(0, 2);
        on.exchange(1, 2);
        std::shuffle(pins.begin(), pins.end(), random);
        while (!pins.empty()) {
            REQUIRE(living > 2);
            pins.pop_back();
        }
        REQUIRE(living == 2);
    }
    CHECK(living == 0);
}

TEST_CASE("a pin that is moved or assigned holds what the other did; a copy holds it too") {
    stage on;
    auto one = on.look();
    on.exchange(0, 1);
    CHECK(living == 3);
    auto other = std::move(one);
    CHECK(living == 3);
    one = other;
    other = sp::pin();
    CHECK(living == 3);
    auto& same = one;
    one = same;
    CHECK(living == 3);
    one = on.look();
    CHECK(living == 2);
    one = std::move(same);
    on.exchange(1, 1);
    CHECK(living == 3);
    sp::pin const copy(one);
    one = sp::pin();
    CHECK(living == 3);
}

TEST_CASE("a pin outlives the board and all that it was taken from") {
    std::vector<sp::pin> pins;
    {
        stage on;
        for (int i = 0; i < 3; ++i) pins.push_back(on.look());
        on.exchange(0, 1);
        pins.push_back(on.look());
    }
    CHECK(living == 3);
    pins.erase(pins.begin(), pins.begin() + 3);
    CHECK(living == 2);
    pins.clear();
    CHECK(living == 0);
}

TEST_CASE("a pin may hold one object or none") {
    stage on;
    auto none = on.board->enter();
    none.hold(nullptr, nullptr);
    auto second = on.board->enter();
    second.hold(nullptr, on.shown[1].load());
    on.exchange(0, 1);
    on.exchange(1, 1);
    CHECK(living == 3);
    second = sp::pin();
    CHECK(living == 2);
}

TEST_CASE("any number of pins may be held at once, and their places are used again") {
    stage on;
    std::vector<sp::pin> pins;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 500; ++i) {
            pins.push_back(on.look());
            on.exchange(0, i);
        }
        CHECK(living == 2 + 500);
        for (std::size_t i = 0; i < pins.size(); i += 2) pins[i] = sp::pin();
        CHECK(living == 2 + 250);
        pins.clear();
        CHECK(living == 2);
    }
}

TEST_CASE("a sweep waits for a walk, whether that ends with a find or without") {
    for (bool const finds : {true, false}) {
        stage on;
        std::optional walk(on.board->enter());
        auto const* const seen = on.shown[0].load();
        std::atomic<bool> swept{false};
        std::thread writer([&] {
            on.exchange(0, 1);
            swept = true;
        });
        while (on.shown[0].load() == seen) std::this_thread::yield();
        for (int i = 0; i < 1000; ++i) std::this_thread::yield();
        CHECK_FALSE(swept);
        CHECK(seen->number == 0);
        if (finds) {
            walk->hold(seen, nullptr);
        } else {
            walk.reset();
        }
        writer.join();
        CHECK(living == (finds ? 3 : 2));
    }
}

TEST_CASE("readers on several threads see what is alive, however it is exchanged and wherever their pins end") {
    std::atomic<bool> wrong{false};
    {
        stage on;
        std::atomic<bool> done{false};
        std::atomic<int> looks{0};
        std::atomic<sp::pin*> left{nullptr};  // one thread's pin is ended by another
        auto const read = [&](unsigned seed) {
            std::mt19937 random(seed);
            std::vector<std::pair<sp::pin, thing const*>> kept;
            int newest = 0;
            while (!done) {
                thing const* first = nullptr;
                thing const* second = nullptr;
                auto now = on.look(first, second);
                if (first->number < newest || second->number < 0) wrong = true;
                newest = first->number;
                switch (random() % 8) {
                    case 0: delete left.exchange(new sp::pin(std::move(now))); break;
                    case 1: kept.emplace_back(now, first); break;
                    case 2: kept.emplace_back(std::move(now), first); break;
                    default: break;
                }
                if (kept.size() > 100) kept.erase(kept.begin(), kept.begin() + random() % 100);
                for (auto const& [pin, object] : kept) {
                    if (object->number < 0) wrong = true;
                }
                ++looks;
            }
        };
        std::vector<std::thread> readers;
        for (unsigned i = 0; i < 3; ++i) readers.emplace_back(read, i);
        for (int i = 1; i < 2000 || looks < 2000; ++i) {
            on.exchange(0, i);
            if (i % 3 == 0) on.exchange(1, i);
        }
        done = true;
        for (auto& each : readers) each.join();
        CHECK(living <= 3 + 2);
        delete left.load();
        CHECK(living == 2);
    }
    CHECK_FALSE(wrong);
    CHECK(living == 0);
}
