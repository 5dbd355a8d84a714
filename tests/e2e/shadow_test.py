"""Limits in shadow: `--shadow-limit` changes no answer, and /metrics tells what it would have refused."""

import re

import demo
from demo import ORIGIN, READ, ROOT, UNKNOWN, WRITE, credentials

OWN = "9bf31c7f-f062-436a-9967-3a6e01a4b2d5"
LIMITS = ["--limit=export=5/86400", "--limit=track=3/86400", "--limit=manage=none"]
SHADOWS = ["--shadow-limit=export=2/86400,1/3600", "--shadow-limit", "track=1/86400", "--shadow-limit=manage=3/86400"]


def timeless(answer):
    """All bytes of an answer, but for the seconds that depend on the moment."""
    return re.sub(rb"(;t=|X-RateLimit-Reset: )[1-9][0-9]*", rb"\1N", answer.whole())


class InShadow(demo.DemoTest):
    options = [*LIMITS, *SHADOWS]

    @classmethod
    def clients(cls):
        made = demo.records()
        made["clients"].append(demo.record(OWN, "read", limits={"export": "4/86400"}))
        return made

    def would_refuse(self, act):
        """What limits in shadow would have refused of this, by API, and what it returns."""
        def counted():
            return {name: count for name, count in self.server.metrics().items() if "shadow" in name}

        before = counted()
        returned = act()
        refused = {re.search('"(.*)"', name)[1]: count - before[name] for name, count in counted().items()}
        return {api: count for api, count in refused.items() if count}, returned

    def ask(self, times, path, client, method="GET"):
        return lambda: [self.server.ask(method, path, credentials(client)).status for _ in range(times)]

    def test_every_answer_is_byte_for_byte_the_one_without_it(self):
        asked = [("GET", "/healthz", [])]
        for client in (READ, OWN, ROOT):
            asked += [("GET", "/export/events?pages=2", credentials(client)), ("HEAD", "/export/charts", credentials(client)),
                      ("GET", "/export/events?pages=9", credentials(client)), ("GET", "/export/events?pages=0", credentials(client)),
                      ("GET", "/insights/shop/metrics", credentials(client)), *[("GET", "/export/charts", credentials(client))] * 4]
        asked += [("GET", "/manage/projects", credentials(ROOT))] * 5
        asked += [("POST", "/track", credentials(WRITE))] * 5 + [("POST", "/track", [credentials(WRITE)[0], ORIGIN])] * 5
        asked += [("GET", "/export/events", credentials(UNKNOWN)), ("GET", "/export/events", credentials(READ, "wrong"))]
        here = demo.Server("--clients", str(self.file), *self.options)
        there = demo.Server("--clients", str(self.file), *LIMITS)
        answers = [[server.ask(*one) for one in asked] for server in (here, there)]
        self.assertIn(b"sallyport_shadow_refusals_total{api=\"export\"} 0\n", there.ask("GET", "/metrics").body)
        self.assertEqual([here.end(), there.end()], [0, 0])
        for one, tried, plain in zip(asked, *answers):
            with self.subTest(one):
                if "track" in one[1]:  # its answer has an id that is each server's own
                    tried.body, plain.body = (re.sub(rb"[0-9a-f]{32}", b"ID", answer.body) for answer in (tried, plain))
                self.assertEqual(timeless(tried), timeless(plain))
        self.assertEqual({answer.status for answer in answers[0]}, {200, 400, 401, 429})

    def test_what_would_have_been_refused_is_counted_by_api_whatever_was_decided(self):
        refused, statuses = self.would_refuse(self.ask(7, "/export/events", READ))
        self.assertEqual(statuses, [200] * 5 + [429] * 2, "two in a day are in shadow, five are in force")
        self.assertEqual(refused, {"export": 6}, "all but the first: one in an hour, of two windows once")
        refused, statuses = self.would_refuse(self.ask(3, "/track", WRITE, "POST"))
        self.assertEqual((refused, statuses), ({"track": 2}, [200] * 3))
        refused, statuses = self.would_refuse(lambda: [self.server.ask("POST", "/track", [credentials(WRITE)[0], ORIGIN]).status for _ in range(3)])
        self.assertEqual((refused, statuses), ({"track": 2}, [200] * 3), "by its origin it has a budget of its own, with what is in shadow")
        refused, statuses = self.would_refuse(self.ask(3, "/insights/shop/metrics", READ))
        self.assertEqual((refused, statuses), ({}, [200] * 3), "nothing is in shadow there")

    def test_an_api_without_a_limit_may_have_one_in_shadow(self):
        refused, statuses = self.would_refuse(self.ask(5, "/manage/projects", ROOT))
        self.assertEqual((refused, statuses), ({"manage": 2}, [200] * 5))
        self.assertIsNone(self.server.ask("GET", "/manage/projects", credentials(ROOT)).field("RateLimit-Policy"))

    def test_a_cost_counts_in_shadow_too(self):
        refused, statuses = self.would_refuse(self.ask(1, "/export/events?pages=2", ROOT))
        self.assertEqual((refused, statuses), ({"export": 1}, [200]), "above the limit in shadow")
        refused, statuses = self.would_refuse(self.ask(2, "/export/events?pages=0", ROOT))
        self.assertEqual((refused, statuses), ({}, [400] * 2))

    def test_limits_of_a_record_replace_those_in_shadow(self):
        refused, statuses = self.would_refuse(self.ask(5, "/export/events", OWN))
        self.assertEqual((refused, statuses), ({}, [200] * 4 + [429]))

    def test_who_proves_nothing_is_not_counted(self):
        refused, _ = self.would_refuse(lambda: [self.server.ask("GET", "/export/events", credentials(UNKNOWN)) for _ in range(5)])
        self.assertEqual(refused, {})


class InAnyOrder(demo.DemoTest):
    """An option in shadow may come before the one in force, and the default may stay."""

    options = ["--shadow-limit=manage=1/86400", "--shadow-limit=export=1/86400", "--limit=export=2/86400"]

    def test_both_are_there(self):
        for path, limit in (("/manage/projects", 20), ("/export/events", 2)):
            answers = [self.server.ask("GET", path, credentials(ROOT)) for _ in range(2)]
            self.assertEqual([answer.status for answer in answers], [200, 200])
            self.assertEqual(answers[0].field("X-RateLimit-Limit"), str(limit))
        counted = self.server.metrics()
        self.assertEqual([counted[f'sallyport_shadow_refusals_total{{api="{api}"}}'] for api in ("manage", "export", "track")], [1, 1, 0])


demo.main()
