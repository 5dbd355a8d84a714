"""Stored forms beyond a plain digest: under a pepper from the environment, and by hashes that cost much."""

import base64
import hashlib
import hmac
import json
import pathlib
import tempfile
import unittest

import demo
from demo import READ, ROOT, credentials, record

PEPPER = "sixteen bytes!!!"
HEX = "ab" * 32


def peppered(secret, pepper=PEPPER, key_id=None):
    key = pepper.encode() if isinstance(pepper, str) else pepper
    digest = hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()
    return f"hmac-sha256:{key_id}:{digest}" if key_id else f"hmac-sha256:{digest}"


def phc(data):
    return base64.b64encode(data).rstrip(b"=").decode()


def by_scrypt(secret, ln=10, r=8, p=1, salt=b"eight bytes and more"):
    key = hashlib.scrypt(secret.encode(), salt=salt, n=1 << ln, r=r, p=p, maxmem=1 << 28, dklen=32)
    return f"$scrypt$ln={ln},r={r},p={p}${phc(salt)}${phc(key)}"


ARGON2ID_SECRET = "a secret under argon2id"  # stored by libsodium's crypto_pwhash_str_alg
ARGON2ID = "$argon2id$v=19$m=1024,t=2,p=1$Cg2bwDzTJtdwb+u82zwL5Q$UgQ/0G2JAsT2XA7t1ZRnK3DUsEmdclBNBf1VQqt4mcQ"
SALT, KEY = ARGON2ID.split("$")[4:]


