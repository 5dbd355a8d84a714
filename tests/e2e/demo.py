"""Starts the demo server and speaks HTTP to it byte by byte: what a test needs, and no library in between."""

import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
PATIENCE = 30  # seconds after which something is taken to hang
UNLIMITED = [f"--limit={api}=none" for api in ("track", "export", "insights", "manage")]
UNMETERED = [*UNLIMITED, "--failed-attempts=none"]
PROGRAM = []


def main():
    """Runs the tests of the calling file on the program that its first argument names."""
    PROGRAM.append(sys.argv.pop(1))
    unittest.main(verbosity=2)


def run(*options, environment=None):
    """Runs the program to its end, for options that it refuses: (exit status, output, errors)."""
    done = subprocess.run([*PROGRAM, *options], env=with_own(environment), capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stdout, done.stderr


def with_own(environment):
    """This process's environment, and of the demo's own variables these alone."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("SALLYPORT_")}
    return {**others, **(environment or {})}


class Server:
    """A running demo on a port of its own."""

    def __init__(self, *options, port=0, environment=None):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([*PROGRAM, f"--port={port}", *options], env=with_own(environment), stdout=subprocess.PIPE,
                                        stderr=self.errors, text=True)
        self.output = []
        for line in self.process.stdout:
            self.output.append(line)
            if line.startswith("listening on http://"):
                host, port = line.removeprefix("listening on http://").rsplit(":", 1)
                self.host, self.port = host.strip("[]"), int(port)
                return
        raise AssertionError(f"the demo ended with {self.process.wait()}: {self.said()}")

    def said(self):
        """What it wrote on standard error so far."""
        return os.pread(self.errors.fileno(), 1 << 20, 0).decode()

    def connect(self):
        return Connection(self.port, self.host)

    def ask(self, method, path, fields=(), body=None):
        """One request on a connection of its own, and its answer."""
        with self.connect() as connection:
            connection.send(request(method, path, [*fields, ("Connection", "close")], body))
            return connection.answer(to=method)

    def ask_at_once(self, requests):
        """Requests at the same moment, each on a connection of its own, and their answers."""
        connections = [self.connect() for _ in requests]
        for connection, sent in zip(connections, requests):
            connection.send(sent)
        answers = []
        for connection in connections:
            with connection:
                answers.append(connection.answer())
        return answers

    def metrics(self):
        """What /metrics counts: {name{labels}: count}."""
        lines = self.ask("GET", "/metrics").body.decode().splitlines()
        return {name: int(count) for name, count in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}

    def verifications(self):
        return self.metrics()["sallyport_verifications_total"]

    def reload(self):
        """Has it read its records again; what it says about that."""
        before = self.said().count("\n")
        self.signal(signal.SIGHUP)
        deadline = time.monotonic() + PATIENCE
        while self.said().count("\n") == before:
            assert time.monotonic() < deadline, "it says nothing about its records"
            time.sleep(0.001)
        return self.said().splitlines()[-1]

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        """Asks it to end; its exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def wait(self):
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.stdout.close()
            self.errors.close()


class Answer:
    """A parsed answer; `raw` is its head as it came."""

    def __init__(self, raw, body):
        lines = raw.decode("latin-1").split("\r\n")
        self.raw = raw
        self.status = int(lines[0].split(" ")[1])
        self.fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
        self.body = body

    def field(self, name):
        """The value of a field; None if there is none. A field that comes twice is a mistake."""
        found = [value for n, value in self.fields if n.lower() == name.lower()]
        assert len(found) < 2, f"{name} comes twice: {self.raw}"
        return found[0] if found else None

    def json(self):
        return json.loads(self.body)

    def whole(self):
        """All of its bytes, but for how long to wait, which depends on the moment."""
        return re.sub(rb"Retry-After: [1-9][0-9]*\r\n", b"Retry-After: N\r\n", self.raw) + self.body

    def cors(self):
        """The names of the CORS fields."""
        return {name.lower() for name, _ in self.fields if name.lower().startswith("access-control-")}


class Connection:
    """A socket, and what was read from it and not yet taken."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), PATIENCE)
        self.unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        data = self.socket.recv(65536)
        self.unread += data
        return bool(data)

    def take(self, size):
        while len(self.unread) < size:
            if not self.more():
                raise EOFError(f"the connection ended in the middle of an answer: {self.unread!r}")
        taken, self.unread = self.unread[:size], self.unread[size:]
        return taken

    def answer(self, to="GET"):
        """The next answer; one to HEAD, a 1xx and a 204 have no body."""
        while b"\r\n\r\n" not in self.unread:
            if not self.more():
                raise EOFError(f"the connection ended without an answer: {self.unread!r}")
        answer = Answer(self.take(self.unread.index(b"\r\n\r\n") + 4), b"")
        if to != "HEAD" and answer.status not in (100, 204):
            answer.body = self.take(int(answer.field("Content-Length")))
        return answer

    def ended(self):
        """Whether the server closes the connection without a further byte; then so does this side."""
        try:
            return not self.more()
        except ConnectionResetError:
            return True
        finally:
            self.socket.close()


def request(method, path, fields=(), body=None):
    """The bytes of a request. Texts are sent as UTF-8, bytes as they are."""

    def raw(text):
        return text if isinstance(text, bytes) else text.encode()

    if body is not None:
        fields = [*fields, ("Content-Length", str(len(body)))]
    lines = [raw(method) + b" " + raw(path) + b" HTTP/1.1", b"Host: demo"]
    lines += [raw(name) + b": " + raw(value) for name, value in fields]
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


READ = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"
WRITE = "2c624232-cc4f-4b5e-9a63-7f1e0d3c2b1a"
ROOT = "45c48cce-2e2d-4fbd-8e2a-51f8f0f3a7b6"
UNKNOWN = "11111111-2222-4333-9444-555555555555"
ORIGIN = ("Origin", "https://shop.example.com")


def secret_of(client):
    return f"sec_{client}"


def stored(secret):
    return "sha256:" + hashlib.sha256(secret.encode()).hexdigest()


def stored_by_scrypt(secret, salt="00112233445566778899aabbccddeeff"):
    """As OpenPanel stores it: salted with the text of the hex digits."""
    return salt + "." + hashlib.scrypt(secret.encode(), salt=salt.encode(), n=16384, r=8, p=1, dklen=32).hex()


def credentials(client, secret=None):
    """The fields that prove a client; or that don't."""
    return [("openpanel-client-id", client), ("openpanel-client-secret", secret or secret_of(client.lower()))]


def record(client, level, **more):
    project = None if level == "root" else "shop"
    return {"id": client, "type": level, "organization": "acme", "project": project,
            "secrets": [{"hash": stored(secret_of(client))}], **more}


def hashed_at_length(client, level, **more):
    """A record whose secret takes an expensive hash."""
    return record(client, level, secrets=[{"hash": stored_by_scrypt(secret_of(client))}], **more)


def records():
    """A small set of records, to be changed by a test."""
    return {"projects": [{"id": "shop", "organization": "acme"}, {"id": "blog", "organization": "acme"},
                         {"id": "lab", "organization": "other"}, {"id": "a/b c\u00e9", "organization": "acme"}],
            "clients": [record(READ, "read"), record(WRITE, "write", origins=[ORIGIN[1]]), record(ROOT, "root")]}


class DemoTest(unittest.TestCase):
    """Tests that share one server, started with the class's options and environment on `records()`."""

    options = UNMETERED
    environment = None

    @classmethod
    def clients(cls):
        return records()

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.file = pathlib.Path(cls.folder.name) / "clients.json"
        cls.file.write_text(json.dumps(cls.clients()))
        cls.server = Server("--clients", str(cls.file), *cls.options, environment=cls.environment)
        cls.addClassCleanup(cls.end)

    @classmethod
    def end(cls):
        status = cls.server.end()
        assert status == 0, f"the demo ended with {status}"
