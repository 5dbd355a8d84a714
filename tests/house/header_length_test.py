"""A header is a short article: one that is longer than 300 lines has earned it, and says here how."""

import pathlib
import unittest

HEADERS = pathlib.Path(__file__).parents[2] / "include" / "sallyport"
LONGEST = 300
EARNED = {}  # header: reason


class HeaderLength(unittest.TestCase):
    def test_no_header_is_long_without_a_reason(self):
        lengths = {path.relative_to(HEADERS).as_posix(): len(path.read_text().splitlines())
                   for path in HEADERS.rglob("*.hpp")}
        self.assertTrue(lengths)
        self.assertEqual({header for header, length in lengths.items() if length > LONGEST}, set(EARNED))


if __name__ == "__main__":
    unittest.main()
