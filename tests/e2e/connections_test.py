"""What a connection bears: broken, large and odd requests, pipelines, slow senders, the end."""

import signal
import socket
import time
import unittest

import demo
from demo import READ, ROOT, WRITE, credentials, request

MIB = 1 << 20


def chunked(*chunks, trailers=b""):
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n" + trailers + b"\r\n"


class Requests(demo.DemoTest):
    def exchange(self, data, to="GET"):
        with self.server.connect() as connection:
            connection.send(data)
            return connection.answer(to)

    def refused(self, data, status):
        """An answer of this status, after which the connection ends."""
        with self.server.connect() as connection:
            connection.send(data)
            answer = connection.answer()
            self.assertEqual(answer.status, status, data[:200])
            self.assertEqual(set(answer.json()), {"error", "message"})
            self.assertTrue(connection.ended())

    def test_what_is_no_http_is_400(self):
        fields = b"".join(b"%s: %s\r\n" % (name.encode(), value.encode()) for name, value in credentials(READ))
        for data in (b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                     b"GET /healthz\r\n\r\n", b"GET /healthz HTTP/3.0\r\n\r\n", b"GET  /healthz HTTP/1.1\r\n\r\n",
                     b"GET /heal thz HTTP/1.1\r\n\r\n", b"GET /healthz HTTP/1.1\r\nno colon\r\n\r\n",
                     b"GET /healthz HTTP/1.1\r\nx : y\r\n\r\n", b"GET /healthz HTTP/1.1\r\n: y\r\n\r\n",
                     b"GET /healthz HTTP/1.1\r\nx: a\0b\r\n\r\n", b"GET /heal\0thz HTTP/1.1\r\n\r\n", b"G\0T / HTTP/1.1\r\n\r\n",
                     b"GET /healthz HTTP/1.1\r\nx: a\rb\r\n\r\n", b"GET /healthz HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                     b"GET /export/events HTTP/1.1\r\n" + fields.replace(b"sec_", b"sec_\0") + b"\r\n",
                     b"GET /export/events HTTP/1.1\r\n" + fields.replace(b"client-id: ", b"client-id: \0") + b"\r\n"):
            with self.subTest(data):
                self.refused(data, 400)

    def test_a_request_whose_end_is_unclear_is_400(self):
        smuggled = request("GET", "/healthz")
        for framing in ("Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5",
                        "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5, 6", "Content-Length: 0x5",
                        "Transfer-Encoding: gzip", "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                        "Transfer-Encoding: gzip\r\nContent-Length: 5", "Transfer-Encoding: xchunked"):
            with self.subTest(framing):
                self.refused(b"POST /track HTTP/1.1\r\nHost: demo\r\n" + framing.encode() + b"\r\n\r\n0\r\n\r\n" + smuggled, 400)
        self.refused(b"POST /track HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)
        self.refused(b"POST /track HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n" + smuggled, 400)

    def test_a_request_that_is_cut_short_is_400(self):
        with self.server.connect() as connection:
            connection.send(b"GET /healthz HTT")
            connection.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(connection.answer().status, 400)

    def test_fields_of_16_kib_pass_and_one_byte_more_is_431(self):
        def head(size):
            fields = b"Host: demo\r\n"
            return b"GET /healthz HTTP/1.1\r\n" + fields + b"x: " + b"y" * (size - len(fields) - 5) + b"\r\n\r\n"

        self.assertEqual(self.exchange(head(16384)).status, 200)
        self.refused(head(16385), 431)
        with self.server.connect() as connection:  # in pieces, so that the server sees it grow
            data = head(16384)
            for start in range(0, len(data), 1000):
                connection.send(data[start:start + 1000])
            self.assertEqual(connection.answer().status, 200)

    def test_ten_thousand_fields_are_431(self):
        head = b"GET /export/events HTTP/1.1\r\n" + b"".join(b"x%d: y\r\n" % n for n in range(10000)) + b"\r\n"
        self.refused(head, 431)
        with self.server.connect() as connection:
            try:
                for start in range(0, len(head), 500):
                    connection.send(head[start:start + 500])
            except (BrokenPipeError, ConnectionResetError):
                pass
            self.assertEqual(connection.answer().status, 431)
        self.refused(b"GET /healthz HTTP/1.1\r\nx: " + b"y" * 65536 + b"\r\n\r\n", 431)
        self.refused(b"GET /" + b"y" * 65536 + b" HTTP/1.1\r\n\r\n", 414)

    def test_long_ids_and_secrets_pass_the_server_and_not_the_gate(self):
        for fields in ([("openpanel-client-id", "a" * 5000)], credentials(READ, "s" * 4000), credentials("\u00e9" * 2500, "s" * 4000),
                       credentials(READ, "\u00e9" * 2000)):
            self.assertEqual(self.server.ask("GET", "/export/events", fields).status, 401)

    def test_a_body_of_1_mib_passes_and_one_byte_more_is_413(self):
        wrong = credentials(WRITE, "wrong")
        self.assertEqual(self.exchange(request("POST", "/track", credentials(WRITE), b"x" * MIB)).status, 200)
        self.assertEqual(self.exchange(request("POST", "/track", wrong, b"x" * MIB)).status, 401)
        self.refused(request("POST", "/track", credentials(WRITE), b"x" * (MIB + 1)), 413)
        self.refused(request("POST", "/export/events", credentials(WRITE), b"x" * (MIB + 1)), 413)
        head = request("POST", "/track", [*credentials(WRITE), ("Transfer-Encoding", "chunked")])
        self.assertEqual(self.exchange(head + chunked(*[b"x" * 4096] * 256)).status, 200)
        self.refused(head + chunked(*[b"x" * 4096] * 256, b"x"), 413)
        self.refused(head + b"fffffffff\r\n", 413)

    def test_the_server_bears_what_a_large_refused_body_still_sends(self):
        answer = self.exchange(request("POST", "/track", credentials(WRITE), b"x" * (8 * MIB)))
        self.assertEqual(answer.status, 413)

    def test_trailers_and_chunk_extensions_are_bounded_and_prove_nothing(self):
        head = request("POST", "/track", [("openpanel-client-id", WRITE), ("Transfer-Encoding", "chunked")])
        secret = demo.secret_of(WRITE).encode()
        answer = self.exchange(head + chunked(b"{}", trailers=b"openpanel-client-secret: " + secret + b"\r\n"))
        self.assertEqual(answer.status, 401)
        self.refused(head + b"2;" + b"x" * 200000, 431)

    def test_a_folded_line_reads_as_one_with_a_blank(self):
        data = request("GET", "/export/events", credentials(READ)).replace(b"client-id: ", b"client-id:\r\n ")
        self.assertEqual(self.exchange(data).status, 200)

    def test_values_are_taken_as_the_bytes_that_were_sent(self):
        encoded = demo.secret_of(READ).replace("-", "%2d")
        self.assertEqual(self.server.ask("GET", "/export/events", credentials(READ, encoded)).status, 401)
        padded = [(name, "\t " + value + " \t") for name, value in credentials(READ)]
        self.assertEqual(self.server.ask("GET", "/export/events", padded).status, 200)

    def test_a_range_does_not_cut_an_answer(self):
        fields = [("Range", "bytes=0-3"), ("If-None-Match", "*"), ("Accept-Encoding", "gzip")]
        answer = self.server.ask("GET", "/export/events", fields)
        self.assertEqual((answer.status, answer.json()["error"]), (401, "Unauthorized"))


class KeptAlive(demo.DemoTest):
    def test_a_connection_serves_many_requests(self):
        with self.server.connect() as connection:
            for method, path, fields, status in (("GET", "/healthz", [], 200), ("GET", "/export/events", [], 401), ("GET", "/x", [], 404),
                                                 ("HEAD", "/export/events", credentials(READ), 200), ("PUT", "/healthz", [], 405),
                                                 ("OPTIONS", "/track", [], 204), ("GET", "/export/events", credentials(READ), 200)):
                connection.send(request(method, path, fields))
                answer = connection.answer(method)
                self.assertEqual((answer.status, answer.field("Connection")), (status, None))

    def test_a_refused_body_is_not_served_as_the_next_request(self):
        inner = request("GET", "/export/events", credentials(READ))
        for path, fields, status in (("/track", credentials(WRITE, "wrong"), 401), ("/x", [], 404), ("/export/events", [], 405)):
            for body, framing in ((inner, []), (chunked(inner), [("Transfer-Encoding", "chunked")])):
                with self.subTest(f"{path} {framing}"), self.server.connect() as connection:
                    data = request("POST", path, [*fields, *framing], None if framing else body) + (body if framing else b"")
                    connection.send(data + request("GET", "/healthz"))
                    self.assertEqual(connection.answer().status, status)
                    self.assertEqual(connection.answer().body, b'{"status":"ok"}')

    def test_pipelined_requests_are_answered_in_their_order(self):
        clients = [READ, ROOT] * 50
        with self.server.connect() as connection:
            connection.send(b"".join(request("GET", "/export/events", credentials(client)) for client in clients))
            self.assertEqual([connection.answer().json()["client"] for _ in clients], clients)

    def test_a_peer_that_says_close_is_closed(self):
        for data in (request("GET", "/healthz", [("Connection", "close")]), b"GET /healthz HTTP/1.0\r\n\r\n"):
            with self.server.connect() as connection:
                connection.send(data)
                answer = connection.answer()
                self.assertEqual(answer.status, 200)
                self.assertTrue(connection.ended())
        with self.server.connect() as connection:
            for _ in range(2):
                connection.send(b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                self.assertEqual(connection.answer().field("Connection"), "keep-alive")

    def test_a_body_is_asked_for_only_where_it_has_a_use(self):
        expecting = [("Content-Length", "2"), ("Expect", "100-continue")]
        with self.server.connect() as connection:
            for secret, status in ((None, 200), ("wrong", 401)):
                connection.send(request("POST", "/track", [*credentials(WRITE, secret), *expecting]))
                self.assertEqual(connection.answer().status, 100)
                connection.send(b"{}")
                self.assertEqual(connection.answer().status, status)
            connection.send(request("POST", "/track", [*credentials(WRITE), *expecting]) + b"{}")
            self.assertEqual(connection.answer().status, 200, "the body came of itself")
        for path, status in (("/x", 404), ("/healthz", 405)):
            with self.server.connect() as connection:
                connection.send(request("POST", path, expecting))
                answer = connection.answer()
                self.assertEqual((answer.status, answer.field("Connection")), (status, "close"))
        with self.server.connect() as connection:
            connection.send(request("POST", "/track", [("Content-Length", str(MIB + 1)), ("Expect", "100-continue")]))
            self.assertEqual(connection.answer().status, 413)


class SlowSenders(demo.DemoTest):
    def test_they_do_not_hold_up_a_proven_client(self):
        head = request("GET", "/export/events", credentials(READ))
        whole = request("POST", "/track", credentials(WRITE), b"x" * 1000)
        in_head = [self.server.connect() for _ in range(100)]
        in_body = [self.server.connect() for _ in range(100)]
        for connection in in_body:
            connection.send(whole[:-1000])
        for turn in range(20):
            for connection in in_head:
                connection.send(head[turn:turn + 1])
            for connection in in_body:
                connection.send(b"x")
            self.assertEqual(self.server.ask("GET", "/export/events", credentials(READ)).status, 200)
        in_head[0].send(head[20:])
        in_body[0].send(b"x" * 980)
        self.assertEqual([in_head[0].answer().status, in_body[0].answer().status], [200, 200])
        for connection in in_head + in_body:
            connection.socket.close()

    def test_who_never_finishes_a_head_is_left(self):
        with self.server.connect() as connection:
            connection.send(b"GET /healthz HTTP/1.1\r\n")
            self.assertTrue(connection.ended())


class TheEnd(unittest.TestCase):
    def server(self):
        return demo.Server("--clients", str(demo.DATA / "demo_clients.json"), *demo.UNMETERED)

    scrypt = credentials("00000001-1a2b-4c3d-8e4f-abcdef000001", "sec_00000000000000000001")

    def wait_until_deaf(self, server):
        deadline = time.monotonic() + demo.PATIENCE
        while time.monotonic() < deadline:
            try:
                server.connect().socket.close()
            except ConnectionRefusedError:
                return
            time.sleep(0.001)
        self.fail("it still accepts connections")

    def test_an_idle_server_ends_at_once_with_status_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.server()
            idle = server.connect()
            kept = server.connect()
            kept.send(request("GET", "/healthz"))
            self.assertEqual(kept.answer().status, 200)
            server.signal(number)
            self.assertTrue(idle.ended())
            self.assertTrue(kept.ended())
            self.assertEqual(server.wait(), 0)

    def test_requests_half_sent_are_answered(self):
        server = self.server()
        whole = request("POST", "/track", self.scrypt, b"{}")
        halves = [server.connect() for _ in range(4)]
        cuts = [3, 40, len(whole) - 2, len(whole) - 1]
        for connection, cut in zip(halves, cuts):
            connection.send(whole[:cut])
        for connection in halves:  # each first part has been read once a later request was answered
            self.assertEqual(server.ask("GET", "/healthz").status, 200)
        server.signal(signal.SIGTERM)
        self.wait_until_deaf(server)
        for connection, cut in zip(halves, cuts):
            connection.send(whole[cut:])
        for connection in halves:
            answer = connection.answer()
            self.assertEqual((answer.status, answer.field("Connection")), (200, "close"))
            self.assertTrue(connection.ended())
        self.assertEqual(server.wait(), 0)

    def test_requests_being_verified_are_answered(self):
        server = self.server()
        waiting = [server.connect() for _ in range(20)]
        for connection in waiting:
            connection.send(request("POST", "/track", self.scrypt, b"{}") * 2)
        self.assertEqual(waiting[0].answer().status, 200)
        server.signal(signal.SIGTERM)
        for connection in waiting:
            count = 1 if connection is waiting[0] else 2
            self.assertEqual([connection.answer().status for _ in range(count)], [200] * count)
            self.assertTrue(connection.ended())
        self.assertEqual(server.wait(), 0)

    def test_its_port_is_free_again(self):
        server = self.server()
        self.assertEqual(server.ask("GET", "/healthz").status, 200)
        self.assertEqual(server.end(), 0)
        again = demo.Server(port=server.port)
        self.assertEqual(again.end(), 0)


demo.main()
