"""With --require-https, a secret that came in the clear is refused before anybody looks at it."""

import unittest

import demo
from demo import ORIGIN, READ, UNKNOWN, WRITE, credentials

ID = [("openpanel-client-id", READ)]
SECRETS_IN_CLEAR = "sallyport_secrets_in_clear_total"


def proto(*values):
    return [("X-Forwarded-Proto", value) for value in values]


class HttpsTest(demo.DemoTest):
    def ask(self, *fields):
        return self.server.ask("GET", "/export/events", fields)

    def reason(self, *fields):
        answer = self.ask(*fields)
        self.assertEqual(answer.status, 401, answer.body)
        return answer.json()["reason"]


class InTheClear(HttpsTest):
    options = [*demo.UNMETERED, "--require-https"]

    def test_the_caller_sees_the_401_of_every_refusal(self):
        in_clear = self.ask(*credentials(READ))
        self.assertEqual(in_clear.status, 401)
        for others in ([], ID, credentials(READ, "wrong"), credentials(UNKNOWN), credentials("malformed"), [*credentials(READ), *proto("https")],
                       [*credentials(READ), ("Forwarded", "proto=https"), ("X-Forwarded-Ssl", "on"), ("Front-End-Https", "on")]):
            with self.subTest(others):
                self.assertEqual(self.ask(*others).whole(), in_clear.whole())

    def test_no_secret_is_looked_at_and_each_is_counted(self):
        before = self.server.metrics()
        for fields in (credentials(READ), credentials(READ, "wrong"), credentials(UNKNOWN)):
            self.ask(*fields)
        self.ask(*ID)
        self.ask(*credentials("malformed"))
        after = self.server.metrics()
        self.assertEqual(after["sallyport_verifications_total"], before["sallyport_verifications_total"])
        self.assertEqual(after[SECRETS_IN_CLEAR] - before[SECRETS_IN_CLEAR], 3)

    def test_what_asks_for_no_credentials_needs_no_encryption(self):
        for method, path, status in (("GET", "/healthz", 200), ("GET", "/metrics", 200), ("OPTIONS", "/track", 204), ("GET", "/x", 404)):
            self.assertEqual(self.server.ask(method, path).status, status)


class OrderOfRefusals(HttpsTest):
    options = [*demo.UNMETERED, "--require-https", "--explain"]

    def test_it_comes_after_the_ids_shape_and_before_all_else(self):
        secret = credentials(READ)[1]
        self.assertEqual(self.reason(*credentials(READ), secret, (secret[0], "another")), "ambiguous_credentials")
        self.assertEqual(self.reason(secret), "missing_client_id")
        self.assertEqual(self.reason(("openpanel-client-id", "x"), secret), "malformed_client_id")
        for fields in (ID, credentials(READ), credentials(READ, "wrong"), credentials(UNKNOWN)):
            self.assertEqual(self.reason(*fields), "insecure_transport")

    def test_a_browser_is_held_to_it_too(self):
        answer = self.server.ask("POST", "/track", [("openpanel-client-id", WRITE), ORIGIN], b"{}")
        self.assertEqual((answer.status, answer.json()["reason"]), (401, "insecure_transport"))


class ThroughAProxy(HttpsTest):
    options = [*demo.UNMETERED, "--require-https", "--explain", "--trusted-proxy=127.0.0.1/32"]

    def test_one_word_of_https_lets_it_pass(self):
        for value in ("https", "HTTPS", " https "):
            self.assertEqual(self.ask(*credentials(READ), *proto(value)).status, 200)
        self.assertEqual(self.ask(*credentials(READ), *proto("https"), ("X-Forwarded-For", "203.0.113.7")).status, 200)
        self.assertEqual(self.reason(*credentials(READ, "wrong"), *proto("https")), "wrong_secret")
        self.assertEqual(self.reason(*ID, *proto("https")), "missing_client_secret")

    def test_anything_else_does_not(self):
        for values in ((), ("http",), ("",), ("https", "https"), ("https", "http"), ("http", "https"), ("https,https",), ("https, http",),
                       ("wss",), ("\"https\"",), ("https;",), ("on",)):
            with self.subTest(values):
                self.assertEqual(self.reason(*credentials(READ), *proto(*values)), "insecure_transport")
        for name, value in (("Forwarded", "for=203.0.113.7;proto=https"), ("X-Forwarded-Protocol", "https"), ("X-Forwarded-Scheme", "https"),
                            ("X-Forwarded-Ssl", "on"), ("X-Forwarded-Port", "443"), ("X-Url-Scheme", "https")):
            with self.subTest(name):
                self.assertEqual(self.reason(*credentials(READ), (name, value)), "insecure_transport")


class ThroughAProxyThatSaysForwarded(HttpsTest):
    options = [*demo.UNMETERED, "--require-https", "--explain", "--trusted-proxy=127.0.0.1", "--trusted-proxy=10.0.0.0/8",
               "--forwarded-field=Forwarded"]

    def test_the_hop_that_the_caller_spoke_to_says_it(self):
        for value in ("for=203.0.113.7;proto=https", "proto=HTTPS;for=203.0.113.7", 'for="203.0.113.7";proto="https"',
                      "for=198.51.100.1;proto=http, for=203.0.113.7;proto=https", "for=203.0.113.7;proto=https, for=10.1.2.3;proto=http"):
            with self.subTest(value):
                self.assertEqual(self.ask(*credentials(READ), ("Forwarded", value)).status, 200)

    def test_anything_else_does_not_count(self):
        for value in ("for=203.0.113.7;proto=http", "for=203.0.113.7", "for=203.0.113.7;proto=https;proto=https", "for=203.0.113.7;proto=https;proto=http",
                      "for=203.0.113.7;proto=https, for=203.0.113.7;proto=http", "for=203.0.113.7;proto=https,for=203.0.113.7", "for=203.0.113.7;protos=https"):
            with self.subTest(value):
                self.assertEqual(self.reason(*credentials(READ), ("Forwarded", value)), "insecure_transport")
        self.assertEqual(self.reason(*credentials(READ), *proto("https")), "insecure_transport")


class WithoutTheOption(unittest.TestCase):
    def test_nobody_asks_for_encryption(self):
        server = demo.Server(*demo.UNMETERED, "--explain", "--trusted-proxy=127.0.0.1")
        self.addCleanup(server.end)
        answer = server.ask("GET", "/export/events", [*credentials(READ), *proto("http")])
        self.assertEqual(answer.json()["reason"], "unknown_client")
        self.assertEqual(server.metrics()[SECRETS_IN_CLEAR], 0)


demo.main()
