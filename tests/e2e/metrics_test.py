"""What /metrics tells: enough for an operator, and to a stranger nothing about who exists."""

import re

import demo
from demo import ORIGIN, READ, ROOT, UNKNOWN, WRITE, credentials, record, stored

DISABLED, SECRETLESS, EXPIRED = (f"9bf31c7f-f062-436a-9967-3a6e01a4b2d{n}" for n in "567")


def two(secret, **more):
    return [{"hash": stored(secret), **more}, {"hash": stored(secret + " of before"), **more}]


class MetricsTest(demo.DemoTest):
    @classmethod
    def clients(cls):
        """Whoever has secrets has two."""
        return {**demo.records(), "clients": [
            record(READ, "read", secrets=two("right")), record(ROOT, "root", secrets=two("right")),
            record(WRITE, "write", secrets=two("right"), origins=[ORIGIN[1]], limits={"track": "1/86400"}),
            record(DISABLED, "read", secrets=two("right"), disabled=True), record(SECRETLESS, "read", secrets=[]),
            record(EXPIRED, "read", secrets=two("right", expires="2020-01-01T00:00:00Z"))]}

    def counted(self, act):
        """What has been counted more often after this than before."""
        before = self.server.metrics()
        act()
        after = self.server.metrics()
        return {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)}

    def ask(self, client, secret, path="/export/events"):
        return lambda: self.server.ask("GET", path, credentials(client, secret))


class TheText(MetricsTest):
    def test_it_is_prometheus_text_format(self):
        self.ask(UNKNOWN, "x")()
        answer = self.server.ask("GET", "/metrics")
        self.assertEqual(answer.field("Content-Type"), "text/plain; version=0.0.4; charset=utf-8")
        self.assertEqual(answer.field("Cache-Control"), "no-store")
        text = answer.body.decode("ascii")
        self.assertTrue(text.endswith("\n"))
        described, seen = [], set()
        for line in text.splitlines():
            if match := re.fullmatch(r"# HELP ([a-z_]+) \S.*", line):
                described.append(match[1])
            elif match := re.fullmatch(r"# TYPE ([a-z_]+) counter", line):
                self.assertEqual(described[-1], match[1])
            else:
                match = re.fullmatch(r'([a-z_]+)(\{(?:[a-z_]+="[^"\\]*",?)+\})? (0|[1-9][0-9]*)', line)
                self.assertTrue(match, line)
                self.assertEqual(match[1], described[-1])
                self.assertNotIn(match[1] + (match[2] or ""), seen)
                seen.add(match[1] + (match[2] or ""))
        self.assertEqual(len(described), len(set(described)))

    def test_grants_and_refusals_after_proof_are_counted_by_api_and_reason(self):
        def decisions(api, reason):
            return {f'sallyport_decisions_total{{api="{api}",reason="{reason}"}}': 1, "sallyport_verifications_total": 2}

        self.assertEqual(self.counted(self.ask(READ, "right")), decisions("export", "granted"))
        self.assertEqual(self.counted(self.ask(READ, "right", "/manage/projects")), decisions("manage", "access_not_allowed"))
        self.assertEqual(self.counted(self.ask(ROOT, "right", "/insights/lab/metrics")), decisions("insights", "out_of_scope"))
        track = lambda: self.server.ask("POST", "/track", credentials(WRITE, "right"), b"{}")
        self.assertEqual(self.counted(track), decisions("track", "granted"))
        self.assertEqual(self.counted(track), decisions("track", "rate_limited"))


class Strangers(MetricsTest):
    def test_no_count_tells_why_a_stranger_was_refused(self):
        expected = {'sallyport_decisions_total{api="export",reason="unproven"}': 1, "sallyport_verifications_total": 2}
        for client, secret in ((READ, "wrong"), (UNKNOWN, "wrong"), (UNKNOWN, "right"), (DISABLED, "right"), (DISABLED, "wrong"),
                               (SECRETLESS, "wrong"), (EXPIRED, "right"), (EXPIRED, "wrong"), (READ, "x" * 5000)):
            with self.subTest(f"{client} {secret[:9]}"):
                self.assertEqual(self.counted(self.ask(client, secret)), expected)

    def test_what_is_refused_by_its_shape_verifies_nothing(self):
        expected = {'sallyport_decisions_total{api="export",reason="unproven"}': 1}
        for fields in ([], credentials("malformed"), credentials(READ)[:1], credentials(UNKNOWN)[:1], [*credentials(READ), credentials(UNKNOWN)[0]]):
            with self.subTest(fields):
                self.assertEqual(self.counted(lambda: self.server.ask("GET", "/export/events", fields)), expected)

    def test_what_is_not_asked_of_the_gate_counts_nothing(self):
        for method, path in (("GET", "/healthz"), ("GET", "/metrics"), ("OPTIONS", "/track"), ("GET", "/x"), ("DELETE", "/export/events")):
            self.assertEqual(self.counted(lambda: self.server.ask(method, path, credentials(READ, "right"))), {})


class Throttled(MetricsTest):
    options = demo.UNLIMITED

    def test_neither_does_the_throttle(self):
        for client in (READ, UNKNOWN, DISABLED, SECRETLESS, EXPIRED):
            with self.subTest(client):
                self.assertEqual(self.counted(lambda: [self.ask(client, "wrong")() for _ in range(12)]), {
                    'sallyport_decisions_total{api="export",reason="unproven"}': 12, "sallyport_throttled_total": 2,
                    "sallyport_verifications_total": 24})


class Explained(MetricsTest):
    options = [*demo.UNMETERED, "--explain"]

    def test_who_explains_counts_each_reason(self):
        for client, secret, reason in ((READ, "wrong", "wrong_secret"), (UNKNOWN, "x", "unknown_client"), (DISABLED, "right", "client_disabled"),
                                       (EXPIRED, "right", "expired_secret"), ("malformed", "x", "malformed_client_id")):
            with self.subTest(reason):
                self.assertIn(f'sallyport_decisions_total{{api="export",reason="{reason}"}}', self.counted(self.ask(client, secret)))


demo.main()
