"""A secret goes into the demo, rightly or by mistake, and comes out nowhere: no answer, no line, no count shows it."""

import base64
import hashlib
import json
import pathlib
import tempfile
import unittest

import demo
from demo import ORIGIN, READ, ROOT, UNKNOWN, WRITE, credentials, record, request

MARK = "pl41n-53cr3t-0f-n0b0dy"  # each secret contains it
RIGHT = MARK + "-right"
PEPPER = MARK + "-pepper"
SPELLINGS = [text.lower().encode() for text in (MARK, MARK.encode().hex(), MARK.replace("-", "%2d"))] + [
    base64.b64encode(MARK.encode())[:-4].lower()]
DIGESTS = [hashlib.sha256(RIGHT.encode()).hexdigest().encode(), demo.stored_by_scrypt(RIGHT).split(".")[1].encode()]


class Leaks(unittest.TestCase):
    """Every answer, line of output and line of errors of a test is searched at its end."""

    def setUp(self):
        self.seen = []
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "clients.json"
        self.write(record(READ, "read", secrets=[{"hash": demo.stored(RIGHT)}]),
                   record(ROOT, "root", secrets=[{"hash": demo.stored_by_scrypt(RIGHT)}]),
                   record(WRITE, "write", secrets=[{"hash": demo.stored(RIGHT)}], origins=[ORIGIN[1]]))

    def tearDown(self):
        everything = b"\n".join(self.seen).lower()
        self.assertGreater(len(everything), 100)
        for spelling in [*SPELLINGS, *DIGESTS]:
            at = everything.find(spelling)
            self.assertEqual(at, -1, everything[max(0, at - 200):at + 200])

    def write(self, *clients):
        self.file.write_text(json.dumps({**demo.records(), "clients": list(clients)}))

    def serve(self, *options):
        self.server = demo.Server("--clients", str(self.file), "--limit=export=3/86400", *options,
                                  environment={"SALLYPORT_PEPPER": PEPPER, "SALLYPORT_PEPPER_KEYID": "k1"})
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.process.terminate)
        return self.server

    def stop(self):
        self.seen.append(self.server.ask("GET", "/metrics").whole())
        process = self.server.process
        process.terminate()
        self.seen += [*(line.encode() for line in self.server.output), process.stdout.read().encode()]
        self.assertEqual(process.wait(demo.PATIENCE), 0)
        self.seen.append(self.server.said().encode())

    def ask(self, method, path, fields=(), body=None, status=None):
        answer = self.server.ask(method, path, fields, body)
        self.seen.append(answer.raw + answer.body)
        if status:
            self.assertEqual(answer.status, status)
        return answer.status

    def push_through(self):
        """The secret at every place of a request, and every kind of answer to it."""
        right, wrong = RIGHT, MARK + "-wrong"
        everywhere = [("Authorization", f"Bearer {READ}.{right}"), ("Cookie", f"secret={right}"), ("Origin", f"https://{MARK}.example"),
                      ("Authorization", "Basic " + base64.b64encode(f"{READ}:{right}".encode()).decode()), ("X-Forwarded-For", right),
                      ("X-Api-Key", right), ("Forwarded", f"for={right}"), ("openpanel-client-ip", right)]
        for client in (READ, ROOT, WRITE, UNKNOWN, UNKNOWN.upper(), right, ""):
            for secret in (right, wrong, right + " ", right + ", " + right, MARK * 100, MARK * 40):
                for method, path in (("GET", "/export/events"), ("POST", "/track"), ("GET", "/manage/projects")):
                    self.ask(method, path, [*credentials(client, secret), *everywhere], None)
        for fields in ([*credentials(READ, right), *credentials(READ, wrong)], [("openpanel-client-secret", right)], []):
            self.ask("GET", "/export/events", [*fields, *everywhere], status=401)
        for path in (f"/export/events?openpanel-client-secret={right}&projectId=shop", f"/{right}", f"/{right}/%zz", f"/manage/{right}/x"):
            self.ask("GET", path, credentials(READ, wrong))
        self.ask("POST", f"/track?secret={right}", [("openpanel-client-id", WRITE), ORIGIN], right.encode() * 10)
        self.ask("DELETE", f"/export/events?secret={right}", credentials(READ, right), status=405)
        self.ask("GET", "/export/events", credentials(READ, MARK * 1000), status=431)
        self.ask("GET", "/" + MARK * 5000, credentials(READ, right), status=414)
        self.ask("POST", "/track", [*credentials(WRITE, right), ("Content-Length", "2000000")], status=413)
        self.ask("POST", "/track", [*credentials(WRITE, right), ("Content-Length", MARK)], status=400)
        self.ask("GET", "/export/events", [*credentials(READ, right), (MARK, right), (MARK + "\x01", right)], status=400)
        self.ask(MARK, "/export/events", credentials(READ, right))
        for broken in (f"{right}\r\n\r\n", f"GET {right}\r\n\r\n", f"GET /track HTTP/1.1\r\n{right}\r\n\r\n"):
            with self.server.connect() as connection:
                connection.send(broken.encode())
                connection.socket.shutdown(demo.socket.SHUT_WR)
                while connection.more():
                    pass
                self.seen.append(connection.unread)

    def test_no_answer_and_no_line_shows_it(self):
        self.serve("--failed-attempts=none")
        self.assertEqual(self.ask("GET", "/export/charts", credentials(READ, RIGHT)), 200)
        self.push_through()
        self.ask("GET", "/export/events", credentials(READ, RIGHT), status=429)
        self.stop()

    def test_nor_where_refusals_are_explained_throttled_and_held_to_https(self):
        for options in (["--explain"], ["--explain", "--require-https", "--trusted-proxy=127.0.0.1"],
                        ["--trusted-proxy=127.0.0.1", "--forwarded-field=Forwarded", "--access-status=403"]):
            with self.subTest(options):
                self.serve(*options)
                self.push_through()
                self.stop()

    def test_nor_where_there_is_no_room_for_a_hash(self):
        self.serve("--explain")
        answers = self.server.ask_at_once([request("GET", "/export/events", credentials(ROOT, f"{MARK}-{n}")) for n in range(50)])
        self.seen += [answer.raw + answer.body for answer in answers]
        self.assertIn(503, {answer.status for answer in answers})
        self.stop()

    def test_nor_where_records_are_read_again(self):
        self.serve("--explain")
        for text in self.bad_files():
            self.file.write_text(text)
            self.assertIn("old records stay", self.server.reload())
            self.ask("GET", "/export/events", credentials(READ, RIGHT))
        self.write(record(READ, "read", secrets=[{"hash": demo.stored(RIGHT + "-next")}]))
        self.assertIn("1 clients", self.server.reload())
        self.ask("GET", "/export/events", credentials(READ, RIGHT), status=401)
        self.stop()

    def bad_files(self):
        """Files with a mistake next to a secret, or with a secret where its stored form belongs."""
        good = json.dumps({**demo.records(), "clients": [record(READ, "read", secrets=[{"hash": "HERE"}])]})
        digest = DIGESTS[0].decode()
        hashes = [RIGHT, "sha256:" + RIGHT, "hmac-sha256:" + RIGHT, "hmac-sha256:k1:" + RIGHT, f"hmac-sha256:{RIGHT}:{digest}", f"{RIGHT}.{digest}",
                  f"{digest}.{RIGHT}", f"$scrypt$ln=15,r=8,p=1${RIGHT}${digest}", f"$argon2id$v=19$m=1024,t=2,p=1${RIGHT}${RIGHT}",
                  f"sha256:{digest}00", f"sha256:{digest[1:]}", digest, f"md5:{digest}", f"{MARK}\\u0000", MARK * 100]
        files = [good.replace("HERE", text) for text in hashes]
        for broken in (f'"{RIGHT}', f'"{RIGHT}\x01"', f'"{RIGHT}\\x"', RIGHT, f'"{RIGHT}" "{RIGHT}"', f'["{RIGHT}"]', f'{{"x": "{RIGHT}"}}'):
            files.append(good.replace('"HERE"', broken))
        for member in (f'"secret": "{RIGHT}"', f'"expires": "{RIGHT}"', f'"hash": "{RIGHT}"'):
            files.append(good.replace('"hash": "HERE"', f'"hash": "{demo.stored("x")}", {member}'))
        return files

    def test_nor_does_a_start_with_a_mistake(self):
        for text in self.bad_files():
            self.file.write_text(text)
            self.refused({"SALLYPORT_PEPPER": PEPPER, "SALLYPORT_PEPPER_KEYID": "k1"}, "--clients", str(self.file))
        for environment in ({"SALLYPORT_PEPPER": MARK[:15]}, {"SALLYPORT_PEPPER": PEPPER, "SALLYPORT_PEPPER_KEYID": ""},
                            {"SALLYPORT_PEPPER": PEPPER, "SALLYPORT_PEPPER_KEYID": "a:b"}):
            self.assertNotIn(MARK[:15], self.refused(environment))
        for options in (["--store", f"postgres://demo:{RIGHT}@db/demo"], [f"--limiter=redis://:{RIGHT}@cache:6379"]):
            self.refused({}, *options)

    def refused(self, environment, *options):
        ended, output, errors = demo.run("--port=0", *options, environment=environment)
        self.assertEqual(ended, 2, errors)
        self.seen.append((output + errors).encode())
        return output + errors


demo.main()
