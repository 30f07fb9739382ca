"""Probing a real server: what it answers becomes a probe or a reason, and nothing is sent that was not chosen."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client import Counter as PlainCounter
from prometheus_client.exposition import choose_encoder

from promproof.draft.crowding import crowds
from promproof.draft.drafting import Wishes, files, look
from promproof.draft.observed import Probe
from promproof.draft.probing import OPENAPI_PATHS, Target, find_openapi, observe, try_routes
from promproof.draft.routes import Choice, Route
from promproof.draft.service import Running, running
from promproof.errors import EvidenceError, InputError

pytestmark = pytest.mark.unit


class Server:
    """Answers by path: a status and a text; remembers what it was asked. counts: whether it has metrics, and where."""

    def __init__(self, answers: dict[str, tuple[int, str]], metrics: str | None = "/metrics") -> None:
        self.answers = answers
        self.metrics = metrics
        self.asked: list[str] = []
        self.counts: dict[tuple[str, str], int] = {}
        self.url = ""
        self.key = ""
        """The Authorization header without which the metrics answer 401."""

    def answer(self, method: str, path: str, accept: str = "") -> tuple[int, str]:
        if path == self.metrics:
            rows = (f'r_total{{path="{p}",code="{c}"}} {n}' for (p, c), n in sorted(self.counts.items()))
            return 200, "\n".join(["# HELP r_total Requests.", "# TYPE r_total counter", *rows, ""])
        self.asked.append(f"{method} {path}")
        status, text = self.answers.get(path, (404, ""))
        if status == 302 and text == "flips":
            status = 200 if len(self.asked) % 2 else 302
        key = (path if path in self.answers else "other", str(status))
        self.counts[key] = self.counts.get(key, 0) + 1
        return status, text


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, text = server.answer(self.command, self.path, self.headers.get("Accept", ""))
            if self.path == server.metrics and self.headers.get("Authorization", "") != server.key:
                status, text = 401, "whose?"
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/away")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET

        def log_message(self, *words: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()


def quick(server: Server) -> Target:
    return Target(server.url, pause=lambda seconds: None)


def routes(*paths: str) -> Choice:
    return Choice(tuple(Route("GET", path) for path in paths))


def test_a_path_that_fails_or_needs_credentials_is_left_out_with_its_reason() -> None:
    answers = {"/ok": (200, ""), "/me": (401, ""), "/mine": (403, ""), "/bad": (500, ""), "/old": (302, "")}
    with serving(Server(answers)) as server:
        tried = try_routes(quick(server), routes("/ok", "/me", "/mine", "/bad", "/old", "/gone"))
    assert [(probe.path, probe.status) for probe in tried.probes[:-1]] == [("/ok", 200), ("/old", 302)]
    assert dict(tried.left) == {
        "GET /me": "answers 401: it needs credentials",
        "GET /mine": "answers 403: it needs credentials",
        "GET /bad": "answers 500: the service itself fails",
        "GET /gone": "answers 404",
    }
    assert "GET /away" not in server.asked


def test_a_route_that_fails_is_sent_where_somebody_names_it() -> None:
    with serving(Server({"/ok": (200, ""), "/bad": (500, "")})) as server:
        tried = try_routes(quick(server), routes("/ok"), [Route("GET", "/bad"), Route("GET", "/me")])
    assert [(probe.path, probe.status) for probe in tried.probes[:-1]] == [("/bad", 500), ("/ok", 200)]
    assert dict(tried.left) == {"GET /me": "answers 404"}


def test_a_refusal_is_sent_where_somebody_names_it_and_a_misspelt_path_is_not() -> None:
    answers = {"/brew": (418, ""), "/items/{id}": (200, ""), "/items/1": (200, ""), "/me": (401, "")}
    named = [Route("GET", path) for path in ("/brew", "/items/9", "/itmes", "/me", "/items/9/parts")]
    with serving(Server(answers)) as server:
        choice = Choice((Route("GET", "/items/{id}", (("id", "1"),)),))
        tried = try_routes(quick(server), choice, named)
        found = try_routes(quick(server), routes("/items/9"), [])
    assert [(probe.path, probe.status) for probe in tried.probes[:-1]] == [
        ("/brew", 418),
        ("/items/9", 404),
        ("/items/1", 200),
    ]
    assert [route for route, _ in tried.left] == ["GET /itmes", "GET /me", "GET /items/9/parts"]
    assert not found.probes[:-1], "nobody named it"


def test_ids_come_from_answers() -> None:
    with serving(Server({"/items": (200, json.dumps([{"id": 7}])), "/items/7": (200, "{}")})) as server:
        tried = try_routes(quick(server), routes("/items", "/items/{item_id}", "/orders/{order_id}"))
    assert [(probe.path, probe.route) for probe in tried.probes[:2]] == [
        ("/items", "/items"),
        ("/items/7", "/items/{item_id}"),
    ]
    assert dict(tried.left) == {"GET /orders/{order_id}": "no answer had a value for order_id"}


def test_a_path_that_answers_with_the_metrics_is_no_route_unless_somebody_names_it() -> None:
    shown = "# TYPE tasks_total counter\ntasks_total 3\n"
    answers = {"/": (200, shown), "/tasks": (200, shown), "/about": (200, "# TYPE of thing")}
    with serving(Server(answers)) as server:
        tried = try_routes(quick(server), routes("/", "/tasks", "/about"))
        named = try_routes(quick(server), routes(), [Route("GET", "/tasks")])
    assert [probe.path for probe in tried.probes[:-1]] == ["/about"]
    assert [route for route, _ in tried.left] == ["GET /tasks"], "nothing is said of a usual path"
    assert [probe.path for probe in named.probes[:-1]] == ["/tasks"]


def test_a_service_that_answers_every_path_has_no_unknown_one() -> None:
    class Everything(Server):
        def answer(self, method: str, path: str, accept: str = "") -> tuple[int, str]:
            return (200, "page") if path != "/metrics" else super().answer(method, path)

    with serving(Everything({})) as server:
        assert [probe.route for probe in try_routes(quick(server), routes("/a")).probes] == ["/a"]


@pytest.mark.parametrize("answered", [1, 0], ids=["a kept connection", "every connection"])
def test_a_connection_that_the_server_ends_is_opened_anew_once(answered: int) -> None:
    body = b"# TYPE hits_total counter\nhits_total 1\n"
    opened = []

    def serve(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                opened.append(connection)
                with connection:
                    for _ in range(answered):
                        connection.recv(65536)
                        connection.sendall(
                            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
                        )
                    connection.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        target = Target(f"http://127.0.0.1:{server.getsockname()[1]}")
        if answered:
            assert [len(target.read().families) for _ in range(3)] == [1, 1, 1]
            assert len(opened) == 3
        else:
            with pytest.raises(EvidenceError, match="gives no answer"):
                target.read()
            assert len(opened) == 2
        target.close()


def test_answers_that_change_spoil_their_probe_alone() -> None:
    with serving(Server({"/": (200, ""), "/moody": (302, "flips")})) as server:
        target = quick(server)
        tried = try_routes(target, routes("/", "/moody"))
        observed = observe(target, tried.probes, 0)
    assert {probe.path for probe in observed.spoilt} == {"/moody"}


def test_a_crowd_shows_what_is_in_flight_and_asks_no_route_that_changes_something() -> None:
    class Busy(Server):
        """Holds a request until the metrics were read while it was open."""

        open = 0
        lock = threading.Lock()

        def answer(self, method: str, path: str, accept: str = "") -> tuple[int, str]:
            if path == "/metrics":
                seen.set()
                return 200, f"# HELP now Open.\n# TYPE now gauge\nnow {self.open}\n"
            with self.lock:
                self.open += 1
            seen.clear()
            seen.wait(0.5)
            with self.lock:
                self.open -= 1
            return super().answer(method, path)

    seen = threading.Event()
    probes = [Probe("GET", "/a", "/a", 200), Probe("POST", "/b", "/b", 200), Probe("GET", "/c", "/c", 404)]
    with serving(Busy({"/a": (200, ""), "/b": (200, ""), "/c": (500, "")})) as server:
        sent = crowds(quick(server), probes)
    assert [crowd.probe.path for crowd in sent] == ["/a"], "an answer of another kind says nothing"
    assert max(reading.values["now", ()] for reading in sent[0].during) > 0
    assert sent[0].after.values["now", ()] == 0
    assert "POST /b" not in server.asked


def test_metrics_are_found_at_another_usual_path_and_told_where_there_are_none() -> None:
    with serving(Server({}, metrics="/actuator/prometheus")) as server:
        server.counts["/", "200"] = 1
        target = quick(server)
        target.find_metrics()
        assert target.metrics_path == "/actuator/prometheus"
    said = "no metrics are there: /metrics answers what is no exposition"
    page = Server({"/metrics": (200, "<html>")}, metrics=None)
    with serving(page) as server, pytest.raises(InputError, match=said):
        quick(server).find_metrics()


def test_metrics_behind_a_redirect_are_told_with_where_it_leads() -> None:
    page = Server({"/metrics": (302, "")}, metrics=None)
    with serving(page) as server, pytest.raises(InputError, match=r"answers 302, which leads to '/away'"):
        quick(server).find_metrics()


def test_metrics_with_a_malformed_line_are_told_apart_from_a_page() -> None:
    page = Server({"/metrics": (200, "# TYPE a gauge\na 1\nb{ 1\n")}, metrics=None)
    with serving(page) as server, pytest.raises(InputError, match=r"a malformed line, 'b\{ 1': could not"):
        quick(server).find_metrics()


CLOSED = """
scrape_configs:
  - {job_name: db, metrics_path: /db, basic_auth: {username: db, password: other}}
  - {job_name: shop, metrics_path: /own/metrics, authorization: {credentials: t0ken}}
  - {job_name: old, metrics_path: /own/metrics, bearer_token: before}
