"""How long the README's first program takes to compile, in the time of a file that only includes what any server's
does: compile_time.py RESULTS.json. Both in turns, at -O0, with each compiler that is there; the median of 5 rounds."""

import json
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
ROUNDS = 5
GOAL = 2
INCLUDED = ("fmt/format.h", "chrono", "string", "unordered_map", "vector")
YARDSTICK = "".join(f"#include <{header}>\n" for header in INCLUDED)


def processor_time(compiler, source):
    """Seconds of the processor's time: what else the machine does is not counted."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([compiler, "-std=c++20", "-O0", "-c", "-o", "/dev/null", f"-I{ROOT}/include", source], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def row(compiler, ours, yardstick):
    times = [(processor_time(compiler, ours), processor_time(compiler, yardstick)) for _ in range(ROUNDS + 1)][1:]
    ratios = sorted(a / b for a, b in times)
    ratio = statistics.median(ratios)
    return {"what": f"compile time of the README's first lines, {compiler}, -O0", "yardstick": "its includes of others",
            "ratio": ratio, "goal": GOAL, "met": ratio <= GOAL, "low": ratios[1], "high": ratios[-2], "threads": 1,
            "rounds": ROUNDS, "ns": statistics.median(a for a, _ in times) * 1e9,
            "yardstick_ns": statistics.median(b for _, b in times) * 1e9}


def main(results):
    program = re.search(r"```cpp\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL).group(1)
    with tempfile.TemporaryDirectory() as folder:
        ours, yardstick = pathlib.Path(folder, "ours.cpp"), pathlib.Path(folder, "yardstick.cpp")
        ours.write_text(program)
        yardstick.write_text(YARDSTICK + "int main() {}\n")
        rows = [row(compiler, ours, yardstick) for compiler in ("g++", "clang++") if shutil.which(compiler)]
    pathlib.Path(results).write_text(json.dumps({"rows": rows}))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
