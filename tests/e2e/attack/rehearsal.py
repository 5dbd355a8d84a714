"""Attacks the demo over sockets while proven clients go on: rehearsal.py PROGRAM [SECONDS], so long for each phase.

Phase 1 is quiet. In phase 2 strangers send wrong secrets for a client whose secrets take scrypt, unknown ids, another
address with each wrong secret (the trusted proxy says so), fields of a mebibyte, and heads of a byte a second. In
phase 3, under the same attack, the demo is killed and started again, so that it remembers nobody.

That no proven client is refused, that each is proven again, that nobody else passes and that memory stays flat is
asserted; times are printed, with whether they meet the goal, since they are this machine's as well. The attackers are
processes that run only where nobody else would: the figures are to be about the server, and not about who else uses
the few cores of one machine that plays both sides.
"""

import collections
import itertools
import json
import multiprocessing
import os
import pathlib
import selectors
import signal
import socket
import sys
import tempfile
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import demo  # noqa: E402

TRIPPED = "203.0.113.1"
VICTIM = str(uuid.UUID(int=0xf00, version=4))
PROVEN = {name: str(uuid.UUID(int=number, version=4)) for number, name in enumerate(("sha256 1", "sha256 2", "scrypt 1", "scrypt 2"))}
GOAL_P99 = 3  # times the quiet one
GOAL_PROVEN_AGAIN = 10  # seconds
MOST_MEMORY = 32 << 20  # bytes more than when it was quiet: a hash takes 16 MiB, a few hundred connections and the throttle the rest
FLOODED = 4  # connections of each stranger that floods: more would make bursts of what could not be sent while the demo had the processors
BETWEEN_REQUESTS = 0.01
BETWEEN_RETRIES = 0.1

Seen = collections.namedtuple("Seen", "at took status")


def records():
    def made(client, expensive):
        return (demo.hashed_at_length if expensive else demo.record)(client, "root")

    return {**demo.records(), "clients": [made(VICTIM, True), *(made(client, "scrypt" in name) for name, client in PROVEN.items())]}


def question(client, secret, address, more=()):
    return demo.request("GET", "/export/events", [*demo.credentials(client, secret), ("X-Forwarded-For", address), *more])


def of_proven(port, client, address, until, results):
    """One proven client: a request every few milliseconds on one connection, and again where there is none or no room."""
    asked, seen, connection = question(client, None, address), [], None
    while not until.is_set():
        began = time.monotonic()
        try:
            connection = connection or demo.Connection(port)
            connection.send(asked)
            status = connection.answer().status
        except (OSError, EOFError):
            status, connection = 0, None
        seen.append(Seen(began, time.monotonic() - began, status))
        time.sleep(BETWEEN_REQUESTS if status == 200 else BETWEEN_RETRIES)
    results.send(seen)


def attack(kind, port, until, results):
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    statuses = collections.Counter()
    while not until.is_set():
        try:
            kind(port, until, statuses)
        except (OSError, EOFError):
            time.sleep(0.01)  # it is being started again, or has had enough of this connection
    results.send(statuses)


def flood(requests, port, until, statuses):
    """Some connections, on each of which a request follows the answer to the last."""
    connections = [demo.Connection(port) for _ in range(FLOODED)]
    try:
        with selectors.DefaultSelector() as answered:
            for connection in connections:
                answered.register(connection.socket, selectors.EVENT_READ, connection)
                connection.send(next(requests))
            while not until.is_set():
                for key, _ in answered.select(0.1):
                    statuses[key.data.answer().status] += 1
                    key.data.send(next(requests))
    finally:
        for connection in connections:
            connection.socket.close()


def wrong_secrets(port, until, statuses):
    flood((question(VICTIM, f"guess {number}", TRIPPED) for number in itertools.count()), port, until, statuses)


def unknown_ids(port, until, statuses):
    flood((question(str(uuid.uuid4()), "guess", "203.0.113.2") for _ in itertools.repeat(0)), port, until, statuses)


def rotating_addresses(port, until, statuses):
    start = int.from_bytes(os.urandom(3), "big")
    addresses = (f"{100 + (n >> 16) % 64}.{n >> 8 & 255}.{n & 255}.7" for n in itertools.count(start))
    flood((question(VICTIM, f"guess at {address}", address) for address in addresses), port, until, statuses)


def large_fields(port, until, statuses):
    asked = question(VICTIM, "x" * (1 << 20), "203.0.113.3")
    while not until.is_set():
        with demo.Connection(port) as connection:
            try:
                connection.send(asked)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has answered and left before it was told all
            statuses[connection.answer().status] += 1


def slow_senders(port, until, statuses):
    head = question(VICTIM, "x" * 1000, "203.0.113.4")
    connections = [socket.create_connection(("127.0.0.1", port), demo.PATIENCE) for _ in range(200)]
    try:
        for sent in range(len(head)):
            for connection in connections:
                connection.send(head[sent:sent + 1])
            if until.wait(1):
                return
    finally:
        statuses["given up"] += len(connections)
        for connection in connections:
            connection.close()


ATTACKS = (wrong_secrets, unknown_ids, rotating_addresses, large_fields, slow_senders)


