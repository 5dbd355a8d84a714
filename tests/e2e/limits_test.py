"""Limits, as a caller sees them."""

import re
import time

import demo
from demo import ORIGIN, READ, ROOT, WRITE, credentials

LIMITED = "9bf31c7f-f062-436a-9967-3a6e01a4b2d5"


def asks(connection, count, path="/export/events", fields=(), method="GET"):
    """This many equal requests on one connection, and their answers."""
    answers = []
    for _ in range(count):
        connection.send(demo.request(method, path, fields))
        answers.append(connection.answer())
    return answers


class DefaultLimits(demo.DemoTest):
    options = []

    @classmethod
    def clients(cls):
        made = demo.records()
        made["clients"].append(demo.record(LIMITED, "read", limits={"export": "3/3600,10/86400", "insights": "none"}))
        return made

    def test_wrong_secrets_use_nothing_up_and_the_101st_export_is_429(self):
        with self.server.connect() as connection:
            wrong = asks(connection, 101, fields=credentials(READ, "wrong"))
            self.assertEqual([answer.status for answer in wrong], [401] * 10 + [429] * 91)
            self.assertEqual({answer.field("RateLimit") for answer in wrong}, {None})
            answers = asks(connection, 101, fields=credentials(READ))
        self.assertEqual([answer.status for answer in answers], [200] * 100 + [429])
        self.assertEqual([int(answer.field("X-RateLimit-Remaining")) for answer in answers[:3]], [99, 98, 97])
        last = answers[-1]
        self.assertEqual(last.body, b'{"status":429,"error":"Too Many Requests",'
                                    b'"message":"You have exceeded the rate limit for this endpoint."}')
        self.assertIn(int(last.field("Retry-After")), range(1, 11))
        self.assertEqual(last.field("RateLimit-Policy"), '"export";q=100;w=10')
        self.assertRegex(last.field("RateLimit"), re.compile(r'^"export";r=0;t=([1-9]|10)$'))
        self.assertEqual((last.field("X-RateLimit-Limit"), last.field("X-RateLimit-Remaining")), ("100", "0"))
        self.assertIn(int(last.field("X-RateLimit-Reset")), range(1, 11))
        self.assertEqual(last.field("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual(last.field("Cache-Control"), "no-store")
        self.assertEqual(self.server.ask("GET", "/export/charts", credentials(ROOT)).status, 200, "another client's own budget")
        self.assertEqual(self.server.ask("GET", "/insights/shop/metrics", credentials(READ)).status, 200, "another API's")

    def test_head_is_metered_as_get(self):
        for method in ("GET", "HEAD") * 10:
            self.assertEqual(self.server.ask(method, "/manage/projects", credentials(ROOT)).status, 200)
        self.assertEqual(self.server.ask("HEAD", "/manage/projects", credentials(ROOT)).status, 429)

    def test_a_record_has_limits_of_its_own(self):
        with self.server.connect() as connection:
            answers = asks(connection, 4, fields=credentials(LIMITED))
            free = asks(connection, 150, "/insights/shop/metrics", credentials(LIMITED))
        self.assertEqual([answer.status for answer in answers], [200, 200, 200, 429])
        self.assertEqual(answers[0].field("RateLimit-Policy"), '"export-3600s";q=3;w=3600, "export-86400s";q=10;w=86400')
        self.assertEqual({answer.status for answer in free}, {200})
        self.assertIsNone(free[0].field("RateLimit"))


class SeveralWindows(demo.DemoTest):
    options = ["--limit=export=3/86400,2/3"]

    def test_each_window_of_an_option_must_admit(self):
        with self.server.connect() as connection:
            answers = asks(connection, 3, fields=credentials(READ))
            self.assertEqual([answer.status for answer in answers], [200, 200, 429], "two in three seconds")
            self.assertEqual(answers[0].field("RateLimit-Policy"), '"export-86400s";q=3;w=86400, "export-3s";q=2;w=3')
            self.assertIn(int(answers[2].field("Retry-After")), range(1, 4))
            self.assertEqual(answers[2].field("X-RateLimit-Limit"), "2")
            time.sleep(int(answers[2].field("Retry-After")))
            answers = asks(connection, 2, fields=credentials(READ))
        self.assertEqual([answer.status for answer in answers], [200, 429], "three in a day, and the refused one is none of them")
        self.assertGreater(int(answers[1].field("Retry-After")), 86_000)
        self.assertEqual((answers[1].field("X-RateLimit-Limit"), answers[1].field("X-RateLimit-Remaining")), ("3", "0"))


class TracksBudgets(demo.DemoTest):
    options = ["--limit=track=5/86400"]

    def test_what_came_by_its_origin_uses_a_budget_of_its_own(self):
        by_origin = [("openpanel-client-id", WRITE), ORIGIN]
        with self.server.connect() as connection:
            answers = asks(connection, 6, "/track", by_origin, "POST")
            self.assertEqual([answer.status for answer in answers], [200] * 5 + [429])
            self.assertTrue(answers[0].field("RateLimit").startswith('"track";r=4;'))
            answers = asks(connection, 6, "/track", [*credentials(WRITE), ORIGIN], "POST")
            self.assertEqual([answer.status for answer in answers], [200] * 5 + [429], "the right secret's own")
            wrong = asks(connection, 1, "/track", [*credentials(WRITE, "wrong"), ORIGIN], "POST")
            self.assertEqual(wrong[0].status, 401)


demo.main()