"""


def test_metrics_are_asked_for_as_their_scrape_job_does(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text(CLOSED, encoding="utf-8")
    closed = Server({}, metrics="/own/metrics")
    closed.key = "Bearer t0ken"
    closed.counts["/", "200"] = 1
    with serving(closed) as server:
        target = quick(server)
        look(Running(target), Wishes(monitoring=tmp_path, name="shop"), lambda line: None)
        assert (target.metrics_path, target.authorization) == ("/own/metrics", "Bearer t0ken")
        other = target.another()
        other.metrics_path = target.metrics_path
        assert other.read().families, "each connection shows it"


@pytest.mark.parametrize("closed_with", ["", "Bearer another"], ids=["open", "another key"])
def test_a_password_is_shown_where_it_is_asked_for_alone(tmp_path: Path, closed_with: str) -> None:
    (tmp_path / "prometheus.yml").write_text(CLOSED, encoding="utf-8")
    server = Server({}, metrics="/own/metrics")
    server.key = closed_with
    server.counts["/", "200"] = 1
    with serving(server):
        target = quick(server)
        if closed_with:
            with pytest.raises(InputError, match=r"/own/metrics answers 401"):
                look(Running(target), Wishes(monitoring=tmp_path, name="shop"), lambda line: None)
        else:
            look(Running(target), Wishes(monitoring=tmp_path, name="shop"), lambda line: None)
        assert target.authorization == ""


@pytest.mark.parametrize("path", OPENAPI_PATHS)
def test_an_openapi_document_is_found_where_frameworks_have_it(path: str) -> None:
    with serving(Server({path: (200, '{"paths": {"/a": {"get": {}}}}')})) as server:
        assert find_openapi(quick(server), None)[1] == path


def test_an_openapi_document_is_found_and_one_that_is_asked_for_must_be_there() -> None:
    with serving(
        Server({"/openapi.json": (200, '{"paths": {"/a": {"get": {}}}}'), "/page": (200, "<html>")})
    ) as server:
        document, where = find_openapi(quick(server), None)
        assert (document, where) == ({"paths": {"/a": {"get": {}}}}, "/openapi.json")
        for asked in ("/page", "/gone"):
            with pytest.raises(InputError):
                find_openapi(quick(server), asked)


def test_a_whole_draft_sends_get_alone_and_says_what_it_saw() -> None:
    paths: dict[str, dict[str, object]] = {
        "/items": {"get": {}, "post": {}},
        "/items/{id}/delete": {"get": {}},
    }
    answers = {"/openapi.json": (200, json.dumps({"paths": paths})), "/items": (200, "[]")}
    said: list[str] = []
    with serving(Server(answers)) as server:
        server.counts["/", "200"] = 1
        wishes = Wishes(name="shop")
        seen = look(Running(quick(server)), wishes, said.append)
        drafted = files(seen, wishes, {}, said.append)
    assert {line.split()[0] for line in server.asked} == {"GET"}
    assert not any("delete" in line for line in server.asked)
    assert "from: route, as: {unmatched: other}" in drafted["contract.yaml"]
    assert "/items/{id}/delete: 'delet' in its name" in drafted["traffic.yaml"]
    assert said[1:] == [
        "routes from /openapi.json: 1 that only reads",
        "sent 6 requests to 2 routes: 1 metric counts them exactly",
    ]


def test_the_alerts_of_a_running_prometheus_are_drafted() -> None:
    rule = {
        "type": "alerting",
        "name": "Down",
        "query": "up == 0",
        "duration": 60,
        "labels": {"severity": "page"},
    }
    groups = {"status": "success", "data": {"groups": [{"name": "g", "rules": [rule]}]}}
    reads = {"labels": {"job": "web", "instance": "web-1"}, "scrapeUrl": "http://web:80/metrics"}
    active = {"status": "success", "data": {"activeTargets": [reads]}}
    answers = {"/api/v1/rules": groups, "/api/v1/targets?state=active": active}
    with serving(Server({path: (200, json.dumps(told)) for path, told in answers.items()})) as server:
        server.counts["/", "200"] = 1
        said: list[str] = []
        url = server.url.replace("//", "//ops:secret@")
        wishes = Wishes(name="shop", prometheus=url)
        drafted = files(look(Running(quick(server)), wishes, said.append), wishes, {}, said.append)
    assert not any("secret" in line for line in said)
    assert yaml.safe_load(drafted["contract.yaml"])["target"]["job"] == "web"
    assert yaml.safe_load(drafted["contract.yaml"])["alerts"] == [
        {
            "name": "Down",
            "comparator": "==",
            "threshold": 0,
            "for": "1m",
            "severity": "page",
            "metrics": ["up"],
        }
    ]


class Dotted(Server):
    """Prometheus' own Python library with a name with dots, and a Prometheus of a version."""

    def __init__(self, version: str) -> None:
        told = {"status": "success", "data": {"version": version}}
        targets: dict[str, object] = {"status": "success", "data": {"activeTargets": []}}
        answers = {"/api/v1/status/buildinfo": told, "/api/v1/targets?state=active": targets}
        super().__init__({path: (200, json.dumps(text)) for path, text in answers.items()} | {"/": (200, "")})
        self.registry = CollectorRegistry()
        self.hits = PlainCounter("http.hits", "Hits.", ["path"], registry=self.registry)

    def answer(self, method: str, path: str, accept: str = "") -> tuple[int, str]:
        if path == "/metrics":
            encoder, _ = choose_encoder(accept)
            return 200, encoder(self.registry).decode()
        if not path.startswith("/api"):
            self.hits.labels(path).inc()
        return super().answer(method, path)


