"""No header includes one from a floor above its own, and no door another door."""

import pathlib
import re
import unittest

HEADERS = pathlib.Path(__file__).parents[2] / "include" / "sallyport"

# From the ground up. Rooms on one floor don't know each other, except through what lies below them.
FLOORS = [
    ["crypto/", "ascii.hpp", "headers.hpp"],
    ["model/"],
    ["store/", "credential/", "access/", "limit/", "request.hpp", "decision.hpp",
     "trusted_proxies.hpp", "exempt_peers.hpp"],
    ["rules.hpp"],
    ["steps.hpp", "budgets.hpp", "reloadable.hpp", "observer.hpp", "capped_decision.hpp", "http/"],
    ["passage.hpp"],
    ["parts.hpp"],
    ["authorize.hpp", "with/"],
    ["sallyport.hpp", "openpanel.hpp"],
]

# The wire is for those who answer a request; the order of the doors doesn't know how a decision is written.
APART = {("passage.hpp", "http/"), ("parts.hpp", "http/"), ("authorize.hpp", "http/")}

# Who may look outside the standard library and fmt: other people's libraries have one room, the system two headers.
OUTWARD = ("with/", "crypto/random.hpp", "model/large_array.hpp")

# Who may name a processor's instructions: the fast path beside a portable one.
INSTRUCTIONS = {"model/uuid_parse_simd.hpp": r"([est]mm|imm)intrin\.h|arm_neon\.h", "crypto/sha256_x86.hpp": r"cpuid\.h"}


def place(header):
    """The floor of a header and its room there."""
    for floor, rooms in enumerate(FLOORS):
        for room in rooms:
            if header == room or (room.endswith("/") and header.startswith(room)):
                return floor, room
    raise ValueError(f"{header} has no place in the house")


def wrong_arrow(header, included):
    """What is wrong with `header` including `included`; None if nothing is."""
    if not included.startswith("sallyport/"):
        allowed = (re.fullmatch(r"[a-z_0-9]+|fmt/.*", included) or header.startswith(OUTWARD)
                   or re.fullmatch(INSTRUCTIONS.get(header, "(?!)"), included))
        return None if allowed else f"{header} includes {included}, which is neither the standard library's nor fmt's"
    included = included.removeprefix("sallyport/")
    (floor, room), (floor_below, room_below) = place(header), place(included)
    if room == room_below and room != "with/":
        return None
    if floor_below > floor:
        return f"{header} includes {included} from a floor above"
    if floor_below == floor:
        return f"{header} includes {included} from another room of its floor"
    if (room, room_below) in APART:
        return f"{header} includes {included}, which it has no business with"
    return None


def includes(text):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', text, re.MULTILINE)


class Floors(unittest.TestCase):
    def test_no_arrow_runs_up_or_from_door_to_door(self):
        headers = sorted(HEADERS.rglob("*.hpp"))
        self.assertTrue(headers)
        for path in headers:
            header = path.relative_to(HEADERS).as_posix()
            for included in includes(path.read_text()):
                with self.subTest(header=header):
                    self.assertIsNone(wrong_arrow(header, included))

    def test_a_wrong_arrow_is_seen(self):
        for header, line in [
            ("model/uuid.hpp", "#include <sallyport/decision.hpp>"),
            ("crypto/sha256.hpp", "#include <sallyport/model/secret.hpp>"),
            ("store/memory_clients.hpp", "#  include <sallyport/credential/verifier.hpp>"),
            ("steps.hpp", '#include "sallyport/http/response.hpp"'),
            ("passage.hpp", "#include <sallyport/http/response.hpp>"),
            ("authorize.hpp", "#include <sallyport/with/openssl.hpp>"),
            ("sallyport.hpp", "#include <sallyport/openpanel.hpp>"),
            ("with/beast.hpp", "#include <sallyport/with/httplib.hpp>"),
            ("credential/verifier.hpp", "#include <openssl/evp.h>"),
            ("http/body.hpp", "#    include <nlohmann/json.hpp>"),
            ("model/clock.hpp", "#include <time.h>"),
            ("model/uuid.hpp", "#include <emmintrin.h>"),
        ]:
            with self.subTest(header=header, line=line):
                self.assertIsNotNone(wrong_arrow(header, *includes(line)))

    def test_a_right_arrow_is_not_mistaken_for_one(self):
        for header, line in [
            ("credential/verifier.hpp", "#include <sallyport/credential/hash_scheme.hpp>"),
            ("steps.hpp", "#include <sallyport/rules.hpp>"),
            ("with/openssl.hpp", "#include <openssl/evp.h>"),
            ("with/beast.hpp", "#include <sallyport/http/response.hpp>"),
            ("model/uuid.hpp", "#include <fmt/format.h>"),
            ("model/uuid_parse_simd.hpp", "#    include <emmintrin.h>"),
            ("crypto/random.hpp", "#    include <sys/random.h>"),
        ]:
            with self.subTest(header=header, line=line):
                self.assertIsNone(wrong_arrow(header, *includes(line)))

    def test_a_header_without_a_place_is_seen(self):
        with self.assertRaises(ValueError):
            place("utilities.hpp")


if __name__ == "__main__":
    unittest.main()
