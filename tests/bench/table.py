"""Puts together what the benchmarks measured: table.py [--json FILE] RESULTS.json... It prints the table, and fails if
a row could not be measured; one that misses its goal is only shown."""

import argparse
import json
import pathlib
import sys

# What each row of the file has, be there a figure for it or none.
IN_EACH = dict.fromkeys(("row", "what", "ns", "yardstick", "yardstick_ns", "ratio", "goal", "met"))


def row_of(made, build):
    """A row as Google Benchmark wrote it down."""
    row = {"what": made["name"].split("/iterations")[0] + (f", {build} build" if build else ""),
           "yardstick": made.get("label", "")}
    if made.get("error_occurred"):
        return row | {"error": made["error_message"]}
    if "value" in made:  # a figure that is held to its goal by itself
        return row | {"value": made["value"], "goal": made["goal"], "met": made["value"] <= made["goal"]}
    names = ("ratio", "goal", "ns", "yardstick_ns", "low", "high", "disturbed")
    row |= {name: made[name] for name in names if name in made}
    row |= {"threads": int(made["on_threads"]), "rounds": made["iterations"]}
    return row | ({"met": row["ratio"] <= row["goal"]} if "goal" in row else {})


def rows_of(path):
    results = json.loads(path.read_text())
    if "benchmarks" not in results:
        return results["rows"]
    build = results["context"].get("build", "")
    return [row_of(made, build) for made in results["benchmarks"]]


def short(figure):
    return f"{figure:,.0f}" if figure >= 1000 or figure == int(figure) else f"{figure:.3g}"


def times(row):
    """Of both sides: in nanoseconds, or where these are many in milliseconds."""
    if "ns" not in row:
        return ""
    divisor, unit = (1e6, " ms") if row["ns"] > 1e6 else (1, "")
    return f"{row['ns'] / divisor:,.1f} / {row['yardstick_ns'] / divisor:,.1f}{unit}"


def cells(row):
    names = [row["what"], row["yardstick"]]
    if "error" in row:
        return names + ["", "", "", "", "FAILED: " + row["error"]]
    spread = f"{row['low']:.3g} to {row['high']:.3g}" if "low" in row else ""
    goal, met = (short(row["goal"]), "met" if row["met"] else "MISSED") if "goal" in row else ("", "")
    return names + [short(row["ratio"] if "ratio" in row else row["value"]), spread, times(row), goal, met]


def show(rows):
    head = ["what", "yardstick", "ratio", "half lie in", "ns", "goal", "met?"]
    lines = [head] + [["-"] * len(head)] + [c + [""] * (len(head) - len(c)) for c in map(cells, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        filled = [cell * width if cell == "-" else cell.ljust(width) for cell, width in zip(line, widths)]
        print(f"| {' | '.join(filled)} |")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--json", type=pathlib.Path)
    arguments.add_argument("results", type=pathlib.Path, nargs="+")
    given = arguments.parse_args()
    rows = [row for path in given.results if path.exists() and path.stat().st_size for row in rows_of(path)]
    show(rows)
    missed = sum(not row.get("met", True) for row in rows)
    print(f"\n{len(rows)} rows, {missed} of them miss their goal. Ratio: the library's time in that of the yardstick.")
    if given.json:
        given.json.write_text(json.dumps([IN_EACH | {"row": i} | row for i, row in enumerate(rows, 1)], indent=1) + "\n")
    return 1 if any("error" in row for row in rows) or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
