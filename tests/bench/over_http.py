"""How many requests a second a guarded server answers, in what the same server answers bare: over_http.py SERVER
RESULTS.json. Rounds of wrk alternate between the two; the servers have one processor, and wrk another."""

import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import urllib.error
import urllib.request

ROUNDS = 5
SECONDS = 2
GOALS = {"httplib": ("cpp-httplib", 0.95), "beast": ("Beast", 0.9)}


def on(processor):
    return lambda: os.sched_setaffinity(0, {processor})


class Server:
    def __init__(self, program, library, how, processor):
        self.process = subprocess.Popen([program, library, how], stdout=subprocess.PIPE, text=True,
                                        preexec_fn=on(processor))
        port, client, secret = self.process.stdout.readline().split()
        self.url = f"http://127.0.0.1:{port}/notes"
        self.fields = {"OpenPanel-Client-Id": client, "OpenPanel-Client-Secret": secret}
        self.check(how)

    def check(self, how):
        """Who is measured must be let in, and by the guarded one nobody else."""
        with urllib.request.urlopen(urllib.request.Request(self.url, headers=self.fields)) as answer:
            assert answer.read() == b'["buy milk"]'
        try:
            urllib.request.urlopen(self.url).close()
            assert how == "bare"
        except urllib.error.HTTPError as refused:
            assert how == "guarded" and refused.code == 401

    def requests_a_second(self, processor):
        fields = [part for field in self.fields.items() for part in ("-H", ": ".join(field))]
        said = subprocess.run(["wrk", "-t1", "-c2", f"-d{SECONDS}", *fields, self.url], check=True, text=True,
                              stdout=subprocess.PIPE, preexec_fn=on(processor)).stdout
        assert "Non-2xx" not in said, said
        return float(re.search(r"Requests/sec:\s*([\d.]+)", said).group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def row(program, library):
    name, least = GOALS[library]
    *_, one, other = sorted(os.sched_getaffinity(0)) * 2
    with Server(program, library, "guarded", one) as guarded, Server(program, library, "bare", one) as bare:
        rates = [(guarded.requests_a_second(other), bare.requests_a_second(other)) for _ in range(ROUNDS)]
    # As everywhere in the table the figure is a time: that of a request, guarded in bare.
    ratios = sorted(bare_rate / guarded_rate for guarded_rate, bare_rate in rates)
    ratio = statistics.median(ratios)
    return {"what": f"a request over {name}, guarded", "yardstick": "the same server bare", "ratio": ratio,
            "goal": 1 / least, "met": ratio <= 1 / least, "low": ratios[1], "high": ratios[-2], "rounds": ROUNDS,
            "ns": 1e9 / statistics.median(rate for rate, _ in rates),
            "yardstick_ns": 1e9 / statistics.median(rate for _, rate in rates), "threads": 1}


if __name__ == "__main__":
    pathlib.Path(sys.argv[2]).write_text(json.dumps({"rows": [row(sys.argv[1], library) for library in GOALS]}))
