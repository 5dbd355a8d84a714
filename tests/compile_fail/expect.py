"""usage: expect.py FILE COMPILER...

FILE begins with `// expect: SENTENCE`. It must not compile, and the compiler must say the sentence. With
SALLYPORT_CONTROL defined it must compile, so that nothing but the mistake can be what the compiler refuses.
"""

import pathlib
import subprocess
import sys

file, *compiler = sys.argv[1:]
comment, sentence = pathlib.Path(file).read_text().splitlines()[0].split("expect: ")
assert comment == "// " and sentence, "the first line is not `// expect: SENTENCE`"


def compiled(*options):
    return subprocess.run([*compiler, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *options, file],
                          capture_output=True, text=True)


mistaken, right = compiled(), compiled("-DSALLYPORT_CONTROL")
if right.returncode != 0:
    sys.exit(f"without the mistake it must compile, but:\n{right.stderr}")
if mistaken.returncode == 0:
    sys.exit("it compiles, mistake and all")
if sentence not in mistaken.stderr:
    sys.exit(f"the compiler does not say `{sentence}`, but:\n{mistaken.stderr}")
