"""Whose word is taken for where a request comes from: the socket's, and that of proxies that the host trusts."""

import unittest

import demo
from demo import WRITE, credentials, request


class PeersTest(demo.DemoTest):
    """Where the demo takes a caller to be shows in the device that /track gives it."""

    def device(self, *fields):
        answer = self.server.ask("POST", "/track", [*credentials(WRITE), *fields], b"{}")
        self.assertEqual(answer.status, 200)
        return answer.json()["deviceId"]

    def assert_all_from(self, address, field, others=()):
        """Each of these texts is read as the address that the simplest text spells; None: as the socket's."""
        expected = self.device(*([(field, address)] if address else []))
        for text in others:
            lines = [text] if isinstance(text, str) else text
            with self.subTest(lines):
                self.assertEqual(self.device(*((field, line) for line in lines)), expected)


class CustomaryField(PeersTest):
    options = [*demo.UNMETERED, "--trusted-proxy=127.0.0.1/32", "--trusted-proxy", "10.0.0.0/8", "--trusted-proxy=2001:db8:1::/48"]

    def test_another_address_is_another_device(self):
        callers = [(), *((("X-Forwarded-For", address),) for address in
                         ("203.0.113.7", "203.0.113.8", "10.1.2.3", "2001:db8::7", "2001:db8::8", "::1"))]
        self.assertEqual(len({self.device(*fields) for fields in callers}), len(callers))

    def test_the_nearest_address_that_is_no_proxy_is_the_callers(self):
        self.assert_all_from("203.0.113.7", "X-Forwarded-For", [
            "198.51.100.1, 203.0.113.7", "203.0.113.7, 10.1.2.3", "198.51.100.1,203.0.113.7,10.1.2.3 , 10.255.255.255",
            "203.0.113.7, 2001:db8:1::5, 10.1.2.3", "rubbish, 203.0.113.7", "203.0.113.7:4711", "203.0.113.7:4711, 10.1.2.3:80",
            "::ffff:203.0.113.7", "[::ffff:203.0.113.7]:443", " 203.0.113.7 ", "203.0.113.7,", "203.0.113.7, ,,"])

    def test_several_lines_are_one_list(self):
        self.assert_all_from("203.0.113.7", "X-Forwarded-For", [
            ["198.51.100.1", "203.0.113.7"], ["203.0.113.7", "10.1.2.3"], ["198.51.100.1, 203.0.113.7", "10.1.2.3, 10.1.2.4"],
            ["203.0.113.7", ""]])

    def test_a_v6_address_has_many_spellings(self):
        self.assert_all_from("2001:db8:2::5", "X-Forwarded-For", [
            "[2001:db8:2::5]", "[2001:db8:2::5]:443", "2001:DB8:2:0:0:0:0:5", "2001:db8:0002::0005", "2001:db8:2::5, 2001:db8:1::1",
            "2001:db8:2::5%eth0"])

    def test_a_caller_that_is_itself_a_proxy(self):
        self.assert_all_from("10.1.2.3", "X-Forwarded-For", ["10.1.2.3, 10.9.9.9"])

    def test_what_can_not_be_read_leaves_the_last_address_that_could(self):
        rubbish = ["unknown", "_hidden", "203.0.113.300", "203.0.113", "203.0.113.07", "203.0.113.7 x", "203.0.113.7:x", "203.0.113.7:",
                   "[2001:db8:2::5", "2001:db8:2::5]", "2001:db8:2:::5", "[203.0.113.7]", "\"203.0.113.7\"", "for=203.0.113.7", "0xcb007107",
                   "3405803783", "203.0.113.7/32", "\u00e9", "localhost", "203.0.113.7;10.1.2.3"]
        self.assert_all_from(None, "X-Forwarded-For", [*rubbish, "", ",", [""] * 5, *(f"203.0.113.7, {text}" for text in rubbish)])
        self.assert_all_from("10.1.2.3", "X-Forwarded-For", [f"203.0.113.7, {text}, 10.1.2.3" for text in rubbish])

    def test_a_list_of_any_length_is_read_from_its_end(self):
        self.assert_all_from("203.0.113.7", "X-Forwarded-For", [
            ", ".join(["198.51.100.1"] * 500 + ["203.0.113.7"]), [*["198.51.100.1"] * 50, "203.0.113.7"]])

    def test_no_other_field_is_believed(self):
        for name in ("openpanel-client-ip", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Cluster-Client-IP",
                     "Fastly-Client-IP", "X-Original-Forwarded-For", "X_Forwarded_For", "X-Forwarded", "Via", "From"):
            with self.subTest(name):
                value = "for=203.0.113.7" if name == "Forwarded" else "203.0.113.7"
                self.assertEqual(self.device((name, value)), self.device())
                self.assertEqual(self.device((name, value), ("X-Forwarded-For", "203.0.113.9")),
                                 self.device(("X-Forwarded-For", "203.0.113.9")))


