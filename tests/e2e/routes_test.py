"""Which path answers what: routes, methods, CORS, the bodies of grants."""

import demo
from demo import READ, ROOT, UNKNOWN, WRITE, credentials

GUARDED = {"/export/events": "export", "/export/charts": "export", "/insights/shop/metrics": "insights",
           "/manage/projects": "manage", "/manage/projects/shop": "manage"}
OPEN = ["/healthz", "/metrics"]
CORS = {"access-control-allow-origin", "access-control-expose-headers"}


class Grants(demo.DemoTest):
    def granted(self, path, client=ROOT):
        answer = self.server.ask("GET", path, credentials(client))
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.field("Cache-Control"), "no-store")
        self.assertTrue(answer.field("Content-Type").startswith("application/json"))
        return answer.json()

    def test_a_grant_says_who_asked_for_what(self):
        for path, api in GUARDED.items():
            with self.subTest(path):
                self.assertEqual(self.granted(path), {"client": ROOT, "type": "root", "api": api, "organization": "acme",
                                                      "project": "shop" if "shop" in path else None})
        self.assertEqual(self.granted("/export/events", READ)["project"], "shop", "its own")
        self.assertEqual(self.granted("/export/events", READ.upper())["client"], READ)

    def test_a_project_in_the_query_must_be_in_scope(self):
        self.assertEqual(self.granted("/export/events?projectId=blog")["project"], "blog")
        self.assertEqual(self.granted("/export/charts?x=1&projectId=shop&y", READ)["project"], "shop")
        self.assertEqual(self.granted("/export/charts?projectId=shop&projectId=sh%6fp", READ)["project"], "shop")
        self.assertEqual(self.granted("/export/events?project%49d=blog")["project"], "blog")
        for query in ("projectId=", "projectId", "projectId=blog", "projectId=shop&projectId=blog", "projectId=shop&projectId=",
                      "projectId=&projectId=shop", "projectId=nowhere", "projectId=shop%00", "projectId=sh%zzop",
                      "projectId=%", "projectId=Shop", "projectId=shop%20", "projectId=+shop"):
            with self.subTest(query):
                answer = self.server.ask("GET", "/export/events?" + query, credentials(READ))
                self.assertEqual(answer.status, 401)
                self.assertIn("not within this client's scope", answer.json()["message"])
        for query in ("", "projectid=blog", "projectId[]=blog", "x=projectId=blog"):
            with self.subTest(query):
                self.assertEqual(self.granted("/export/events?" + query, READ)["project"], "shop")

    def test_a_path_is_decoded_once_and_written_as_json(self):
        self.assertEqual(self.granted("/%6danage/projects/%73hop")["project"], "shop")
        self.assertEqual(self.granted("/insights/shop/metrics?projectId=lab")["project"], "shop", "the query says nothing here")
        answer = self.server.ask("GET", "/insights/%2525%22%ff%0a/metrics", credentials(ROOT))
        self.assertEqual(answer.status, 401)
        self.assertIn('"%25"\ufffd\n"', answer.json()["message"])
        query = self.granted("/export/events?projectId=a%2Fb+c%C3%A9")
        self.assertEqual(query["project"], "a/b c\u00e9")

    def test_track_answers_with_ids_that_are_stable_per_client(self):
        def ids(client):
            answer = self.server.ask("POST", "/track", credentials(client), b"{not json")
            self.assertEqual(answer.status, 200)
            self.assertEqual(set(answer.json()), {"deviceId", "sessionId"})
            return answer.json()

        self.assertEqual(ids(WRITE), ids(WRITE))
        self.assertNotEqual(ids(WRITE)["deviceId"], ids(ROOT)["deviceId"])
        self.assertNotEqual(ids(WRITE)["deviceId"], ids(WRITE)["sessionId"])

    def test_healthz_asks_for_no_credentials(self):
        answer = self.server.ask("GET", "/healthz")
        self.assertEqual((answer.status, answer.body), (200, b'{"status":"ok"}'))

    def test_metrics_asks_for_no_credentials(self):
        answer = self.server.ask("GET", "/metrics")
        self.assertEqual((answer.status, answer.field("Content-Type")), (200, "text/plain; version=0.0.4; charset=utf-8"))