@pytest.mark.parametrize(("version", "name"), [("3.5.3", "http.hits_total"), ("2.42.0", "http_hits_total")])
def test_names_are_drafted_as_the_prometheus_that_runs_stores_them(version: str, name: str) -> None:
    with serving(Dotted(version)) as server:
        wishes = Wishes(name="shop", prometheus=server.url)
        seen = look(Running(quick(server)), wishes, lambda line: None)
    assert name in seen.found.counting


@pytest.mark.parametrize(
    ("app", "url", "said"),
    [
        (None, None, "no service is named"),
        ("a {port}", "http://127.0.0.1:1", "one service is drafted at a time"),
        ("a", None, "the command does not say on which port"),
        (None, "http://127.0.0.1:1", "nothing answers"),
        (None, "127.0.0.1", "is no usable URL"),
    ],
    ids=["neither", "both", "no port", "down", "no URL"],
)
def test_a_service_that_can_t_be_drafted_is_refused(app: str | None, url: str | None, said: str) -> None:
    with pytest.raises(InputError, match=said), running(app, url):
        pass


@pytest.mark.stack
def test_a_command_that_fails_at_once_is_shown_with_its_last_words() -> None:
    with pytest.raises(EvidenceError) as caught, running("sh -c 'echo no such shop; exit 3' {port}", None):
        pass
    assert "exit status 3" in str(caught.value)
    assert "no such shop" in str(caught.value)
    assert "by hand" in caught.value.todo
