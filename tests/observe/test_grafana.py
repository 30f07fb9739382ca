"""The client of Grafana's API and its claims; the server here answers from a table, to break one thing at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from promproof.checks import panel_grafana
from promproof.checks.base import Claim, judge
from promproof.config.timescale import TimeScale
from promproof.contract.model import load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History, Recorder
from promproof.grafana.provisioning import parsed, texts
from promproof.observe import display, panels
from promproof.observe.grafana import Grafana, read_result
from promproof.observe.prometheus import Prometheus
from promproof.run.clock import SystemClock
from promproof.verdict import Outcome
from tests.grafana.twins import ROOT
from tests.records import filled, record

pytestmark = pytest.mark.unit
Table = dict[str, tuple[int, Any]]
MONITORING = ROOT / "monitoring"


def scraped(stamp: str) -> dict[str, Any]:
    """A Prometheus' answer to when its targets were scraped; through this Grafana it is 1.5."""
    result = [{"metric": {"job": "a"}, "value": [2, stamp]}]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


def sound() -> Table:
    """What a Grafana with the shipped files answers, by path."""
    table: Table = {
        "/api/v1/query": (200, scraped("1.5")),
        "/api/health": (200, {"database": "ok", "version": "11.6.0"}),
        "/api/user": (200, {"login": "admin"}),
        "/api/search": (200, []),
        "/api/datasources": (200, [{"uid": "prometheus", "jsonData": {"timeInterval": "15s"}}]),
        "/api/datasources/uid/prometheus/health": (
            200,
            {"status": "OK", "message": "Successfully queried the Prometheus API."},
        ),
    }
    for path in (MONITORING / "grafana" / "dashboards").glob("*.json"):
        data = json.loads(path.read_text(encoding="utf-8"))
        table[f"/api/dashboards/uid/{data['uid']}"] = (200, {"dashboard": {**data, "id": 3}, "meta": {}})
    return table


class Server:
    """Answers from a table; without a login 401, but for health."""

    def __init__(self, table: Table, *, is_open: bool = False) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                status, body = table.get(path, (404, {"message": "not found"}))
                is_free = path == "/api/health" or path.startswith(
                    "/api/v1/"
                )  # the latter is Prometheus' own
                if "Authorization" not in self.headers and not is_free and not is_open:
                    status, body = 401, {"message": "Unauthorized"}
                self._send(status, body)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                query = body["queries"][0]
                frame = {
                    "schema": {
                        "meta": {"executedQueryString": f"Expr: {query['expr']}\nStep: 15s"},
                        "fields": [{"name": "Time"}, {"name": "Value", "labels": {"job": "a"}}],
                    },
                    "data": {"values": [[1000, 2000], [1.5, None]]},
                }
                self._send(200, {"results": {query["refId"]: {"status": 200, "frames": [frame]}}})

            def _send(self, status: int, body: Any) -> None:
                raw = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def history(tmp_path: Path) -> Iterator[Recorder]:
    recorder = Recorder(tmp_path / "history.jsonl", "test", SystemClock())
    recorder.add(filled("run", {"time_scale": 1.0}))
    panels.files(recorder, texts(MONITORING), {})
    yield recorder
    recorder.close()


def judged(history: Recorder, table: Table, *, is_open: bool = False) -> dict[str, tuple[Outcome, str]]:
    """Outcome and reason of each claim with such a server."""
    evidence = Evidence(load(MONITORING / "contract.yaml"), history)
    with Server(table, is_open=is_open) as running:
        grafana, prometheus = Grafana(running.url), Prometheus(running.url)
        files = texts(MONITORING)
        display.ask(history, grafana, prometheus, parsed(files), files, TimeScale(1))
        grafana.close()
        prometheus.close()
    found = {}
    for check in panel_grafana.CHECKS:
        for claim in check.claims(evidence.contract):
            verdict = judge(check, claim, evidence)
            found[claim.id] = (verdict.outcome, verdict.reason)
    return found


def test_without_a_server_every_claim_is_not_verified(history: Recorder) -> None:
    evidence = Evidence(load(MONITORING / "contract.yaml"), history)
    outcomes = {judge(check, Claim("grafana/x"), evidence).outcome for check in panel_grafana.CHECKS}
    assert outcomes == {Outcome.NOT_VERIFIED}


def test_a_sound_server_passes(history: Recorder) -> None:
    found = judged(history, sound())
    wrong = {key: value for key, value in found.items() if value[0] is not Outcome.PASS}
    assert wrong.keys() == {"grafana/queries"}  # no panel was asked directly, so there is nothing to compare
    assert found["grafana/queries"][0] is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("path", "answer", "claim", "says"),
    [
        ("/api/health", (503, {"database": "failing"}), "health", "503"),
        ("/api/datasources", (200, []), "datasource", "is not there"),
        ("/api/datasources", (200, [{"uid": "prometheus", "jsonData": {}}]), "datasource", "interval is ''"),
        (
            "/api/datasources/uid/prometheus/health",
            (400, {"status": "ERROR", "message": "connection refused"}),
            "datasource",
            "connection refused",
        ),
        ("/api/dashboards/uid/http-performance", (404, {}), "dashboards", "not loaded"),
        ("/api/user", (401, {"message": "Invalid username or password"}), "login", "401"),
    ],
)
def test_a_broken_server_is_red(
    path: str, answer: tuple[int, Any], claim: str, says: str, history: Recorder
) -> None:
    outcome, reason = judged(history, {**sound(), path: answer})[f"grafana/{claim}"]
    assert outcome is Outcome.FAIL
    assert says in reason


