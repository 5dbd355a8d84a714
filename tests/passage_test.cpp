#include "catch.hpp"
#include "faulty_parts.hpp"
#include "gate_words.hpp"
#include "in_words.hpp"
#include "random_traffic.hpp"
#include "sanitizer.hpp"

#include <array>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace rt = random_traffic;

using namespace one_client;

namespace {

using passage = sp::passage<op::level, op::api>;
using need = passage::need;
using lookup = sp::lookup<op::client>;
using reason = sp::denial_reason;

/// What the shells below ask: all but the limiter may be shared.
struct doors {
    faulty::store const& store;
    faulty::verifier const& verifier;
    faulty::limiter& limiter;
    sp::steady_time steady{};
    sp::wall_time wall{};
};

/// Work that is done later, one piece after the other.
class event_loop {
public:
    void later(std::function<void()> work) { waiting_.push_back(std::move(work)); }
    void run() {
        while (!waiting_.empty()) {
            auto const work = std::move(waiting_.front());
            waiting_.pop_front();
            work();
        }
    }

private:
    std::deque<std::function<void()>> waiting_;
};

/// A shell whose doors call back: each step is a piece of work of its own, and between them it is nowhere on the stack.
class called_back : public std::enable_shared_from_this<called_back> {
public:
    using done = std::function<void(op::decision const&)>;

    called_back(event_loop& loop, doors const& through, sp::rules<op::level, op::api> const& rules,
                op::request const& asked, done tell)
        : loop_(loop),
          doors_(through),
          request_(asked),
          way_(rules, request_, rules.fields.read(request_.headers)),
          done_(std::move(tell)) {}

    void go_on() {
        if (way_.next() == need::nothing) return done_(way_.decided());
        loop_.later([self = shared_from_this()] {
            try {
                self->ask();
            } catch (...) {
                self->way_.answer_failed();
            }
            self->go_on();
        });
    }

private:
    void ask() {
        switch (way_.next()) {
            case need::record:
                found_.emplace(doors_.store.find(way_.client(), way_.project()));
                return way_.answer(*found_);
            case need::proof:
                return way_.answer(doors_.verifier.verify(way_.attempt(*found_, doors_.wall, doors_.steady)));
            case need::allowance: found_.reset(); return way_.answer(doors_.limiter.take(way_.claims(), doors_.steady));
            case need::permit:
            case need::nothing: return;
        }
    }

    event_loop& loop_;
    doors doors_;
    op::request request_;
    passage way_;
    std::optional<lookup> found_;
    done done_;
};

/// A coroutine that runs until it first waits, and ends by itself.
struct coroutine {
    struct promise_type {
        coroutine get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };
};

/// What `co_await` waits for: the loop comes to it, and asks.
template <class Ask>
struct answer_of {
    event_loop& loop;
    Ask ask;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const {
        loop.later([waiting] { waiting.resume(); });
    }
    auto await_resume() const { return ask(); }
};
template <class Ask>
answer_of(event_loop&, Ask) -> answer_of<Ask>;

/// A shell that waits at each door. A coroutine's frame keeps copies: the references that it is given must outlive it.
coroutine awaited(event_loop& loop, doors through, sp::rules<op::level, op::api> const& rules, op::request asked,
                  std::function<void(op::decision const&)> tell) {
    passage way(rules, asked, rules.fields.read(asked.headers));
    std::optional<lookup> found;
    while (way.next() != need::nothing) {
        try {
            switch (way.next()) {
                case need::record:
                    found = co_await answer_of{loop, [&] { return through.store.find(way.client(), way.project()); }};
                    way.answer(*found);
                    break;
                case need::proof:
                    way.answer(co_await answer_of{
                        loop,
                        [&] { return through.verifier.verify(way.attempt(*found, through.wall, through.steady)); }});
                    break;
                case need::allowance:
                    found.reset();
                    way.answer(
                        co_await answer_of{loop, [&] { return through.limiter.take(way.claims(), through.steady); }});
                    break;
                case need::permit:
                case need::nothing: break;
            }
        } catch (...) {
            way.answer_failed();
        }
    }
    tell(way.decided());
}

/// A shell in a few lines, by hand.
op::decision by_hand(doors const& through, sp::rules<op::level, op::api> const& rules, op::request const& asked) {
    passage way(rules, asked, rules.fields.read(asked.headers));
    try {
        if (way.next() == need::record) {
            auto const found = through.store.find(way.client(), way.project());
            way.answer(found);
            if (way.next() == need::proof)
                way.answer(through.verifier.verify(way.attempt(found, through.wall, through.steady)));
        }
        if (way.next() == need::allowance) way.answer(through.limiter.take(way.claims(), through.steady));
    } catch (...) {
        way.answer_failed();
    }
    return way.decided();
}

constexpr auto rules = op::rules();

lookup found(op::client record, std::string_view organization = {}) {
    return lookup::found(std::make_shared<op::client const>(std::move(record)), organization);
}

/// A request by its lines, and the passage on which it is.
struct traveller {
    std::vector<sp::header_line> lines;
    op::request asked;
    passage way;

