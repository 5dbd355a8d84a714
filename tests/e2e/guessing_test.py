"""Who guesses is told 429 before long, learns nothing on the way, and keeps nobody out who knows a secret."""

import os
import time
import unittest
import uuid

import demo
from demo import READ, ROOT, UNKNOWN, credentials, request

BEHIND_A_PROXY = ["--trusted-proxy=127.0.0.1/32"]
UNPROVEN = "9bf31c7f-f062-436a-9967-3a6e01a4b2d5"  # by all tests but one
LIMIT_FIELDS = ("RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def at(address):
    return ("X-Forwarded-For", address)


def statuses(answers):
    return [answer.status for answer in answers]


class GuessingTest(demo.DemoTest):
    options = [*demo.UNLIMITED, *BEHIND_A_PROXY]

    def ask(self, address, client, secret=None):
        return self.server.ask("GET", "/export/events", [*credentials(client, secret), at(address)])

    def guesses(self, address, clients):
        """The answers to a wrong secret for each, one after the other on one connection."""
        answers = []
        with self.server.connect() as connection:
            for number, client in enumerate(clients):
                connection.send(request("GET", "/export/events", [*credentials(client, f"guess {number}"), at(address)]))
                answers.append(connection.answer())
        return answers


class Guesses(GuessingTest):
    def test_121_wrong_secrets_end_in_429_for_a_known_and_an_unknown_id_alike(self):
        known = self.guesses("192.0.2.1", [READ] * 121)
        unknown = self.guesses("192.0.2.2", [UNKNOWN] * 121)
        self.assertEqual(statuses(known), [401] * 10 + [429] * 111)
        self.assertEqual([answer.whole() for answer in known], [answer.whole() for answer in unknown])

    def test_that_429_says_when_to_come_back_and_no_more(self):
        last = self.guesses("192.0.2.3", [READ] * 11)[-1]
        self.assertEqual(last.status, 429)
        self.assertIn(int(last.field("Retry-After")), range(1, 61))
        self.assertEqual([last.field(name) for name in LIMIT_FIELDS], [None] * 5)
        self.assertEqual(last.body, b'{"status":429,"error":"Too Many Requests",'
                                    b'"message":"You have exceeded the rate limit for this endpoint."}')
        self.assertEqual(last.field("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual(last.field("Cache-Control"), "no-store")

    def test_the_right_secret_passes_from_elsewhere_and_from_the_tripped_address(self):
        self.assertEqual(self.guesses("192.0.2.4", [READ] * 121)[-1].status, 429)
        self.assertEqual(self.ask("192.0.2.5", READ).status, 200)
        self.assertEqual(self.ask("192.0.2.4", READ).status, 200)
        self.assertEqual(self.ask("192.0.2.4", READ, "wrong").status, 429)

    def test_who_tries_another_id_each_time_is_told_429_at_the_101st(self):
        answers = self.guesses("192.0.2.6", [str(uuid.uuid4()) for _ in range(150)])
        self.assertEqual(statuses(answers), [401] * 100 + [429] * 50)
        self.assertEqual(self.ask("192.0.2.6", READ, "wrong").status, 429)
        self.assertEqual(self.ask("192.0.2.6", READ).status, 200)

    def test_a_v6_network_of_64_bits_is_one_peer(self):
        answers = [self.ask(f"2001:db8:0:1::{number:x}", READ, "wrong") for number in range(11)]
        self.assertEqual(statuses(answers), [401] * 10 + [429])
        self.assertEqual(self.ask("2001:db8:0:2::1", READ, "wrong").status, 401)

    def test_a_request_without_a_secret_is_no_guess(self):
        for _ in range(30):
            answer = self.server.ask("GET", "/export/events", [("openpanel-client-id", READ), at("192.0.2.7")])
            self.assertEqual(answer.status, 401)
        self.assertEqual(self.ask("192.0.2.7", READ, "wrong").status, 401)


class GuessesAtExpensiveHashes(GuessingTest):
    @classmethod
    def clients(cls):
        return {**demo.records(), "clients": [demo.hashed_at_length(READ, "read"), demo.hashed_at_length(ROOT, "root"),
                                             demo.hashed_at_length(UNPROVEN, "root")]}

    def test_a_known_and_an_unknown_id_are_answered_alike(self):
        known, unknown = self.guesses("192.0.2.1", [READ] * 12), self.guesses("192.0.2.2", [UNKNOWN] * 12)
        self.assertEqual(statuses(known), [401] * 10 + [429] * 2)
        self.assertEqual([answer.whole() for answer in known], [answer.whole() for answer in unknown])

    def test_200_wrong_secrets_at_once_cost_no_more_hashes_than_the_throttle_admits(self):
        for address, client in (("192.0.2.3", ROOT), ("192.0.2.4", UNKNOWN)):
            with self.subTest(client):
                before = self.server.verifications()
                answers = self.server.ask_at_once([
                    request("GET", "/export/events", [*credentials(client, f"guess {number}"), at(address)]) for number in range(200)])
                hashed = self.server.verifications() - before
                self.assertLessEqual(set(statuses(answers)), {401, 429, 503})
                self.assertIn(hashed, range(1, 11))
                self.assertEqual(statuses(answers).count(401), hashed)
                for answer in answers:
                    if answer.status == 503:
                        self.assertGreater(int(answer.field("Retry-After")), 0)
                        self.assertEqual(answer.json()["error"], "Service Unavailable")
                later = self.guesses(address, [client] * 12)
                self.assertEqual(hashed + statuses(later).count(401), 10, "what was not hashed was not counted")
                self.assertEqual(self.server.verifications() - before, 10)

    def test_200_equal_right_secrets_at_once_cost_one_hash_and_all_pass(self):
        before = self.server.verifications()
        right = request("GET", "/export/events", [*credentials(UNPROVEN), at("192.0.2.5")])
        self.assertEqual(statuses(self.server.ask_at_once([right] * 200)), [200] * 200)
        self.assertEqual(self.server.verifications() - before, 1)

    def test_who_was_proven_before_passes_from_a_tripped_address_and_who_was_not_waits(self):
        self.assertEqual(self.ask("192.0.2.6", READ).status, 200)
        for client in (READ, ROOT):
            self.assertEqual(self.guesses("192.0.2.7", [client] * 11)[-1].status, 429)
        self.assertEqual(self.ask("192.0.2.7", READ).status, 200)
        self.assertEqual(self.ask("192.0.2.7", ROOT).status, 429)
        self.assertEqual(self.ask("192.0.2.8", ROOT).status, 200)
        self.assertEqual(self.ask("192.0.2.7", ROOT).status, 200, "proven elsewhere in the meantime")

    def test_a_thread_that_hashes_gives_way_and_one_that_answers_at_once_does_not(self):
        self.assertEqual(self.ask("192.0.2.10", UNKNOWN).status, 401)
        threads = sorted(int(thread) for thread in os.listdir(f"/proc/{self.server.process.pid}/task"))
        niceness = [os.getpriority(os.PRIO_PROCESS, thread) for thread in threads]
        own = os.getpriority(os.PRIO_PROCESS, 0)
        self.assertEqual((niceness[0], niceness[-1]), (own, own), "the first and the last started are those that answer at once")
        self.assertIn(19, niceness)

    def test_what_is_proven_again_costs_no_hash(self):
        self.assertEqual(self.ask("192.0.2.9", READ).status, 200)
        before = self.server.metrics()
        self.assertEqual(self.ask("192.0.2.9", READ).status, 200)
        after = self.server.metrics()
        self.assertEqual(after["sallyport_verifications_total"], before["sallyport_verifications_total"])
        self.assertEqual(after["sallyport_cache_hits_total"], before["sallyport_cache_hits_total"] + 1)


class TheOption(unittest.TestCase):
    def serve(self, option):
        server = demo.Server(*demo.UNLIMITED, option)
        self.addCleanup(server.end)
        return server

    def test_none_lets_everybody_guess_for_ever(self):
        server = self.serve("--failed-attempts=none")
        self.assertEqual({server.ask("GET", "/export/events", credentials(READ, "wrong")).status for _ in range(121)}, {401})

    def test_another_number_in_another_time(self):
        server = self.serve("--failed-attempts=2/2")

        def guess():
            return server.ask("GET", "/export/events", credentials(READ, "wrong"))

        first = guess()
        answers = [guess() for _ in range(8)]
        refused = [answer for answer in answers if answer.status == 429]
        self.assertEqual(first.status, 401)
        self.assertTrue(refused)
        wait = int(refused[-1].field("Retry-After"))
        self.assertIn(wait, (1, 2))
        time.sleep(wait)
        self.assertEqual(guess().status, 401, "who waits as long as it was told may try again")

    def test_what_is_no_such_option(self):
        for text in ("0/60", "10/0", "10", "10/", "/60", "x", "-1/60", "10001/60", "10/86401", "10/60s", " 10/60", "10/60,100/3600",
                     "None", "10/60\n"):
            with self.subTest(text):
                ended, output, errors = demo.run("--port=0", f"--failed-attempts={text}")
                self.assertEqual((ended, output, errors.count("\n")), (2, "", 1), errors)
                for part in ("--failed-attempts", "expected N/SECONDS", "10000", "86400", "none"):
                    self.assertIn(part, errors)


demo.main()