@pytest.mark.parametrize("body", ["x", [7, {"jsonData": 7}], {"dashboard": 7, "status": []}])
def test_an_answer_of_another_shape_breaks_no_check(body: Any, history: Recorder) -> None:
    paths = [path for path in sound() if path != "/api/v1/query"]
    found = judged(history, {**sound(), **dict.fromkeys(paths, (200, body))})
    assert not [reason for _, reason in found.values() if "the check itself broke" in reason]
    for claim in ("health", "datasource", "dashboards"):
        assert found[f"grafana/{claim}"][0] in (Outcome.FAIL, Outcome.UNKNOWN)


@pytest.mark.parametrize(
    ("text", "outcome", "says"),
    [
        ('{"title": "A", "panels": []}', Outcome.PASS, "without a uid and not compared: odd.json"),
        ("{", Outcome.FAIL, "odd.json: is no dashboard, so it is not loaded"),
        ("[]", Outcome.FAIL, "odd.json: is no dashboard, so it is not loaded"),
    ],
)
def test_one_odd_file_leaves_the_others_in_the_comparison(
    text: str, outcome: Outcome, says: str, tmp_path: Path
) -> None:
    files = texts(MONITORING)
    history = Recorder(tmp_path / "odd.jsonl", "test", SystemClock())
    answers = {path.rpartition("/")[2]: answer for path, answer in sound().items() if "/dashboards/" in path}
    served = {uid: {"status": status, "body": body} for uid, (status, body) in answers.items()}
    panels.files(history, files, {})
    data = {"errors": [], "files": {**files.dashboards, "odd.json": text}, "dashboards": served}
    history.add(filled("grafana", data))
    history.close()
    check = next(check for check in panel_grafana.CHECKS if check.name == "grafana-dashboards")
    evidence = Evidence(load(MONITORING / "contract.yaml"), history)
    verdict = judge(check, Claim("grafana/dashboards"), evidence)
    assert verdict.outcome is outcome, verdict
    assert says in verdict.reason


def test_the_queries_of_another_prometheus_are_not_compared(history: Recorder) -> None:
    table = {**sound(), "/api/v1/query": (200, scraped("7"))}
    outcome, reason = judged(history, table)["grafana/queries"]
    assert outcome is Outcome.NOT_VERIFIED
    assert "'prometheus' is another Prometheus than that of this run" in reason


def test_an_open_server_is_red(history: Recorder) -> None:
    assert judged(history, sound(), is_open=True)["grafana/anonymous"][0] is Outcome.FAIL


def test_a_changed_dashboard_is_red_with_its_path(history: Recorder) -> None:
    table = sound()
    path = "/api/dashboards/uid/system-overview"
    table[path][1]["dashboard"]["panels"][1]["targets"][0]["expr"] = "up"
    assert "$.panels[1].targets[0].expr" in judged(history, table)["grafana/dashboards"][1]


def test_frames_are_read_with_expression_step_and_points() -> None:
    with Server({}) as running:
        grafana = Grafana(running.url)
        result = grafana.query({"refId": "B", "expr": "up"}, 0, 1000)
        grafana.close()
    assert (result.expression, result.step, result.error) == ("up", "15s", "")
    assert result.frames[0].points == ((1.0, 1.5), (2.0, None))
    assert (
        read_result({"error": "bad_data: no", "frames": [{"schema": {"fields": []}}]}).error == "bad_data: no"
    )


@pytest.mark.parametrize(
    ("theirs", "says"),
    [
        ({"expression": "up"}, "Grafana asks 'up'"),
        ({"step": "30s"}, "Grafana's step is 30s"),
        ({"series": []}, "0 series through Grafana, 1 directly"),
        (
            {"series": [{"labels": {"job": "a"}, "points": [[1.0, 2.0]]}]},
            "is 2.0 through Grafana, 1.0 directly",
        ),
        ({"error": "bad_data: x"}, "bad_data: x"),
    ],
)
def test_a_query_that_differs_is_red(theirs: dict[str, Any], says: str, history: Recorder) -> None:
    series = [{"labels": {"job": "a"}, "points": [[1.0, 1.0]]}]
    mine = {
        "dashboard": "a.json",
        "path": "$",
        "expanded": "sum(up)",
        "step": 15000,
        "instant": False,
        "series": series,
    }
    number = history.add(filled("panel", {**mine, "zoom": "other"})).number
    history.add(filled("grafana", {"errors": [], "same_server": True}))
    same = {"expression": "sum(up)", "step": "15s", "series": series, "error": None}
    evidence = Evidence(load(MONITORING / "contract.yaml"), history)
    (check,) = [check for check in panel_grafana.CHECKS if check.name == "grafana-queries"]
    row = history.add(filled("grafana_query", {"dashboard": "a.json", "path": "$", "of": number, **same}))
    assert judge(check, Claim("grafana/queries"), evidence).outcome is Outcome.PASS
    changed = {"dashboard": "a.json", "path": "$", "of": number, **same, **theirs}
    others = [*history.records[: row.number], record(row.number, row.t, "grafana_query", changed)]
    past = History(history.run, history.monotonic, history.epoch, others)
    evidence = Evidence(load(MONITORING / "contract.yaml"), past)
    verdict = judge(check, Claim("grafana/queries"), evidence)
    assert verdict.outcome is Outcome.FAIL
    assert says in verdict.reason