    traveller(op::api api, std::vector<sp::header_line> sent)
        : lines(std::move(sent)),
          asked{.headers = lines, .api = api},
          way(rules, asked, rules.fields.read(asked.headers)) {}
    traveller(traveller const&) = delete;

    reason refused() const { return way.decided().denial().reason; }
};

std::vector<sp::header_line> credentials(std::string_view secret = right_secret) {
    return {{"openpanel-client-id", id_text}, {"openpanel-client-secret", secret}};
}

sp::verification proven() { return {.outcome = sp::verification::verdict::proven, .derivations = 1}; }
sp::allowance admitted() { return {.outcome = sp::allowance::verdict::admitted}; }

}  // namespace

TEST_CASE("by hand, by callbacks and in a coroutine a passage comes to what authorize decides") {
    for (std::uint64_t seed = 1000; seed < 1000 + 60 / slowness; ++seed) {
        rt::dice roll(seed);
        auto const world = rt::random_world(roll);
        auto const table = rt::rules_of(world);
        faulty::fault fault;
        faulty::store const store{rt::store_of(world), fault};
        faulty::verifier const verifier{fault};
        std::array<faulty::limiter, 4> limiters{{{fault}, {fault}, {fault}, {fault}}};
        sp::manual_clock steady;
        sp::manual_wall_clock wall;
        sp::authorizer gate{store, table, verifier, limiters[0], steady, wall};
        rt::requests arriving(roll, world);
        event_loop loop;

        for (std::size_t n = 0; n < 4000 / haste; ++n) {
            auto const question = arriving.next();
            fault = {.now = question.broken, .thrown = roll.one_in(2)};
            steady.set(sp::steady_time(question.steady));
            wall.set(sp::wall_time(question.wall));
            auto const through = [&](std::size_t shell) {
                return doors{store, verifier, limiters[shell], steady.now(), wall.now()};
            };
            auto const asked = rt::request_of(question);
            auto const decided = gate.authorize(asked);
            if (!decided) arriving.told_to_wait(decided.denial().retry_after);

            auto const expected = in_words(decided);
            std::array<std::string, 3> told;
            told[0] = in_words(by_hand(through(1), table, asked));
            auto const hear = [&told](std::size_t shell) {
                return [&told, shell](auto const& made) { told[shell] = in_words(made); };
            };
            std::make_shared<called_back>(loop, through(2), table, asked, hear(1))->go_on();
            awaited(loop, through(3), table, asked, hear(2));
            loop.run();

            if (told == std::array{expected, expected, expected}) continue;
            INFO("seed " << seed << ", request " << n);
            CHECK(told[0] == expected);
            CHECK(told[1] == expected);
            REQUIRE(told[2] == expected);
        }
    }
}