class Crew:
    """Processes that go on until they are called back, each with something to tell then."""

    def __init__(self):
        self.until = multiprocessing.Event()
        self.members = {}

    def send_out(self, name, work, *arguments):
        mine, theirs = multiprocessing.Pipe(False)
        member = multiprocessing.Process(target=work, args=(*arguments, self.until, theirs), daemon=True)
        member.start()
        self.members[name] = (member, mine)

    def call_back(self):
        self.until.set()
        told = {name: results.recv() for name, (_, results) in self.members.items()}
        for member, _ in self.members.values():
            member.join()
        return told


class Demo:
    """The demo on one port, however often it is started; how much memory it took, looked at now and then."""

    def __init__(self, file):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.options = ["--clients", str(file), "--trusted-proxy=127.0.0.1/32", *demo.UNLIMITED]
        self.start()

    def start(self):
        self.server = demo.Server(*self.options, port=self.port)

    def kill(self):
        self.server.signal(signal.SIGKILL)
        self.server.wait()

    def memory(self):
        status = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) << 10

    def most_memory_in(self, seconds):
        end, most = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            most = max(most, self.memory())
            time.sleep(0.05)
        return most


def p99(seen):
    took = sorted(each.took for each in seen)
    return took[len(took) * 99 // 100]


def milliseconds(seconds):
    return f"{seconds * 1000:.2f} ms"


def goal(met):
    return "goal met" if met else "GOAL MISSED"


def rehearse(seconds, file):
    """What each proven client saw, what the attackers were answered, the memory, and when each phase began."""
    server, clients, strangers, began, memory = Demo(file), Crew(), Crew(), {}, {}
    for number, (name, client) in enumerate(PROVEN.items()):
        # One sits behind an address from which strangers guess. One whose secret takes scrypt would have to wait for
        # the throttle there, once the demo has been started again.
        address = TRIPPED if name == "sha256 1" else f"198.51.100.{number}"
        clients.send_out(name, of_proven, server.port, client, address)
    time.sleep(2)
    began["quiet"] = time.monotonic()
    memory["quiet"] = server.most_memory_in(seconds)
    for kind in ATTACKS:
        strangers.send_out(kind.__name__, attack, kind, server.port)
    began["attack"] = time.monotonic()
    memory["attack"] = server.most_memory_in(seconds)
    began["restart"] = time.monotonic()
    server.kill()
    server.start()
    began["back"] = time.monotonic()
    memory["back"] = server.most_memory_in(max(seconds, 2 * GOAL_PROVEN_AGAIN))
    began["end"] = time.monotonic()
    seen = clients.call_back()
    answered = strangers.call_back()
    server.kill()
    return seen, answered, memory, began


def report(seen, answered, memory, began):
    """Prints the figures; what is wrong with the counts."""
    wrong = []
    everything = [each for of_client in seen.values() for each in of_client]

    def between(of, start, end):
        return [each for each in of if began[start] <= each.at < began[end]]

    quiet = p99(between(everything, "quiet", "attack"))
    print(f"p99 of the proven, quiet: {milliseconds(quiet)}")
    for name, of_client in seen.items():
        # A request under way when the demo is killed belongs to neither phase.
        before = [each for each in of_client if each.at + each.took < began["restart"]]
        refused = [each.status for each in before if each.status != 200 and each.at >= began["quiet"]]
        again = between(of_client, "back", "end")
        first = next((each for each in again if each.status == 200), None)
        retries = collections.Counter(each.status for each in again if not first or each.at < first.at)
        waited = first.at + first.took - began["back"] if first else None
        later = [each.status for each in again if first and each.at > first.at and each.status != 200]
        own_quiet, attacked = p99(between(before, "quiet", "attack")), p99(between(before, "attack", "restart"))
        shown = "not at all" if waited is None else f"after {waited:.2f} s, {goal(waited <= GOAL_PROVEN_AGAIN)}"
        print(f"{name}: {len(before)} requests, {len(refused)} refused; p99 {milliseconds(own_quiet)} quiet, {milliseconds(attacked)} attacked; "
              f"proven again {shown}, told {dict(retries)} until then, {len(later)} refused after")
        if refused:
            wrong.append(f"{name} was refused, with {collections.Counter(refused)}")
        if later:
            wrong.append(f"{name} was refused after it was proven again, with {collections.Counter(later)}")
        if not set(retries) <= {0, 503}:
            wrong.append(f"{name} was told {dict(retries)} while it retried")
        if waited is None:
            wrong.append(f"{name} was not proven again")
    attacked = p99(between(everything, "attack", "restart"))
    print(f"p99 of the proven, attacked: {milliseconds(attacked)}, {attacked / quiet:.1f} times quiet, {goal(attacked <= GOAL_P99 * quiet)}")
    for name, statuses in answered.items():
        print(f"{name}: {dict(statuses)}")
        if statuses[200] or not statuses:
            wrong.append(f"{name} was answered {dict(statuses)}")
    print("memory: " + ", ".join(f"{most / (1 << 20):.1f} MiB {phase}" for phase, most in memory.items()))
    if max(memory.values()) - memory["quiet"] > MOST_MEMORY:
        wrong.append("memory grew")
    return wrong


def main():
    demo.PROGRAM.append(sys.argv[1])
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 10
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "clients.json"
        file.write_text(json.dumps(records()))
        wrong = report(*rehearse(seconds, file))
    for problem in wrong:
        print(f"WRONG: {problem}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
