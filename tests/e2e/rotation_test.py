"""Secrets that come and go: two pass during an overlap, and one that is taken away stops at the next request."""

import json
import time

import demo
from demo import READ, ROOT, credentials, record, stored, stored_by_scrypt


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class RotationTest(demo.DemoTest):
    options = [*demo.UNMETERED, "--explain"]

    def store(self, *secrets, **more):
        """Gives READ these secrets, and has the demo read them."""
        client = record(READ, "read", secrets=list(secrets), **more)
        self.file.write_text(json.dumps({**demo.records(), "clients": [record(ROOT, "root"), client]}))
        self.assertIn("2 clients", self.server.reload())

    def outcome(self, secret):
        answer = self.server.ask("GET", "/export/events", credentials(READ, secret))
        return "passes" if answer.status == 200 else answer.json()["reason"]

    def outcomes(self, *secrets):
        return [self.outcome(secret) for secret in secrets]


class Rotation(RotationTest):
    def hash_of(self, secret):
        return {"hash": stored(secret)}

    def test_old_and_new_pass_during_the_overlap(self):
        self.store({**self.hash_of("old"), "expires": moment(time.time() + 3600)}, self.hash_of("new"))
        self.assertEqual(self.outcomes("old", "new", "other"), ["passes", "passes", "wrong_secret"])

    def test_outside_of_its_time_a_secret_proves_nothing(self):
        self.store({**self.hash_of("old"), "expires": moment(time.time() - 1)}, {**self.hash_of("next"), "not_before": moment(time.time() + 3600)},
                   self.hash_of("new"))
        self.assertEqual(self.outcomes("old", "next", "new"), ["expired_secret", "expired_secret", "passes"])

    def test_a_secret_ends_at_its_second_and_another_begins(self):
        self.store(self.hash_of("old"), self.hash_of("next"))
        self.assertEqual(self.outcomes("old", "next"), ["passes", "passes"], "and may be remembered from now on")
        end = int(time.time()) + 2
        self.store({**self.hash_of("old"), "expires": moment(end)}, {**self.hash_of("next"), "not_before": moment(end)})
        over = False
        while not over:
            over = time.time() >= end
            seen = self.outcomes("old", "next")
            if over:
                self.assertEqual(seen, ["expired_secret", "passes"])
            elif time.time() < end:
                self.assertEqual(seen, ["passes", "expired_secret"])
            time.sleep(0.01)

    def test_a_secret_that_is_taken_away_stops_at_the_next_request(self):
        self.store(self.hash_of("old"), self.hash_of("new"))
        self.assertEqual(self.outcomes("old", "old", "new"), ["passes"] * 3)
        self.store(self.hash_of("new"))
        self.assertEqual(self.outcomes("old", "new"), ["wrong_secret", "passes"])
        self.store()
        self.assertEqual(self.outcomes("old", "new"), ["wrong_secret", "wrong_secret"])

    def test_a_client_that_is_disabled_stops_at_the_next_request_and_comes_back(self):
        self.store(self.hash_of("kept"))
        self.assertEqual(self.outcomes("kept", "kept"), ["passes", "passes"])
        self.store(self.hash_of("kept"), disabled=True)
        self.assertEqual(self.outcomes("kept", "wrong"), ["client_disabled", "wrong_secret"])
        self.store(self.hash_of("kept"))
        self.assertEqual(self.outcome("kept"), "passes")


class RotationOfExpensiveHashes(Rotation):
    """The same, of secrets that are remembered once they are proven."""

    SALTS = {"old": "0a", "new": "0b", "next": "0c", "kept": "0d"}

    def hash_of(self, secret):
        return {"hash": stored_by_scrypt(secret, self.SALTS[secret] * 16)}

    def test_a_secret_stored_anew_is_proven_anew(self):
        self.store(self.hash_of("kept"))
        self.assertEqual(self.outcomes("kept", "kept"), ["passes", "passes"])
        before = self.server.verifications()
        self.store({"hash": stored_by_scrypt("kept", "ff" * 16)})
        self.assertEqual(self.outcomes("kept", "kept"), ["passes", "passes"])
        self.assertEqual(self.server.verifications() - before, 1)


demo.main()