TEST_CASE("passages that wait at the same time don't meet") {
    rt::dice roll(2000);
    auto world = rt::random_world(roll);
    for (auto& [api, windows] : world.limits) windows.clear();
    for (auto& client : world.clients) client.limits.clear();
    auto const table = rt::rules_of(world);
    faulty::fault fault;
    faulty::store const store{rt::store_of(world), fault};
    faulty::verifier const verifier{fault};
    faulty::limiter limiter{fault};
    rt::requests arriving(roll, world);
    sp::manual_wall_clock const wall{sp::wall_time(51ns)};
    sp::authorizer gate{store, table, verifier, limiter, wall};

    for (std::size_t round = 0; round < 200; ++round) {
        std::vector<chain_model::question> questions;
        for (std::size_t n = 0; n < 50; ++n) questions.push_back(arriving.next());
        std::vector<std::string> told(questions.size());
        event_loop loop;
        for (std::size_t n = 0; n < questions.size(); ++n) {
            auto const hear = [&told, n](op::decision const& made) { told[n] = in_words(made); };
            doors const through{store, verifier, limiter, {}, wall.now()};
            if (n % 2 == 0) {
                awaited(loop, through, table, rt::request_of(questions[n]), hear);
            } else {
                std::make_shared<called_back>(loop, through, table, rt::request_of(questions[n]), hear)->go_on();
            }
        }
        loop.run();
        for (std::size_t n = 0; n < questions.size(); ++n) {
            auto const expected = in_words(gate.authorize(rt::request_of(questions[n])));
            if (told[n] != expected) REQUIRE(told[n] == expected);
        }
    }
}

TEST_CASE("a passage asks for the record, then the proof, then the allowance") {
    traveller on(op::api::insights, credentials());
    REQUIRE(on.way.next() == need::record);
    CHECK(on.way.client() == id);
    auto const record = found(reader());
    on.way.answer(record);
    REQUIRE(on.way.next() == need::proof);
    on.way.answer(sp::verifier{sp::sha256_scheme{}}.verify(on.way.attempt(record, {}, {})));
    REQUIRE(on.way.next() == need::allowance);
    REQUIRE(on.way.claims().size() == 1);
    CHECK(on.way.claims()[0].quota == sp::at_most(100).per(10s));
    on.way.answer(admitted());
    REQUIRE(on.way.next() == need::nothing);
    CHECK(on.way.decided());
}

TEST_CASE("a passage that is asked for its decision too early grants nothing") {
    traveller on(op::api::insights, credentials());
    auto const record = found(reader());
    CHECK(on.way.decided().denial().status == 503);
    on.way.answer(record);
    CHECK(on.way.decided().denial().status == 503);
    on.way.answer(sp::verifier{sp::sha256_scheme{}}.verify(on.way.attempt(record, {}, {})));
    REQUIRE(on.way.next() == need::allowance);
    CHECK(on.way.decided().denial().status == 503);
    on.way.answer(admitted());
    CHECK(on.way.decided());
}

TEST_CASE("a passage that counts who runs asks for the permit once access is judged, and then for the allowance") {
    traveller on(op::api::insights, credentials());
    constexpr static sp::standard_budgets budgets{};
    on.way = passage(rules, on.asked, rules.fields.read(on.asked.headers), budgets, true);
    on.way.answer(found(reader()));
    auto const at_verifier = on.way;
    on.way.answer(sp::entry{.admitted = true});
    CHECK(on.refused() == reason::verifier_failed);

    on.way = at_verifier;
    on.way.answer(proven());
    REQUIRE(on.way.next() == need::permit);
    CHECK(on.way.key() == sp::rate_key{.client = id, .api = 2});
    auto const before = on.way;
    on.way.answer(sp::entry{.admitted = true});
    REQUIRE(on.way.next() == need::allowance);
    CHECK(on.way.claims()[0].key == before.key());
    on.way.answer(sp::entry{.admitted = true});
    CHECK(on.refused() == reason::limiter_failed);

    on.way = before;
    on.way.answer(sp::entry{.retry_after = 3s});
    REQUIRE(on.refused() == reason::too_many_at_once);
    CHECK(on.way.decided().denial().status == 429);
    CHECK(on.way.decided().denial().retry_after == 3s);

    on.way = before;
    on.way.answer(admitted());
    CHECK(on.refused() == reason::limiter_failed);
    on.way = before;
    on.way.answer_failed();
    CHECK(on.refused() == reason::limiter_failed);
}

TEST_CASE("what a request's own shape refuses asks for nothing") {
    CHECK(traveller(op::api::insights, {}).way.next() == need::nothing);
    CHECK(traveller(op::api::insights, {{"openpanel-client-id", "no id"}}).way.next() == need::nothing);
    CHECK(traveller(op::api::insights, {{"openpanel-client-id", id_text}}).way.next() == need::nothing);
    traveller const twice(op::api::insights, {{"openpanel-client-id", id_text}, {"openpanel-client-id", "another"}});
    CHECK(twice.way.next() == need::nothing);
}

