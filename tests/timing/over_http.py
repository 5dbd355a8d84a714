"""Whether the time of the demo's answers tells an id that nobody has from one whose secret is wrong: over_http.py PROGRAM.

Both are asked for in random order on one connection, for a store of each scheme and for a mixed one, and their medians
compared: 0.9 to 1.1 is the same. Of a mixed store those of the cheap answers, those of the expensive ones, and the
share of these. A burst of other work can spoil a round: one of three has to hold.
"""

import pathlib
import random
import statistics
import sys
import tempfile
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import demo  # noqa: E402
import json  # noqa: E402

EXPENSIVE = 0.005  # seconds: a hash takes ten times that, all else a tenth
SCRYPT = "0dfe29e560adfbc489d9b5872231d10c.928c3fad8a64f330af35426e200b319e3b6c46b343c802c9d0a7ae2bf9c43c24"
SHA256 = demo.stored("the right secret")


def ids(count):
    return [str(uuid.uuid4()) for _ in range(count)]


def times_of(server, clients, passes):
    """How long each of these took to be refused, `passes` times, in random order."""
    taken = {client: [] for client in clients}
    asked = {client: demo.request("GET", "/export/events", demo.credentials(client, "a wrong secret")) for client in clients}
    with server.connect() as connection:
        for _ in range(passes):
            random.shuffle(clients)
            for client in clients:
                start = time.perf_counter()
                connection.send(asked[client])
                answer = connection.answer()
                taken[client].append(time.perf_counter() - start)
                assert answer.status == 401, answer.status
    return taken


def ratio(taken, known):
    medians = [statistics.median(t for client, times in taken.items() if (client in known) == of_known for t in times)
               for of_known in (False, True)]
    return medians[0] / medians[1]


def alike(hashes, passes):
    """Whether known and unknown ids take equally long at a store whose records take turns in these stored forms."""
    known = ids(120 if len(set(hashes)) > 1 else 40)
    records = {**demo.records(), "clients": [
        {**demo.record(client, "read"), "secrets": [{"hash": hashes[i % len(hashes)]}]} for i, client in enumerate(known)]}
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "clients.json"
        file.write_text(json.dumps(records))
        server = demo.Server("--clients", str(file), *demo.UNMETERED)
        try:
            taken = times_of(server, known + ids(len(known)), 1 if SCRYPT in hashes else passes)
            expensive = {client for client, times in taken.items() if times[0] > EXPENSIVE}
            if 0 < len(expensive) < len(taken):
                cheap = times_of(server, [client for client in taken if client not in expensive], passes)
                share = [len(expensive & set(known)) / len(known), len(expensive - set(known)) / len(known)]
                ratios = [ratio(cheap, known), ratio({client: taken[client] for client in expensive}, known)]
                print(f" cheap {ratios[0]:.3f}, expensive {ratios[1]:.3f}, share {share[1]:.2f} to {share[0]:.2f};", end="")
                return all(0.9 <= each <= 1.1 for each in ratios) and abs(share[0] - share[1]) < 0.2
            found = ratio(taken, known)
            print(f" {found:.3f}", end="")
            return 0.9 <= found <= 1.1
        finally:
            server.end()


def main():
    demo.PROGRAM.append(sys.argv[1])
    good = True
    for name, hashes, passes in (("sha256", [SHA256], 100), ("scrypt", [SCRYPT], 1), ("a mix", [SHA256, SHA256, SHA256, SCRYPT], 50)):
        print(f"{name:8} unknown/wrong", end="")
        held = any(alike(hashes, passes) for _ in range(3))
        print("  ok" if held else "  FAILED", flush=True)
        good = good and held
    sys.exit(0 if good else 1)


main()
