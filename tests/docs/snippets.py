"""usage: snippets.py DOCUMENT PROGRAMS CORE COMPILER...

Compiles the C++ in a Markdown document, after the header CORE, which is precompiled; but what shows its includes must need no
others. A block with an `int main` is a whole program. Above any other block a comment, which a reader doesn't see, says how it is
read:

    <!-- compile: NAME -->         it stands in NAME.cpp beside this script, in place of the line `// the snippet`
    <!-- not compiled: REASON -->  it is no code to compile
    <!-- printed by: NAME -->      it is, to the letter, what the program of that name in the folder PROGRAMS prints
"""

import pathlib
import re
import subprocess
import sys

FRAMES = pathlib.Path(__file__).parent
BLOCK = re.compile(r"(?:<!-- ([a-z ]+): (.+?) -->\n\s*)?^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)

document, programs, core, *compiler = sys.argv[1:]
text = pathlib.Path(document).read_text()
failures = []


def compile_program(program, alone):
    before = [] if alone else ["-include", core]
    run = subprocess.run([*compiler, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{FRAMES}", *before, "-x", "c++", "-"],
                         input=program, capture_output=True, text=True)
    return run.stderr if run.returncode else None


def framed(code, frame, line):
    path = FRAMES / f"{frame}.cpp"
    before, mark, after = path.read_text().partition("// the snippet\n")
    assert mark, f"{path} has no line `// the snippet`"
    resumed = before.count("\n") + 2
    return f'#line 1 "{path}"\n{before}#line {line} "{document}"\n{code}#line {resumed} "{path}"\n{after}'


def what_is_wrong(how, name, language, code, line):
    if how == "printed by":
        program = pathlib.Path(programs, name)
        if not program.exists():
            return f"there is no program {program}"
        printed = subprocess.run([program], capture_output=True, text=True).stdout
        return None if printed == code else f"{name} prints\n{printed}"
    if language != "cpp" or how == "not compiled":
        return None
    if how == "compile":
        return compile_program(framed(code, name, line), alone="#include" in code)
    if "int main" in code:
        return compile_program(f'#line {line} "{document}"\n{code}', alone=True)
    return "nothing above the block says how to compile it"


for block in BLOCK.finditer(text):
    how, name, _, language, code = block.groups()
    line = text.count("\n", 0, block.start(5)) + 1
    if wrong := what_is_wrong(how, name, language, code, line):
        failures.append(f"{document}:{line}: {wrong}")
sys.exit("\n".join(failures) or None)
