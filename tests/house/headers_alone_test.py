"""usage: headers_alone_test.py COMPONENTS COMPILER...

Each header compiles alone; those of with/ where COMPONENTS, a list of CMake's, has them. One that another includes before all
else is compiled alone there.
"""

import pathlib
import re
import subprocess
import sys

INCLUDE = pathlib.Path(__file__).parents[2] / "include"
BEFORE_ALL_ELSE = re.compile(r"(?://.*\n|#pragma once\n|\s)*#include <(sallyport/.+)>")

components, *compiler = sys.argv[1:]
headers = {path.relative_to(INCLUDE).as_posix(): path.read_text() for path in INCLUDE.rglob("*.hpp")
           if path.parent.name != "with" or path.stem in components.split(";")}
assert headers
included = {found[1] for text in headers.values() if (found := BEFORE_ALL_ELSE.match(text))}
failures = []
for header in sorted(headers.keys() - included):
    run = subprocess.run([*compiler, "-fsyntax-only", "-include", header, "-x", "c++", "/dev/null"], capture_output=True, text=True)
    if run.returncode != 0:
        failures.append(f"{header} does not compile alone:\n{run.stderr}")
sys.exit("\n".join(failures) or None)