TEST_CASE("a request without a secret is never verified") {
    traveller on(op::api::track, {{"openpanel-client-id", id_text}, {"origin", "https://shop.example"}});
    REQUIRE(on.way.next() == need::record);
    auto writer = reader();
    writer.level = op::level::write;
    writer.origins = {"https://shop.example"};
    on.way.answer(found(writer));
    CHECK(on.way.next() == need::allowance);
    CHECK_FALSE(on.way.claims()[0].key.proven);
}

TEST_CASE("an unlimited API asks for no allowance") {
    traveller on(op::api::insights, credentials());
    auto record = reader();
    record.limits = {{op::api::insights, sp::unlimited}};
    on.way.answer(found(record));
    on.way.answer(proven());
    REQUIRE(on.way.next() == need::nothing);
    CHECK(on.way.decided());
    CHECK(on.way.decided().rates().empty());
}

TEST_CASE("a budget all in shadow asks for an allowance, and is a grant whatever the answer") {
    traveller on(op::api::insights, credentials());
    auto record = reader();
    record.limits = {{op::api::insights, sp::in_shadow(sp::at_most(1).per(10s))}};
    on.way.answer(found(record));
    on.way.answer(proven());
    REQUIRE(on.way.next() == need::allowance);
    REQUIRE(on.way.claims().size() == 1);
    CHECK(on.way.claims()[0].shadow);
    auto const before = on.way;

    auto counted = admitted();
    counted.receipt.position = 4;
    REQUIRE(counted.states.push_back({.retry_after = 3s, .shadow = true}));
    on.way.answer(counted);
    CHECK(on.way.decided());
    CHECK(on.way.decided().would_refuse());
    CHECK(on.way.decided().receipt().position == 4);
    CHECK(on.way.observed(on.way.decided()).decision.would_refuse());

    on.way = before;
    on.way.answer({.outcome = sp::allowance::verdict::refused});
    CHECK(on.way.decided());
    on.way = before;
    on.way.answer(sp::allowance{});
    CHECK(on.way.decided());
    on.way = before;
    on.way.answer_failed();
    REQUIRE(on.way.decided());
    CHECK(on.way.next() == need::nothing);
    CHECK_FALSE(on.way.decided().would_refuse());
}

TEST_CASE("beside a limit in force a shadow makes no failing limiter a grant") {
    traveller on(op::api::insights, credentials());
    auto record = reader();
    record.limits = {{op::api::insights, {sp::in_shadow(sp::at_most(1).per(10s)), sp::at_most(9).per(10s)}}};
    on.way.answer(found(record));
    on.way.answer(proven());
    on.way.answer_failed();
    CHECK(on.refused() == reason::limiter_failed);
    CHECK(on.way.decided().denial().status == 503);
}

TEST_CASE("the store is asked for the project too, or for none") {
    auto const lines = credentials();
    op::request asked{.headers = lines, .api = op::api::insights, .project = "shop"};
    CHECK(passage(rules, asked, rules.fields.read(asked.headers)).project() == "shop");
    asked.project.reset();
    CHECK(passage(rules, asked, rules.fields.read(asked.headers)).project().empty());
}

TEST_CASE("an attempt at nobody's proof holds the store's decoys, and no secrets") {
    traveller on(op::api::insights, credentials("anything"));
    auto const decoys = std::make_shared<lookup::decoy_list const>(2, reader().secrets.front());
    auto const nobody = lookup::none().with_decoys(decoys);
    on.way.answer(nobody);
    REQUIRE(on.way.next() == need::proof);
    auto const attempt = on.way.attempt(nobody, sp::wall_time(7s), sp::steady_time(5s));
    CHECK(attempt.client == id);
    CHECK(attempt.presented == "anything");
    CHECK(attempt.secrets.empty());
    CHECK(attempt.decoys.data() == decoys->data());
    CHECK(attempt.decoys.size() == 2);
    CHECK(attempt.now == sp::wall_time(7s));
}