class Methods(demo.DemoTest):
    def test_head_is_get_without_a_body(self):
        for path in [*GUARDED, *OPEN]:
            for fields in ([], credentials(ROOT), credentials(ROOT, "wrong")):
                with self.subTest(path):
                    get = self.server.ask("GET", path, fields)
                    head = self.server.ask("HEAD", path, fields)
                    self.assertEqual(head.raw, get.raw)

    def test_a_known_path_with_another_method_is_405(self):
        for path in [*GUARDED, *OPEN]:
            for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW", "get"):
                with self.subTest(f"{method} {path}"):
                    answer = self.server.ask(method, path, credentials(ROOT), b"")
                    self.assertEqual(answer.status, 405)
                    self.assertEqual(answer.field("Allow"), "GET, HEAD, OPTIONS")
                    self.assertEqual(answer.json()["error"], "Method Not Allowed")
                    self.assertEqual(answer.cors(), set())
        for method in ("GET", "HEAD", "PUT", "post"):
            with self.subTest(f"{method} /track"):
                answer = self.server.ask(method, "/track", credentials(WRITE))
                self.assertEqual((answer.status, answer.field("Allow")), (405, "OPTIONS, POST"))
                self.assertEqual(answer.cors(), CORS)

    def test_a_field_can_not_change_the_method(self):
        for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            answer = self.server.ask("POST", "/export/events", [*credentials(ROOT), (name, "GET")], b"")
            self.assertEqual(answer.status, 405)
            answer = self.server.ask("GET", "/export/events", [*credentials(READ), (name, "DELETE")])
            self.assertEqual(answer.status, 200)

    def test_options_asks_for_no_credentials(self):
        for path in [*GUARDED, *OPEN]:
            with self.subTest(path):
                answer = self.server.ask("OPTIONS", path, [demo.ORIGIN, ("Access-Control-Request-Method", "GET")])
                self.assertEqual((answer.status, answer.field("Allow")), (204, "GET, HEAD, OPTIONS"))
                self.assertEqual(answer.cors(), set())
                self.assertIsNone(answer.field("Content-Length"), "RFC 9110 §8.6")


class UnknownPaths(demo.DemoTest):
    def test_there_is_nothing_at_any_other_path(self):
        for path in ("/", "*", "/metrics/", "/Metrics", "/track/", "/Track", "/track/x", "/export", "/export/", "/export/other", "/insights",
                     "/insights/shop", "/insights/shop/", "/insights/shop/metrics/", "/manage", "/manage/projects/",
                     "/manage/projects/shop/x", "/trackx", "/track;x", "/track%20", "/track%00", "/export%2Fevents",
                     "/export%2fevents", "/insights/sh%2Fop/metrics", "/insights/shop%00/metrics", "/export/ev%zznts",
                     "/export/events%", "/export/events%4", "/./export/events", "/export/./events", "/x/../export/events",
                     "/export/%2e%2e/export/events", "/manage/projects/..", "/manage/projects/%2E", "//export/events",
                     "/export//events", "/insights//metrics", "/%2574rack", "http://demo/track", "/track#x"):
            for method in ("GET", "POST", "OPTIONS", "HEAD"):
                with self.subTest(f"{method} {path}"):
                    answer = self.server.ask(method, path, credentials(ROOT))
                    self.assertEqual(answer.status, 404)
                    self.assertEqual(answer.cors(), set())
                    if method != "HEAD":
                        self.assertEqual(answer.json()["error"], "Not Found")


