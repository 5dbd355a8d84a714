"""The recorded requests, with what the contract makes of each."""

import json
import unittest

import demo


def cases():
    return [json.loads(line) for line in (demo.DATA / "demo_cases.jsonl").read_text().splitlines()]


def before_proof(case):
    return case["expect"]["status"] == 401 and case["expect"]["reason"] not in ("access_not_allowed", "out_of_scope")


class RecordedCases(unittest.TestCase):
    def ask_all(self, *options):
        """Every case with its answer, from a server of these options."""
        server = demo.Server("--clients", str(demo.DATA / "demo_clients.json"), *demo.UNMETERED, *options)
        answers = [(case, server.ask(case["method"], case["path"], case["headers"])) for case in cases()]
        self.assertEqual(server.end(), 0)
        return answers

    def check(self, case, answer):
        expected = case["expect"]
        self.assertEqual(answer.status, expected["status"])
        if "message" in expected:
            self.assertEqual(answer.json()["message"], expected["message"])

    def test_each_has_the_expected_status_message_and_reason(self):
        answers = self.ask_all("--explain")
        self.assertEqual(len(answers), 167)
        for case, answer in answers:
            with self.subTest(n=case["n"], name=case["name"]):
                self.check(case, answer)
                if answer.status == 401:
                    self.assertEqual(answer.json()["reason"], case["expect"]["reason"])

    def test_without_explanations_every_refusal_before_proof_is_the_same_to_the_byte(self):
        seen = {True: set(), False: set()}
        for case, answer in self.ask_all():
            with self.subTest(n=case["n"], name=case["name"]):
                self.check(case, answer)
                self.assertNotIn(b"reason", answer.body)
            if before_proof(case):
                seen[case["path"] == "/track"].add(answer.raw + answer.body)
        self.assertEqual([len(seen[True]), len(seen[False])], [1, 1], seen)
        on_track, elsewhere = (answer.decode().split("\r\n") for answer in (*seen[True], *seen[False]))
        self.assertEqual([line for line in on_track if not line.startswith("Access-Control-")], elsewhere)
        self.assertEqual(elsewhere[-1], '{"error":"Unauthorized","message":"Invalid client credentials"}')
        self.assertIn('WWW-Authenticate: OpenPanel realm="api"', elsewhere)
        self.assertIn("Cache-Control: no-store", elsewhere)
        self.assertIn("Content-Type: application/json; charset=utf-8", elsewhere)


demo.main()
