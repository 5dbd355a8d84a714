"""An export costs what it holds: `GET /export/events?pages=N` uses N of Export's limit."""

import demo
from demo import READ, ROOT, UNKNOWN, credentials

MALFORMED = ["", "0", "00", "-1", "+1", "%2B1", "10001", "4294967297", "99999999999999999999", "x", "5x", "0x5", "5.0", "5,6", "1e3", "5%00", "%zz",
             "%205", "5+", "\u0665"]
TWICE = ["pages=5&pages=6", "pages=5&pages=", "pages&pages=5", "pages=5&p%61ges=05", "pages=0&pages=0"]


class Costs(demo.DemoTest):
    """Each test spends another client's budget."""

    options = ["--limit=export=100/86400"]

    @classmethod
    def clients(cls):
        made = demo.records()
        cls.fresh = [f"9bf31c7f-f062-436a-9967-3a6e01a4b2{n:02}" for n in range(20, 30)]
        made["clients"] += [demo.record(client, "read") for client in cls.fresh]
        made["clients"][0]["limits"] = {"export": "10000/86400,9999/3600"}
        return made

    def setUp(self):
        self.client = self.fresh.pop()

    def ask(self, target, method="GET", client=None):
        return self.server.ask(method, target, credentials(client or self.client))

    def left_after(self, target, method="GET", client=None):
        """How much of the limit is left by a request that is granted."""
        answer = self.ask(target, method, client)
        self.assertEqual(answer.status, 200, answer.body)
        return int(answer.field("X-RateLimit-Remaining"))

    def test_an_export_of_50_pages_costs_50(self):
        self.assertEqual(self.left_after("/export/events"), 99)
        self.assertEqual(self.left_after("/export/events?pages=1"), 98)
        self.assertEqual(self.left_after("/export/events?pages=50"), 48)
        self.assertEqual(self.left_after("/export/events?projectId=shop&pages=7&pages=7"), 41)
        self.assertEqual(self.left_after("/export/events?p%61ges=%31%30"), 31)
        self.assertEqual(self.left_after("/export/events?pages=10", "HEAD"), 21)

    def test_what_does_not_fit_now_is_refused_whole_and_uses_nothing(self):
        self.assertEqual(self.left_after("/export/events?pages=60"), 40)
        for _ in range(3):
            answer = self.ask("/export/events?pages=41")
            self.assertEqual((answer.status, answer.field("X-RateLimit-Remaining")), (429, "40"))
            self.assertEqual(answer.json()["message"], "You have exceeded the rate limit for this endpoint.")
            self.assertGreater(int(answer.field("Retry-After")), 86_000)
        self.assertEqual(self.left_after("/export/events?pages=40"), 0)

    def test_a_cost_above_the_limit_is_refused_for_good(self):
        for pages in ("101", "10000"):
            answer = self.ask(f"/export/events?pages={pages}")
            self.assertEqual((answer.status, answer.field("Retry-After")), (429, None))
            self.assertEqual(answer.json()["message"], "This request can never pass the rate limit for this endpoint.")
        self.assertEqual(self.left_after("/export/events?pages=100"), 0)
        answer = self.ask("/export/events?pages=10000", client=READ)
        self.assertEqual((answer.status, answer.field("Retry-After")), (429, None), "one of its own two windows admits 9999")
        self.assertEqual(self.ask("/export/events?pages=9999", client=READ).status, 200)

    def test_the_answer_is_that_of_an_export(self):
        many, one = (self.ask(target).body for target in ("/export/events?pages=50", "/export/events"))
        self.assertEqual(many, one)

    def test_pages_mean_nothing_on_other_paths(self):
        for pages in ("50", *MALFORMED):
            before = self.left_after("/export/charts")
            self.assertEqual(self.left_after(f"/export/charts?pages={pages}"), before - 1)
        self.assertEqual(self.left_after("/insights/shop/metrics?pages=50"), 99)
        self.assertEqual(self.left_after("/insights/shop/metrics?pages=0"), 98)
        self.assertEqual(self.left_after("/manage/projects?pages=0", client=ROOT), 19)
        self.assertEqual(self.left_after("/manage/projects/shop?pages=5", client=ROOT), 18)
        self.assertEqual(self.server.ask("POST", "/track?pages=0", credentials(ROOT), b"{}").status, 200)
        for path in ("/healthz", "/metrics"):
            self.assertEqual(self.server.ask("GET", path + "?pages=0").status, 200)
        for query in ("Pages=0", "pages[]=0", "x=pages=0", "page=0"):
            self.assertEqual(self.ask("/export/events?" + query).status, 200)

    def test_a_number_of_pages_that_is_none_is_400_whoever_asks_and_counts_nothing(self):
        before = self.server.metrics()
        seen = set()
        for query in [f"pages={text}" for text in MALFORMED] + ["pages", "projectId=lab&pages=0", *TWICE]:
            for fields in ([], credentials(self.client), credentials(self.client, "wrong"), credentials(UNKNOWN), credentials("malformed")):
                with self.subTest(query=query, fields=fields):
                    answer = self.server.ask("GET", "/export/events?" + query, fields)
                    self.assertEqual(answer.status, 400)
                    self.assertEqual(self.server.ask("HEAD", "/export/events?" + query, fields).raw, answer.raw)
                    seen.add(answer.raw + answer.body)
        self.assertEqual(len(seen), 1, seen)
        self.assertEqual(answer.json(), {"error": "Bad Request", "message": "pages has to be one number from 1 to 10000"})
        self.assertEqual(answer.field("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual(answer.field("Cache-Control"), "no-store")
        self.assertEqual((answer.field("RateLimit"), answer.field("WWW-Authenticate"), answer.cors()), (None, None, set()))
        self.assertEqual(self.server.metrics(), before)
        self.assertEqual(self.left_after("/export/events"), 99)

    def test_such_a_request_is_refused_before_its_body_is_asked_for_and_leaves_the_connection_as_it_was(self):
        with self.server.connect() as connection:
            connection.send(demo.request("GET", "/export/events?pages=0", credentials(self.client)))
            self.assertEqual(connection.answer().status, 400)
            connection.send(demo.request("GET", "/export/events?pages=2", credentials(self.client)))
            self.assertEqual(connection.answer().field("X-RateLimit-Remaining"), "98")
            waiting = [*credentials(self.client), ("Content-Length", "5"), ("Expect", "100-continue")]
            connection.send(demo.request("GET", "/export/events?pages=0", waiting))
            self.assertEqual(connection.answer().status, 400)
            self.assertTrue(connection.ended())

    def test_other_methods_answer_as_ever(self):
        self.assertEqual(self.ask("/export/events?pages=0", "POST").status, 405)
        self.assertEqual(self.ask("/export/events?pages=0", "OPTIONS").status, 204)


class WithoutALimit(demo.DemoTest):
    options = ["--limit=export=none"]

    def test_any_number_of_pages_passes(self):
        answer = self.server.ask("GET", "/export/events?pages=10000", credentials(READ))
        self.assertEqual((answer.status, answer.field("RateLimit")), (200, None))


demo.main()