class Cors(demo.DemoTest):
    options = ["--limit", "track=1/86400", "--limit", "export=1/86400"]

    def check(self, answer, status):
        self.assertEqual(answer.status, status)
        self.assertEqual(answer.cors(), CORS)
        self.assertEqual(answer.field("Access-Control-Allow-Origin"), "*")
        exposed = {name.strip() for name in answer.field("Access-Control-Expose-Headers").split(",")}
        self.assertEqual(exposed, {"Retry-After", "RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining",
                                   "X-RateLimit-Reset"})
        self.assertEqual(answer.field("Cache-Control"), "no-store")

    def test_every_answer_of_track_can_be_read_by_a_page(self):
        ask = self.server.ask
        self.check(ask("POST", "/track", credentials(WRITE), b"{}"), 200)
        self.check(ask("POST", "/track", credentials(WRITE), b"{}"), 429)
        self.check(ask("POST", "/track", credentials(WRITE, "wrong"), b"{}"), 401)
        self.check(ask("POST", "/track", credentials(READ), b"{}"), 401)
        self.check(ask("POST", "/%74rack?x=1", [], b"{}"), 401)
        self.check(ask("GET", "/track"), 405)
        self.check(ask("POST", "/track", [("Content-Length", "1048577")]), 413)
        self.check(ask("POST", "/track", [("Content-Length", "x")]), 400)
        self.check(ask("POST", "/track", [("x", "y" * 17000)]), 431)
        self.check(ask("POST", "/track", [("x", "y" * 100000)]), 431)
        self.check(ask("POST", "/track", [("x\0", "y")]), 400)

    def test_a_preflight_of_track_asks_for_no_credentials_and_names_no_secret(self):
        answer = self.server.ask("OPTIONS", "/track", [demo.ORIGIN, ("Access-Control-Request-Method", "POST"),
                                                       ("Access-Control-Request-Headers", "openpanel-client-id")])
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertEqual(answer.field("Access-Control-Allow-Origin"), "*")
        self.assertEqual(answer.field("Access-Control-Allow-Methods"), "POST")
        self.assertEqual(answer.field("Access-Control-Allow-Headers"),
                         "content-type, openpanel-client-id, openpanel-sdk-name, openpanel-sdk-version")
        self.assertGreater(int(answer.field("Access-Control-Max-Age")), 0)
        self.assertIsNone(answer.field("Content-Length"))
        self.assertEqual(answer.cors(), CORS | {"access-control-allow-methods", "access-control-allow-headers",
                                                "access-control-max-age"})

    def test_no_other_path_carries_a_cors_field(self):
        origin = [demo.ORIGIN]
        for status, path, fields in ((200, "/export/events", credentials(READ)), (429, "/export/events", credentials(READ)),
                                     (401, "/export/events", credentials(UNKNOWN)), (401, "/manage/projects", []),
                                     (200, "/healthz", []), (404, "/tracks", []), (431, "/healthz", [("x", "y" * 17000)])):
            with self.subTest(f"{status} {path}"):
                answer = self.server.ask("GET", path, [*fields, *origin])
                self.assertEqual((answer.status, answer.cors()), (status, set()))


class AccessStatus(demo.DemoTest):
    options = [*demo.UNMETERED, "--access-status=403", "--explain"]

    def test_a_host_may_say_403_to_the_proven(self):
        for client, path, reason in ((WRITE, "/export/events", "access_not_allowed"), (READ, "/insights/blog/metrics", "out_of_scope")):
            answer = self.server.ask("GET", path, credentials(client))
            self.assertEqual((answer.status, answer.json()["error"], answer.json()["reason"]), (403, "Forbidden", reason))
            self.assertIsNone(answer.field("WWW-Authenticate"))
        self.assertEqual(self.server.ask("GET", "/export/events", credentials(WRITE, "wrong")).status, 401)

    def test_secrets_elsewhere_are_not_read(self):
        secret = demo.secret_of(READ)
        for fields, path in (([], f"/export/events?openpanel-client-id={READ}&openpanel-client-secret={secret}"),
                             ([("Authorization", f"Bearer {READ}.{secret}")], "/export/events"),
                             ([("Cookie", f"openpanel-client-id={READ}; openpanel-client-secret={secret}")], "/export/events")):
            answer = self.server.ask("GET", path, fields)
            self.assertEqual((answer.status, answer.json()["reason"]), (401, "missing_client_id"))


demo.main()