class StandardField(PeersTest):
    options = [*demo.UNMETERED, "--trusted-proxy=127.0.0.0/8", "--trusted-proxy=10.0.0.0/8", "--forwarded-field=forwarded"]

    def test_it_is_read_from_its_end(self):
        self.assert_all_from("for=203.0.113.7", "Forwarded", [
            'for="203.0.113.7"', 'for="203.0.113.7:4711"', "For=203.0.113.7;proto=https;by=10.0.0.1", "proto=http; for=203.0.113.7",
            "for=198.51.100.1, for=203.0.113.7", "for=203.0.113.7, for=10.1.2.3", ["for=203.0.113.7", "for=10.1.2.3"],
            'for="[::ffff:203.0.113.7]"', 'for="198.51.100.1, for=203.0.113.7', 'host="a,b";for=203.0.113.7', "for=203.0.113.7:80"])
        self.assert_all_from('for="[2001:db8:2::5]"', "Forwarded", ['for="[2001:DB8:2:0::5]:4711"', "for=[2001:db8:2::5]"])

    def test_what_can_not_be_read_leaves_the_last_address_that_could(self):
        rubbish = ["for=unknown", "for=_hidden", 'for="_SEVKISEK"', "for=", "for", "203.0.113.7", "by=203.0.113.7", "for=203.0.113.7;for=203.0.113.7",
                   "for=203.0.113.7;for=198.51.100.1", 'for="203.0.113.7', 'for="203.0.113.\\7"', "for = 203.0.113.7", "=203.0.113.7", ";"]
        self.assert_all_from(None, "Forwarded", [*rubbish, "", *(f"for=203.0.113.7, {text}" for text in rubbish)])
        self.assert_all_from("for=10.1.2.3", "Forwarded", [f"for=203.0.113.7, {text}, for=10.1.2.3" for text in rubbish])

    def test_the_customary_field_says_nothing_then(self):
        self.assertEqual(self.device(("X-Forwarded-For", "203.0.113.7")), self.device())
        self.assertEqual(self.device(("Forwarded", "for=203.0.113.7"), ("X-Forwarded-For", "203.0.113.9")),
                         self.device(("Forwarded", "for=203.0.113.7")))


class Strangers(PeersTest):
    """A peer that is no proxy may say what it likes."""

    options = [*demo.UNLIMITED, "--trusted-proxy=10.0.0.0/8", "--trusted-proxy=127.0.0.2", "--trusted-proxy=::/0"]

    def test_its_field_is_ignored(self):
        self.assert_all_from(None, "X-Forwarded-For", ["203.0.113.7", "10.1.2.3", "127.0.0.1", "::1"])

    def test_it_can_not_guess_under_many_names(self):
        answers = []
        with self.server.connect() as connection:
            for number in range(11):
                connection.send(request("GET", "/export/events", [*credentials(WRITE, "wrong"), ("X-Forwarded-For", f"203.0.113.{number}")]))
                answers.append(connection.answer().status)
        self.assertEqual(answers, [401] * 10 + [429])


class NobodyTrusted(PeersTest):
    def test_no_field_is_believed(self):
        self.assert_all_from(None, "X-Forwarded-For", ["203.0.113.7", "127.0.0.1"])
        self.assert_all_from(None, "Forwarded", ["for=203.0.113.7"])


class OnV6(unittest.TestCase):
    def devices(self, host, *options):
        try:
            server = demo.Server(f"--host={host}", *demo.UNMETERED, *options)
        except AssertionError as problem:
            self.skipTest(f"there is no IPv6 here: {problem}")
        self.addCleanup(server.end)
        if host == "::":
            server.host = "127.0.0.1"
        made = "".join(server.output).split("openpanel-client-")
        prove = [("openpanel-client-id", made[1].split("'")[0].removeprefix("id: ")),
                 ("openpanel-client-secret", made[2].split("'")[0].removeprefix("secret: "))]
        return [server.ask("POST", "/track", [*prove, *fields], b"{}").json()["deviceId"]
                for fields in ([], [("X-Forwarded-For", "203.0.113.7")])]

    def test_a_proxy_may_have_a_v6_address(self):
        direct, forwarded = self.devices("::1", "--trusted-proxy=::1")
        self.assertNotEqual(direct, forwarded)
        direct, forwarded = self.devices("::1", "--trusted-proxy=127.0.0.1")
        self.assertEqual(direct, forwarded)

    def test_a_v4_proxy_is_known_where_the_socket_speaks_both(self):
        direct, forwarded = self.devices("::", "--trusted-proxy=127.0.0.1/32")
        self.assertNotEqual(direct, forwarded)


class Options(unittest.TestCase):
    def refused(self, *options):
        ended, output, errors = demo.run("--port=0", *options)
        self.assertEqual((ended, output, errors.count("\n")), (2, "", 1), errors)
        return errors

    def test_what_is_no_block_of_addresses(self):
        for text in ("x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0/8", "10.0.0.1/8", "10.0.0.0/8/8", " 10.0.0.0/8",
                     "10.0.0.0 /8", "10.0.0.0/255.0.0.0", "10.0.0.0/8,172.16.0.0/12", "2001:db8::/129", "2001:db8::1/32", "fe80::1%eth0",
                     "[::1]", "::ffff:10.0.0.0/104", "localhost", "10.0.0.0/8\n"):
            with self.subTest(text):
                errors = self.refused("--trusted-proxy=127.0.0.1", f"--trusted-proxy={text}")
                for part in ("--trusted-proxy", "10.0.0.0/8", "2001:db8::/32"):
                    self.assertIn(part, errors)

    def test_what_is_no_field_to_read(self):
        for text in ("X-Real-IP", "X-Forwarded", "openpanel-client-ip", "X-Forwarded-For,Forwarded", "forwarded ", "X_Forwarded_For"):
            with self.subTest(text):
                errors = self.refused(f"--forwarded-field={text}")
                self.assertIn("--forwarded-field", errors)
                self.assertIn("expected X-Forwarded-For or Forwarded", errors)


demo.main()
