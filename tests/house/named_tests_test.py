"""Every test that docs/security.md names is there: its file under tests/, and its name in it."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).parents[2]
NAMED = re.compile(r"`([a-z0-9_/]+\.(?:cpp|hpp|py))`|(?<![*\w])\*([^*|`]+?)\*(?!\*)", re.DOTALL)


def missing(text, tests):
    """What the text names and the folder doesn't have."""
    lacking, file = [], None
    for path, name in NAMED.findall(text):
        if path:
            file = tests / path
            if not file.exists():
                lacking.append(path)
        elif file and file.exists():
            # A name may go on in the next line's literal.
            if " ".join(name.split()) not in re.sub(r'"\s*\n\s*"', "", file.read_text()):
                lacking.append(f"{path or file.name}: {name}")
    return lacking


class NamedTests(unittest.TestCase):
    def test_every_test_that_the_security_page_names_is_there(self):
        text = (ROOT / "docs" / "security.md").read_text()
        self.assertGreater(len(NAMED.findall(text)), 100)
        self.assertEqual(missing(text, ROOT / "tests"), [])

    def test_one_that_is_not_there_is_seen(self):
        self.assertEqual(missing("`none_such_test.cpp`: *it holds*", ROOT / "tests"), ["none_such_test.cpp"])
        self.assertEqual(len(missing("`invariants_test.cpp`: *pigs fly*", ROOT / "tests")), 1)


if __name__ == "__main__":
    unittest.main()
