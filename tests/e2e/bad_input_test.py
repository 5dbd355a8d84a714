"""Options and record files with a mistake: one clear line, and nothing of them is used."""

import json
import pathlib
import signal
import socket
import tempfile
import time
import unittest

import demo
from demo import READ, ROOT, WRITE, credentials, record, records


BAD_WINDOWS = ["0/10", "5/0", "x", "", "10001/10", "5/86401", "5", "5/", "/10", "-5/10", "+5/10", "5/10s", " 5/10", "5.0/10",
               "0x5/10", "5/10,", ",5/10", "5/10,6/10", "1/1,2/2,3/3,4/4,5/5", "none,5/10", "99999999999999999999/10",
               "5/10;6/20", "5/10\n"]


class Options(unittest.TestCase):
    def refused(self, *options, status=2):
        ended, output, errors = demo.run("--port=0", *options)
        self.assertEqual((ended, output), (status, ""), errors)
        self.assertEqual(errors.count("\n"), 1, errors)
        return errors

    def test_a_bad_limit_is_told_what_is_accepted(self):
        for text in BAD_WINDOWS:
            with self.subTest(text):
                errors = self.refused(f"--limit=export={text}")
                self.assertIn("expected N/SECONDS", errors)
                self.assertIn("10000", errors)
                self.assertIn("86400", errors)

    def test_windows_that_contradict_each_other_are_named_with_the_reason(self):
        for text in ("100/10,50/3600", "50/3600,100/10", "100/10,100/3600", "20/1,1000/3600,500/60,1000/86400"):
            with self.subTest(text):
                self.assertIn(f'"{text}" is no limit: the longer of two windows has to admit more', self.refused(f"--limit=export={text}"))
        self.assertIn("same length", self.refused("--limit=export=5/10,6/10"))
        self.assertIn("at most four windows;", self.refused("--limit=export=1/1,2/2,3/3,4/4,5/5"))

    def test_a_limit_names_an_api_and_each_api_once(self):
        for text in ("5/10", "=5/10", "exports=5/10", "Export=5/10", "export", "none", ""):
            with self.subTest(text):
                self.assertIn("expected track=, export=, insights= or manage=", self.refused("--limit", text))
        self.assertIn("second", self.refused("--limit=export=5/10", "--limit=export=6/20"))

    def test_a_limit_in_shadow_is_told_what_is_accepted_as_one_in_force_is(self):
        for text in (*BAD_WINDOWS, "none"):
            with self.subTest(text):
                errors = self.refused(f"--shadow-limit=export={text}")
                self.assertIn("--shadow-limit export: ", errors)
                for part in ("expected N/SECONDS", "10000", "86400"):
                    self.assertIn(part, errors)
        for text in ("100/10,50/3600", "100/10,100/3600", "20/1,1000/60,500/3600"):
            with self.subTest(text):
                self.assertIn(f'"{text}" is no limit: the longer of two windows has to admit more', self.refused(f"--shadow-limit=export={text}"))
        self.assertIn("same length", self.refused("--shadow-limit=export=5/10,6/10"))
        for text in ("5/10", "=5/10", "exports=5/10", "Export=5/10", "export", ""):
            with self.subTest(text):
                self.assertIn("expected track=, export=, insights= or manage=", self.refused("--shadow-limit", text))
        self.assertIn("second", self.refused("--shadow-limit=export=5/10", "--shadow-limit=export=6/20"))

    def test_limits_in_force_and_in_shadow_have_four_windows_in_all(self):
        four = "--shadow-limit=export=1/1,2/2,3/3,4/4"
        for options in ([four], ["--limit=export=1/1,2/2", "--shadow-limit=export=1/1,2/2,3/3"], [four, "--limit=export=9/9"]):
            with self.subTest(options):
                errors = self.refused(*options)
                self.assertIn("a budget has at most four windows;", errors)
                self.assertIn("at most four windows with those of --limit", errors)
        for options in ([four, "--limit=export=none"], ["--limit=export=1/1,2/2", "--shadow-limit=export=1/1,2/2"],
                        ["--shadow-limit=export=50/3600"], ["--shadow-limit=export=100/10", "--shadow-limit", "track=1/1"]):
            with self.subTest(options):
                self.assertEqual(demo.Server(*options).end(), 0)

    def test_a_bad_port_host_or_status(self):
        for option in ("--port=x", "--port=65536", "--port=-1", "--port=0x50", "--port=", "--port=80 "):
            ended, _, errors = demo.run(option)
            self.assertEqual((ended, errors.count("\n")), (2, 1), errors)
        self.assertIn("expected 401 or 403", self.refused("--access-status=404"))
        self.assertIn("--host", self.refused("--host=300.1.1.1"))
        self.assertIn("--host", self.refused("--host="))

    def test_what_is_no_option(self):
        for options in (["--colour"], ["extra"], ["--clients"], ["--limit"], ["--shadow-limit"], ["--port=0"]):
            with self.subTest(options):
                self.refused(*options)

    def test_what_comes_later_is_refused_until_then(self):
        for options in (["--store=sqlite:x.db"], ["--store", "postgres://x"], ["--limiter=redis://x:1"],
                        ["--on-limiter-failure=local"]):
            with self.subTest(options):
                errors = self.refused(*options)
                self.assertIn("not part of this version", errors)
                self.assertIn(options[0].split("=")[0], errors)

    def test_a_port_in_use_is_status_1(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            ended, output, errors = demo.run(f"--port={taken.getsockname()[1]}")
        self.assertEqual((ended, output, errors.count("\n")), (1, "", 1), errors)
        self.assertIn("in use", errors)

    def test_good_options_are_good(self):
        options = ["--limit=export=10000/86400,1/1", "--limit=track=100/10,2000/3600", "--limit", "manage=none", "--failed-attempts=none", "--access-status=401",
                   "--host=localhost", "--explain"]
        self.assertEqual(demo.Server(*options).end(), 0)


def changed(**changes):
    """The records, the first client changed; a member given as None is left out."""
    made = records()
    for name, value in changes.items():
        made["clients"][0][name] = value
        if value is None:
            del made["clients"][0][name]
    return json.dumps(made)


def with_secret(**secret):
    return changed(secrets=[{"hash": demo.stored("x"), **secret}])


HEX = "ab" * 32
FIRST = f'clients[0] (id "{READ}")'
BAD_FILES = [  # what is wrong with it, the text, what the error names
    ("not JSON", '{"projects": [],\n "clients": [}', ["JSON", "line 2, column"]),
    ("empty", "", ["JSON", "line 1, column 1"]),
    ("cut short", json.dumps(records())[:-5], ["JSON"]),
    ("more than one document", json.dumps(records()) + "{}", ["JSON"]),
    ("no UTF-8", b'{"projects": [], "clients": [], "x": "\xff"}', ["JSON"]),
    ("a number out of range", '{"projects": [], "clients": [1e999]}', ["JSON", "number"]),
    ("an array", "[]", ["object"]),
    ("null", "null", ["object"]),
    ("no projects", '{"clients": []}', ['"projects"']),
    ("no clients", '{"projects": []}', ['"clients"']),
    ("clients are no array", '{"projects": [], "clients": {}}', ["clients", "array"]),
    ("projects are no array", '{"projects": {}, "clients": []}', ["projects", "array"]),
    ("an unknown member of the file", '{"projects": [], "clients": [], "users": []}', ['"users"', "projects, clients"]),
    ("a member twice", '{"projects": [], "clients": [], "clients": []}', ["the file", 'two members "clients"']),
    ("a member of a record twice", json.dumps(records()).replace('"type": "write"', '"type": "write", "type": "root"'),
     ['clients[1]: two members "type"']),
    ("a member of a secret twice", json.dumps(records()).replace('"hash"', '"hash": "x", "hash"', 1),
     ['clients[0]: two members "hash"']),
    ("a client that is no object", '{"projects": [], "clients": [5]}', ["clients[0]", "object"]),
    ("a project without an organization", '{"projects": [{"id": "x"}], "clients": []}', ["projects[0]", '"organization"']),
    ("a project with an empty id", '{"projects": [{"id": "", "organization": "x"}], "clients": []}', ["projects[0].id", "1 to 63"]),
    ("an unknown member of a project", '{"projects": [{"id": "x", "organization": "y", "z": 1}], "clients": []}',
     ["projects[0]", '"z"', "id, organization"]),
    ("a project twice", '{"projects": [{"id": "x", "organization": "y"}, {"id": "x", "organization": "z"}], "clients": []}',
     ['project "x"', "twice"]),
    ("no id", changed(id=None), ["clients[0]", '"id"']),
    ("an id that is a number", changed(id=7), ["clients[0].id", "string"]),
    ("an id of version 1", changed(id="8f14e45f-ceea-167f-a3a5-1c2b3d4e5f60"), ["clients[0]", "8f14e45f-ceea-167f", "version 4"]),
    ("an id with a blank", changed(id=" " + READ), ["clients[0]", "version 4"]),
    ("an id twice, in either case", json.dumps({**records(), "clients": [record(READ, "read"), record(READ.upper(), "read")]}),
     [READ, "twice"]),
    ("an unknown type", changed(type="admin"), [FIRST + ".type", '"admin"', "write, read or root"]),
    ("a type in upper case", changed(type="READ"), [FIRST, "write, read or root"]),
    ("no type", changed(type=None), [FIRST, '"type"']),
    ("an unknown member", changed(colour="red"), [FIRST, '"colour"', "expected id, type"]),
    ("no organization", changed(organization=None), [FIRST, '"organization"']),
    ("an empty organization", changed(organization=""), [FIRST + ".organization", "1 to 63"]),
    ("a name too long", changed(organization="o" * 64), [FIRST + ".organization", "63"]),
    ("a project too long", changed(project="p" * 64), [FIRST + ".project", "63"]),
    ("no project", changed(project=None), [FIRST, '"project"']),
    ("a read client of no project", json.dumps({**records(), "clients": [{**record(READ, "read"), "project": None}]}),
     [READ, "needs a project"]),
    ("a root client of a project", json.dumps({**records(), "clients": [{**record(ROOT, "root"), "project": "shop"}]}),
     [ROOT, "no project"]),
    ("no secrets", changed(secrets=None), [FIRST, '"secrets"']),
    ("secrets that are text", changed(secrets=["sha256:" + HEX]), [FIRST + ".secrets[0]", "object"]),
    ("five secrets", changed(secrets=[{"hash": demo.stored(str(i))} for i in range(5)]), [READ, "four"]),
    ("a secret without a hash", changed(secrets=[{}]), [FIRST + ".secrets[0]", '"hash"']),
    ("an unknown member of a secret", with_secret(text="x"), [FIRST + ".secrets[0]", '"text"', "hash, not_before, expires"]),
    *((f"a hash that is {what}", with_secret(hash=text), [FIRST + ".secrets[0].hash", "sha256:HEX", *more])
      for what, text, more in (
          ("empty", "", []), ("a plain secret", "sec_plain", ["hmac-sha256:KEYID:HEX", "SALTHEX.KEYHEX", "$scrypt$", "$argon2id$"]),
          ("too short", "sha256:" + HEX[2:], []), ("too long", "sha256:" + HEX + "00", []), ("odd", "sha256:" + HEX[1:], []),
          ("no hex", "sha256:" + "g" * 64, []), ("without its scheme", HEX, ["SALTHEX.KEYHEX"]), ("in upper case", "SHA256:" + HEX, []))),
    *((f"a scrypt form {what}", with_secret(hash=text), [FIRST + ".secrets[0].hash", "SALTHEX.KEYHEX"])
      for what, text in (("with a short key", "ab" * 16 + "." + HEX[2:]), ("with an odd salt", "abc." + HEX), ("without a salt", "." + HEX),
                         ("with a salt of other letters", "xy" * 16 + "." + HEX), ("with two dots", "ab." + HEX + ".ab"))),
    *((f"a moment {text!r}", with_secret(expires=text), [FIRST + ".secrets[0].expires", "UTC"])
      for text in ("", "soon", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00+00:00",
                   "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
                   "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-1-1T00:00:00Z", "2026-01-01T00:00:00Zx",
                   "02026-01-01T00:00:00Z", "2026-01-01T00:00:00.0123456789Z", "-026-01-01T00:00:00Z")),
    ("a moment that is a number", with_secret(not_before=1767225600), [FIRST + ".secrets[0].not_before", "string"]),
    ("origins that are text", changed(origins="https://a.example"), [FIRST + ".origins", "array"]),
    *((f"an origin {text!r}", changed(origins=["https://ok.example", text]), [FIRST + ".origins[1]", "scheme://host"])
      for text in ("", "null", "*", "https://", "shop.example.com", "https://shop.example.com/", "https://a.*.example")),
    ("disabled as text", changed(disabled="yes"), [FIRST + ".disabled", "true or false"]),
    ("disabled as null", '{"projects": [], "clients": [' + json.dumps({**record(READ, "read"), "disabled": None}) + "]}",
     [FIRST + ".disabled", "true or false"]),
    ("limits that are text", changed(limits="500/10"), [FIRST + ".limits", "object"]),
    ("limits that contradict each other", changed(limits={"export": "100/10,50/3600"}),
     [FIRST + ".limits.export", "100/10,50/3600", "the longer of two windows has to admit more"]),
    ("a limit of an unknown API", changed(limits={"exports": "500/10"}), [FIRST + ".limits.exports", "track, export, insights or manage"]),
    *((f"a limit {text!r}", changed(limits={"export": text}), [FIRST + ".limits.export", "expected N/SECONDS"])
      for text in ("", "0/10", "5/0", "x", "10001/10", "5/86401", "5/10,6/10", "track=5/10")),
    ("a limit that is a number", changed(limits={"export": 500}), [FIRST + ".limits.export", "string"]),
    ("deep nesting", "[" * 100000, ["JSON"]),
]


class RecordFiles(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "clients.json"

    def write(self, text):
        self.file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def said_once(self, server, what):
        """Waits until the server has said a further line, which names what it must."""
        deadline = time.monotonic() + demo.PATIENCE
        while server.said().count("\n") < self.lines + 1 and time.monotonic() < deadline:
            time.sleep(0.001)
        self.lines += 1
        said = server.said().splitlines()
        self.assertEqual(len(said), self.lines, said)
        for part in [str(self.file), *what]:
            self.assertIn(part, said[-1])

    def test_each_mistake_is_named_with_file_record_and_expectation(self):
        for name, text, expected in BAD_FILES:
            with self.subTest(name):
                self.write(text)
                ended, output, errors = demo.run("--port=0", "--clients", str(self.file))
                self.assertEqual((ended, output, errors.count("\n")), (2, "", 1), errors[:1000])
                for part in [str(self.file), *expected]:
                    self.assertIn(part, errors)

    def test_a_file_that_can_not_be_read(self):
        folder = str(self.file.parent)
        for file, why in ((str(self.file), "No such file"), (folder, "directory"), ("", "")):
            ended, output, errors = demo.run("--port=0", "--clients", file)
            self.assertEqual((ended, output, errors.count("\n")), (2, "", 1), errors)
            self.assertIn(why, errors)

    def test_an_error_shows_no_stored_hash(self):
        self.write(with_secret(hash="sha256:" + HEX + "00"))
        self.assertNotIn(HEX, demo.run("--clients", str(self.file))[2])

    def test_what_is_optional_may_be_there(self):
        good = {**record(READ, "read"), "disabled": False, "origins": ["http://a.example:8080", "https://*.example.org"],
                "limits": {"track": "none", "export": "1/1,10000/86400"},
                "secrets": [{"hash": "ab" * 16 + "." + HEX, "not_before": "0001-01-01T00:00:00Z"},
                            {"hash": demo.stored(demo.secret_of(READ)), "not_before": "2024-02-29T23:59:59.123456789Z",
                             "expires": "9999-12-31T23:59:59Z"}]}
        self.write(json.dumps({"projects": [{"id": "o" * 63, "organization": "\u00e9" * 31}], "clients": [good]}))
        server = demo.Server("--clients", str(self.file))
        self.assertEqual(server.ask("GET", "/export/events", credentials(READ)).status, 200)
        self.assertEqual(server.end(), 0)

    def test_on_sighup_a_bad_file_keeps_the_old_records_and_a_good_one_replaces_them(self):
        self.lines = 0
        self.write(json.dumps(records()))
        server = demo.Server("--clients", str(self.file), *demo.UNMETERED)

        def statuses():
            return [server.ask("GET", "/export/events", credentials(client)).status for client in (READ, ROOT)]

        self.assertEqual(statuses(), [200, 200])
        for name, text, expected in BAD_FILES[::8] + BAD_FILES[-1:]:
            with self.subTest(name):
                self.write(text)
                server.signal(signal.SIGHUP)
                self.said_once(server, [*expected, "old records stay"])
                self.assertEqual(statuses(), [200, 200])
        self.file.unlink()
        server.signal(signal.SIGHUP)
        self.said_once(server, ["No such file", "old records stay"])
        self.assertEqual(statuses(), [200, 200])
        self.write(json.dumps({**records(), "clients": [record(WRITE, "write"), record(ROOT, "root", disabled=True), record(READ, "read")]}))
        server.signal(signal.SIGHUP)
        self.said_once(server, ["3 clients"])
        self.assertEqual(statuses(), [200, 401])
        self.write(json.dumps({**records(), "clients": []}))
        server.signal(signal.SIGHUP)
        self.said_once(server, ["0 clients"])
        self.assertEqual(statuses(), [401, 401])
        self.assertEqual(server.end(), 0)


demo.main()