TEST_CASE("after the proof a passage needs nothing of the store's answer any more") {
    traveller on(op::api::insights, credentials());
    on.asked.project = "shop";
    {
        auto const record = found(reader(), "acme");
        on.way.answer(record);
        on.way.answer(sp::verifier{sp::sha256_scheme{}}.verify(on.way.attempt(record, {}, {})));
    }
    on.way.answer(admitted());
    REQUIRE(on.way.decided());
    CHECK(on.way.decided().principal().organization == sp::name("acme"));
    CHECK(on.way.decided().principal().secret == sp::sha256_scheme::store(right_secret).id());
}

TEST_CASE("a part that can't answer refuses by its own name") {
    traveller on(op::api::insights, credentials());
    auto const before = on.way;
    on.way.answer_failed();
    CHECK(on.refused() == reason::store_failed);

    on.way = before;
    on.way.answer(lookup::failed());
    CHECK(on.refused() == reason::store_failed);

    on.way = before;
    on.way.answer(found(reader()));
    on.way.answer_failed();
    CHECK(on.refused() == reason::verifier_failed);

    on.way = before;
    on.way.answer(found(reader()));
    on.way.answer(proven());
    on.way.answer_failed();
    CHECK(on.refused() == reason::limiter_failed);
    CHECK(on.way.decided().denial().status == 503);
}

TEST_CASE("an answer to what was not asked is a failure of what was, and never a grant") {
    traveller on(op::api::insights, credentials());
    auto const at_store = on.way;
    on.way.answer(admitted());
    CHECK(on.refused() == reason::store_failed);
    on.way = at_store;
    on.way.answer(proven());
    CHECK(on.refused() == reason::store_failed);

    on.way = at_store;
    on.way.answer(found(reader()));
    auto const at_verifier = on.way;
    on.way.answer(admitted());
    CHECK(on.refused() == reason::verifier_failed);
    on.way = at_verifier;
    on.way.answer(found(reader()));
    CHECK(on.refused() == reason::verifier_failed);

    on.way = at_verifier;
    on.way.answer(proven());
    auto const at_limiter = on.way;
    on.way.answer(proven());
    CHECK(on.refused() == reason::limiter_failed);
    on.way = at_limiter;
    on.way.answer(found(reader()));
    CHECK(on.refused() == reason::limiter_failed);
}

TEST_CASE("an answer after the decision changes nothing") {
    traveller on(op::api::insights, credentials());
    on.way.answer(found(reader()));
    on.way.answer({.outcome = sp::verification::verdict::wrong});
    REQUIRE(on.refused() == reason::wrong_secret);
    on.way.answer(proven());
    on.way.answer(admitted());
    on.way.answer(found(reader()));
    on.way.answer_failed();
    CHECK(on.refused() == reason::wrong_secret);
    CHECK(on.way.next() == need::nothing);
}

TEST_CASE("who is not known is never proven, whatever a verifier says") {
    traveller on(op::api::insights, credentials());
    on.way.answer(lookup::none());
    on.way.answer(proven());
    REQUIRE(on.way.next() == need::nothing);
    CHECK(on.refused() == reason::unknown_client);
}

TEST_CASE("what is observed is the decision, what was claimed, and the work that it took") {
    auto const lines = credentials("wrong");
    op::request const asked{
        .headers = lines, .api = op::api::export_, .project = "shop", .peer = sp::peer_address::parse("198.51.100.7")};
    passage way(rules, asked, rules.fields.read(asked.headers));
    auto const record = found(reader());
    way.answer(record);
    way.answer(sp::verifier{sp::sha256_scheme{}}.verify(way.attempt(record, {}, {})));
    auto const made = way.decided();
    auto const seen = way.observed(made);
    CHECK(seen.decision.denial().reason == reason::wrong_secret);
    CHECK(seen.api == op::api::export_);
    CHECK(seen.client == id);
    CHECK(seen.project == "shop");
    CHECK(seen.peer == asked.peer);
    CHECK(seen.derivations == 1);

    traveller const nobody(op::api::insights, {{"openpanel-client-id", "no id"}});
    CHECK_FALSE(nobody.way.observed(nobody.way.decided()).client);
}