class Stored(unittest.TestCase):
    """Starts demos on a file with these stored forms of READ's secret."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "clients.json"

    def write(self, *hashes):
        client = record(READ, "read", secrets=[{"hash": text} for text in hashes])
        self.file.write_text(json.dumps({**demo.records(), "clients": [record(ROOT, "root"), client]}))

    def statuses(self, *secrets, environment=None):
        """What READ is answered for each of these, by a demo of its own."""
        server = demo.Server("--clients", str(self.file), *demo.UNMETERED, environment=environment)
        try:
            return [server.ask("GET", "/export/events", credentials(READ, secret)).status for secret in secrets]
        finally:
            self.assertEqual(server.end(), 0)

    def refused(self, environment=None, options=None):
        given = ["--clients", str(self.file)] if options is None else options
        ended, output, errors = demo.run("--port=0", *given, environment=environment)
        self.assertEqual((ended, output, errors.count("\n")), (2, "", 1), errors)
        return errors


class Peppers(Stored):
    def test_the_variables_bytes_are_the_key(self):
        for pepper in (PEPPER, "p" * 200, " spaces and \u00e9 stay ", b"\xff\xfe\x01 bytes of no text"):
            with self.subTest(pepper):
                self.write(peppered("right", pepper))
                self.assertEqual(self.statuses("right", "wrong", environment={"SALLYPORT_PEPPER": pepper}), [200, 401])

    def test_another_pepper_proves_nothing(self):
        self.write(peppered("right"))
        self.assertEqual(self.statuses("right", environment={"SALLYPORT_PEPPER": PEPPER + "!"}), [401])

    def test_a_form_may_name_its_pepper(self):
        self.write(peppered("named", key_id="k1"), peppered("nameless"))
        environment = {"SALLYPORT_PEPPER": PEPPER, "SALLYPORT_PEPPER_KEYID": "k1"}
        self.assertEqual(self.statuses("named", "nameless", "wrong", environment=environment), [200, 200, 401])

    def test_a_form_under_a_pepper_that_is_not_here_is_an_error_at_load(self):
        named, nameless = peppered("x", key_id="k2"), peppered("x")
        for stored, environment in ((nameless, {}), (named, {}), (named, {"SALLYPORT_PEPPER": PEPPER}),
                                    (named, {"SALLYPORT_PEPPER": PEPPER, "SALLYPORT_PEPPER_KEYID": "k1"}),
                                    (named, {"SALLYPORT_PEPPER": PEPPER, "SALLYPORT_PEPPER_KEYID": "K2"}),
                                    (nameless[:-2], {"SALLYPORT_PEPPER": PEPPER}), (nameless[:-1], {"SALLYPORT_PEPPER": PEPPER}),
                                    ("hmac-sha256::" + HEX, {"SALLYPORT_PEPPER": PEPPER}), ("hmac-sha256:", {"SALLYPORT_PEPPER": PEPPER}),
                                    ("hmac-sha256", {"SALLYPORT_PEPPER": PEPPER})):
            with self.subTest(f"{stored[:20]} {environment}"):
                self.write(stored)
                errors = self.refused(environment)
                for part in (str(self.file), f'clients[1] (id "{READ}").secrets[0].hash', "hmac-sha256:HEX or hmac-sha256:KEYID:HEX", "pepper"):
                    self.assertIn(part, errors)
                self.assertNotIn(PEPPER, errors)

    def test_a_broken_variable_is_named_with_what_is_accepted(self):
        good = {"SALLYPORT_PEPPER": PEPPER}
        for environment, parts in (({"SALLYPORT_PEPPER": ""}, ["SALLYPORT_PEPPER", "16 bytes"]),
                                   ({"SALLYPORT_PEPPER": PEPPER[1:]}, ["SALLYPORT_PEPPER", "16 bytes"]),
                                   ({"SALLYPORT_PEPPER": PEPPER[1:], "SALLYPORT_PEPPER_KEYID": "k1"}, ["SALLYPORT_PEPPER", "16 bytes"]),
                                   ({"SALLYPORT_PEPPER_KEYID": "k1"}, ["SALLYPORT_PEPPER_KEYID", "SALLYPORT_PEPPER gives none"]),
                                   ({**good, "SALLYPORT_PEPPER_KEYID": ""}, ["SALLYPORT_PEPPER_KEYID", "expected a name"]),
                                   ({**good, "SALLYPORT_PEPPER_KEYID": "a:b"}, ["SALLYPORT_PEPPER", "64 bytes without a colon"]),
                                   ({**good, "SALLYPORT_PEPPER_KEYID": "k" * 65}, ["SALLYPORT_PEPPER", "64 bytes without a colon"]),
                                   ({**good, "SALLYPORT_PEPPER_KEYID": "a\nb:"}, ["SALLYPORT_PEPPER"])):
            with self.subTest(environment):
                errors = self.refused(environment, options=[])
                for part in parts:
                    self.assertIn(part, errors)
                self.assertNotIn(PEPPER[1:], errors)


class ExpensiveForms(Stored):
    def test_scrypt_and_argon2id_are_verified(self):
        self.write(by_scrypt("light"), by_scrypt("as we store it", ln=15), ARGON2ID, demo.stored_by_scrypt("as OpenPanel does"))
        secrets = ("light", "as we store it", ARGON2ID_SECRET, "as OpenPanel does", "wrong")
        self.assertEqual(self.statuses(*secrets), [200, 200, 200, 200, 401])

    def test_what_is_malformed_or_too_much_is_an_error_at_load(self):
        scrypt = by_scrypt("x")
        *_, salt, key = scrypt.split("$")
        for text, parts in (
                (f"$scrypt$ln=20,r=8,p=1${salt}${key}", ["ceiling", "67125248"]), (f"$scrypt$ln=10,r=8,p=200${salt}${key}", ["ceiling", "1048576"]),
                (f"$scrypt$ln=63,r=8,p=1${salt}${key}", ["ceiling"]), (f"$scrypt$ln=999999999,r=999999999,p=999999999${salt}${key}", ["ceiling"]),
                (f"$scrypt$ln=0,r=8,p=1${salt}${key}", ["scrypt costs"]), (f"$scrypt$ln=10,r=0,p=1${salt}${key}", ["scrypt costs"]),
                *((text, ["$scrypt$ln=15,r=8,p=1$SALT$KEY"]) for text in (
                    "$scrypt$", f"$scrypt$ln=10,r=8${salt}${key}", f"$scrypt$r=8,ln=10,p=1${salt}${key}", f"$scrypt$ln=10,r=8,p=1${salt}",
                    f"$scrypt$ln=10,r=8,p=1${salt}$", f"$scrypt$ln=10,r=8,p=1$${key}", f"$scrypt$ln=10,r=8,p=1${salt}${key}$", scrypt + "=",
                    scrypt[:-1], scrypt[:-1] + "-", f"$scrypt$ln=+10,r=8,p=1${salt}${key}", f"$scrypt$ln=010,r=8,p=1${salt}${key}",
                    f"$scrypt$ln=9999999999,r=8,p=1${salt}${key}", f"$scrypt$ln=10,r=8,p=1${salt}${key[:8]}", f"$scrypt$ln=10,r=8,p=1$c2FsdA${key}")),
                (f"$argon2id$v=19$m=1048576,t=2,p=1${SALT}${KEY}", ["ceiling", "65536"]), (f"$argon2id$v=19$m=65536,t=5,p=1${SALT}${KEY}", ["ceiling"]),
                (f"$argon2id$v=19$m=1024,t=0,p=1${SALT}${KEY}", ["argon2id costs"]), (f"$argon2id$v=19$m=1024,t=2,p=2${SALT}${KEY}", ["lanes"]),
                (f"$argon2id$v=19$m=1024,t=2,p=1$c29tZXNhbHQ${KEY}", ["salt", "16"]),
                *((text, ["$argon2id$v=19$m=19456,t=2,p=1$SALT$KEY"]) for text in (
                    "$argon2id$", f"$argon2id$v=16$m=1024,t=2,p=1${SALT}${KEY}", f"$argon2id$m=1024,t=2,p=1${SALT}${KEY}",
                    f"$argon2id$v=19$m=1024,t=2${SALT}${KEY}", f"$argon2id$v=19$m=1024,t=2,p=1${SALT}", ARGON2ID + "=", ARGON2ID[:-1],
                    ARGON2ID.replace("argon2id", "argon2i"), ARGON2ID.replace("argon2id", "argon2d")))):
            with self.subTest(text):
                self.write(demo.stored("x"), text)
                errors = self.refused()
                for part in (str(self.file), f'clients[1] (id "{READ}").secrets[1].hash', *parts):
                    self.assertIn(part, errors)
                self.assertNotIn(key, errors)
                self.assertNotIn(KEY, errors)

    def test_a_form_that_only_an_empty_secret_would_match_is_refused(self):
        empty = {"sha256": demo.stored(""), "hmac": peppered("")}
        for name, text in empty.items():
            with self.subTest(name):
                self.write(text)
                self.assertIn(f'clients[1] (id "{READ}").secrets[0].hash', self.refused({"SALLYPORT_PEPPER": PEPPER}))


demo.main()
