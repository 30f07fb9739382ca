"""Servers that answer with something else than their API promises: one error with a reason, never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import promql_parser as promql
import pytest

from promproof.cli.load import file_name
from promproof.errors import EvidenceError
from promproof.evidence.history import Recorder
from promproof.evidence.records import ExpositionRead
from promproof.exposition import matcher
from promproof.observe import recording
from promproof.observe.alertmanager import Alertmanager
from promproof.observe.grafana import Grafana
from promproof.observe.prometheus import Prometheus
from promproof.run.clock import SystemClock
from tests.observe import servers

pytestmark = pytest.mark.unit

JSON = "Content-Type: application/json"
ANSWERS = {
    "500": servers.answer("broken", 500),
    "html": servers.answer("<html><body>log in</body></html>", 200, "Content-Type: text/html"),
    "half json": servers.answer('{"status":"success","data":{"res', 200, JSON),
    "a list": servers.answer("[1]", 200, JSON),
    "a number": servers.answer("1", 200, JSON),
    "null": servers.answer("null", 200, JSON),
    "empty": servers.answer("", 200, JSON),
    "no data": servers.answer('{"status":"success"}', 200, JSON),
    "null data": servers.answer('{"status":"success","data":null}', 200, JSON),
    "other data": servers.answer('{"status":"success","data":{"result":{"a":1},"groups":3}}', 200, JSON),
    "rows of text": servers.answer(
        '{"status":"success","data":{"result":[{"metric":{},"value":["x","y"],"values":["xy"]}],'
        '"activeTargets":["a"],"groups":["b"],"alerts":["c"]}}',
        200,
        JSON,
    ),
    "latin-1": servers.answer(b"\xe9\xff\x00", 200, JSON),
}
QUESTIONS: dict[str, Callable[[Prometheus], Any]] = {
    "query": lambda prometheus: prometheus.query("up"),
    "samples": lambda prometheus: prometheus.samples("up", 60),
    "true_at": lambda prometheus: prometheus.true_at("up", 0, 1, 1),
    "clock": lambda prometheus: prometheus.clock_offset(pause=lambda _: None),
    "targets": lambda prometheus: prometheus.targets(),
    "rules": lambda prometheus: prometheus.rules(),
    "alerts": lambda prometheus: prometheus.alerts(),
    "alertmanagers": lambda prometheus: prometheus.alertmanagers(),
    "metadata": lambda prometheus: prometheus.metadata(),
    "configuration": lambda prometheus: prometheus.configuration(),
    "flags": lambda prometheus: prometheus.flags(),
    "version": lambda prometheus: prometheus.version(),
}
TAKEN = {
    ("flags", "rows of text"),
    ("flags", "other data"),
    ("metadata", "rows of text"),
    ("metadata", "other data"),
}
"""objects of any content are flags and metadata"""


@pytest.mark.parametrize("what", ANSWERS)
def test_an_unusable_answer_of_prometheus_is_one_error_with_a_reason(what: str) -> None:
    with servers.serving(ANSWERS[what]) as server:
        prometheus = Prometheus(server.url)
        for name, ask in QUESTIONS.items():
            if (name, what) in TAKEN:
                continue
            with pytest.raises(EvidenceError, match="no usable answer to"):
                ask(prometheus)
        prometheus.close()


@pytest.mark.parametrize("what", ANSWERS)
def test_an_unusable_answer_of_alertmanager_is_one_error_with_a_reason(what: str) -> None:
    with servers.serving(ANSWERS[what]) as server:
        alertmanager = Alertmanager(server.url)
        with pytest.raises(EvidenceError, match="no usable answer to /api/v2/status"):
            alertmanager.configuration()
        with pytest.raises(EvidenceError, match="no usable answer to /api/v2/alerts"):
            alertmanager.alerts()
        alertmanager.close()


@pytest.mark.parametrize("what", ANSWERS)
def test_an_unusable_answer_of_grafana_is_kept_or_is_one_error(what: str) -> None:
    with servers.serving(ANSWERS[what]) as server:
        grafana = Grafana(server.url)
        assert grafana.health().status in (200, 500)
        with pytest.raises(EvidenceError, match="/api/ds/query answers"):
            grafana.query({"refId": "A"}, 0, 1)
        grafana.close()


def test_a_reason_shows_the_beginning_of_what_came_on_one_line() -> None:
    with servers.serving(servers.answer("<html>\n" + "x" * 5000)) as server:
        prometheus = Prometheus(server.url)
        with pytest.raises(EvidenceError) as caught:
            prometheus.rules()
        assert "answers 200 and no JSON: '<html> xxx" in caught.value.state
        assert len(caught.value.state) < 300


def test_a_server_that_is_known_to_be_frozen_is_not_asked() -> None:
    def frozen() -> None:
        raise EvidenceError("prometheus", "it is stopped")

    with servers.serving(servers.silent) as server:
        with pytest.raises(EvidenceError, match="it is stopped"):
            Prometheus(server.url, before=frozen).query("up")
        assert not server.seen


@pytest.mark.parametrize("what", ["nothing", "a trickled body"])
def test_metrics_that_never_end_are_one_record_with_a_reason(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = {
        "nothing": servers.silent,
        "a trickled body": servers.trickled(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"#"),
    }
    monkeypatch.setattr(recording, "EXPOSITION_SECONDS", 0.2)
    history = Recorder(tmp_path / "history.jsonl", "run", SystemClock())
    with closing(history), servers.serving(scripts[what]) as server:
        assert recording.exposition(history, server.url, "rest") is None
    [record] = history.of(ExpositionRead)
    assert record.data.error in ("no answer within 0.2 s", "no whole answer within 0.2 s")


@pytest.mark.parametrize("value", ["a", 'a"b', "a\\b", "a\nb", "größe"])
def test_a_matcher_holds_any_value(value: str) -> None:
    parsed = promql.parse(f"up{{{matcher('job', value)}}}")
    assert isinstance(parsed, promql.VectorSelector)
    assert [matcher.value for matcher in parsed.matchers.matchers] == [value]


@pytest.mark.parametrize("uid", ["http performance", "a/b", "größe", "a#b?c"])
def test_a_uid_of_any_characters_is_one_part_of_the_path(uid: str) -> None:
    with servers.serving(servers.answer("{}")) as server, closing(Grafana(server.url)) as grafana:
        grafana.dashboard(uid)
        grafana.source_health(uid)
        paths = [unquote(line.split(" ")[1].split("/")[4]) for line in server.seen]
    assert paths == [uid, uid]


@pytest.mark.parametrize(
    ("text", "name"),
    [("steady", "steady"), ("a/b", "a-b"), ("../x y", "..-x-y"), ("größe", "größe"), ("x" * 300, "x" * 60)],
)
def test_a_scenario_of_any_name_gets_one_folder(text: str, name: str) -> None:
    assert file_name(text) == name
