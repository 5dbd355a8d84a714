"""Draws how the cost of a decision grows: plot.py FIGURES.json FOLDER. The figures are those that
`tests/bench/run --large --json` wrote. Four drawings: by clients and by header lines, each for a light and a dark
page."""

import json
import pathlib
import re
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

ROW = re.compile(r"growth by ([a-z ]+): (\d+), threads: (\d+)")
PAGES = {"light": ("#1f2328", "#d0d7de", "#0969da", "#8c6d1f"), "dark": ("#e6edf3", "#30363d", "#58a6ff", "#d4a72c")}
STYLES = {1: "-", 2: "--"}


def lines_of(rows, by):
    """For each line its name, its threads and its points: ours, and the ordinary pipeline's where it was measured."""
    lines = {}
    for row in rows:
        found = ROW.fullmatch(row["what"])
        if not found or found[1] != by or "error" in row:
            continue
        threads = int(found[3])
        sides = {"Sallyport": row["ns"]}
        if row["yardstick"].startswith("ordinary"):
            sides["ordinary pipeline"] = row["yardstick_ns"]
        for side, ns in sides.items():
            lines.setdefault((side, threads), []).append((int(found[2]), ns))
    return lines


def draw(lines, by, page, path):
    ink, grid, ours, theirs = PAGES[page]
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "sallyport", "text.color": ink, "axes.labelcolor": ink,
                         "xtick.color": ink, "ytick.color": ink, "axes.edgecolor": grid, "font.size": 10})
    figure, axes = plt.subplots(figsize=(7, 3.6))
    for (side, threads), points in sorted(lines.items(), reverse=True):
        label = side if by != "clients" else f"{side}, {threads} thread{'s' if threads > 1 else ''}"
        axes.plot(*zip(*sorted(points)), STYLES[threads], marker="o", markersize=4, label=label,
                  color=ours if side == "Sallyport" else theirs)
    if by == "clients":
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    axes.set_ylim(bottom=0)
    axes.set_xlabel(by)
    axes.set_ylabel("ns a decision, on each thread")
    axes.grid(color=grid, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, transparent=True, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)


def main(figures, folder):
    rows = json.loads(pathlib.Path(figures).read_text())
    for by in ("clients", "header lines"):
        lines = lines_of(rows, by)
        if not lines:
            return f"{figures} holds no growth by {by}"
        for page in PAGES:
            draw(lines, by, page, pathlib.Path(folder, f"growth_by_{by.replace(' ', '_')}_{page}.svg"))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) == 3 else "usage: plot.py FIGURES.json FOLDER")
