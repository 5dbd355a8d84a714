"""Started without records, the demo makes three clients and shows how to use them."""

import re
import shutil
import subprocess
import unittest
import uuid

import demo


class MadeClients(unittest.TestCase):
    def setUp(self):
        self.server = demo.Server()
        self.output = "".join(self.server.output)

    def tearDown(self):
        self.assertEqual(self.server.end(), 0)

    def test_each_id_and_each_secret_is_shown_once(self):
        ids = re.findall(r"openpanel-client-id: ([^']*)", self.output)
        secrets = re.findall(r"openpanel-client-secret: ([^']*)", self.output)
        self.assertEqual([len(set(ids)), len(set(secrets))], [3, 3])
        for text in ids + secrets:
            self.assertEqual(self.output.count(text), 1)
        for secret in secrets:
            self.assertRegex(secret, "^demo_[a-z2-7]{59}$")
        for made in ids:
            self.assertEqual(uuid.UUID(made).version, 4)

    def test_the_curl_lines_work_when_pasted(self):
        lines = [line for line in self.output.splitlines() if line.startswith("curl ")]
        self.assertEqual(len(lines), 3)
        if not shutil.which("curl"):
            self.skipTest("there is no curl here")
        bodies = [subprocess.run(["bash", "-c", line + " -fsS"], capture_output=True, check=True).stdout for line in lines]
        self.assertIn(b'"deviceId"', bodies[0])
        self.assertIn(b'"type":"read"', bodies[1])
        self.assertIn(b'"type":"root"', bodies[2])

    def test_a_hangup_changes_nothing(self):
        self.server.signal(demo.signal.SIGHUP)
        self.assertEqual(self.server.ask("GET", "/healthz").status, 200)
        self.assertEqual(self.server.said(), "")


demo.main()
