"""usage: check.py MODEL FOLDER [SWITCH...]

Searches all states of MODEL with spin, in FOLDER and with the switches: nothing that it asserts may fail. With each of the
mistakes that its comment lists something must; with each of those `that admit too many`, an admission must be one too many.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import time

model, folder, given = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]), sys.argv[3:]
MEGABYTES, DEEPEST, SECONDS = 3000, 10000, 600


def search(*switches):
    """What spin's own program says of the model, and the seconds that it took."""
    place = folder / "-".join((model.stem, *switches))
    place.mkdir(parents=True, exist_ok=True)
    for each in model.parent.glob("*.pml"):
        shutil.copy(each, place)
    # A mistake is met soon: what takes time is to compile.
    options = [f"-D{switch}" for switch in (*given, *switches)]
    subprocess.run(["spin", *options, "-a", model.name], cwd=place, check=True)
    subprocess.run(["cc", "-O0" if switches else "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={MEGABYTES}",
                    "-o", "pan", "pan.c"], cwd=place, check=True)
    start = time.monotonic()
    said = subprocess.run([place.resolve() / "pan", f"-m{DEEPEST}", "-w24"], cwd=place, check=True, timeout=SECONDS,
                          capture_output=True, text=True).stdout
    shutil.rmtree(place)
    return said, time.monotonic() - start


def states(said):
    return int(re.search(r"(\d+) states, stored", said)[1])


def failed(said):
    """The assertion that fails; None if none does in any state."""
    if found := re.search(r"assertion violated (.+) \(at depth", said):
        return found[1]
    unfinished = "Search not completed" in said or "max search depth too small" in said or "out of memory" in said
    if unfinished or "errors: 0" not in said:
        sys.exit(f"the search did not come to its end:\n{said}")
    return None


said, seconds = search()
if found := failed(said):
    sys.exit(f"does not hold: {found}\n{said}")
print(f"holds in {states(said):,} states, {seconds:.1f} s")


def listed(title):
    found = re.search(rf"{title}: ([A-Z_ ]+)", model.read_text())
    return found[1].split() if found else []


mistakes = [(each,) for each in listed("mistakes")]
mistakes += [(each, "ONLY_ADMISSIONS") for each in listed("that admit too many")]
known = "".join(each.read_text() for each in model.parent.glob("*.pml"))
assert mistakes, "there is no mistake to see"
for mistake, *only in mistakes:
    assert re.search(rf"#ifn?def {mistake}\b", known), f"there is no mistake {mistake}"
    said, seconds = search(mistake, *only)
    if not (found := failed(said)):
        sys.exit(f"{mistake} is not seen")
    print(f"{mistake} is seen after {states(said):,} states: {'one too many' if only else found}")
