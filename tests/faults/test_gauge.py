"""A gauge that says what a drill wants: through the proxy, in the run copy, and by the stored samples."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import yaml

from promproof.contract import model as contracts
from promproof.drills.drill import Drill
from promproof.drills.monitored import blind
from promproof.errors import EvidenceError
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.evidence.records import Timing, Turn
from promproof.faults.kind import FAULTS, Fault
from promproof.faults.ledgers import Held, Phase
from promproof.faults.rewriter import Rewriter, Told, rewritten
from promproof.faults.site import Site
from promproof.faults.undo import UndoBook
from promproof.places import DEFAULT_CONTRACT
from tests.records import record

TEXT = """# TYPE queue gauge
queue{of="a",note="} 1"} 3
queue{of="b"} 4.5 1700000000000
queue_total 7
up_since 9
"""
TIMING = Timing(0.0, 360.0, 60.0, 0.25, 0.25, 0.5, 1.0, scrape_timeout=1 / 6, scale=60.0, fires_above=False)
KEYS: dict[str, Any] = {"kind": "gauge", "job": "node", "metric": "queue", "rest": 1.0}


def fault(**keys: Any) -> Fault:
    return FAULTS.get("gauge").model_validate({**KEYS, **keys})


@pytest.mark.unit
def test_each_series_of_the_gauge_has_the_value_and_no_other_line_changes() -> None:
    lines = rewritten(TEXT, {"queue": Told(80.0)}).splitlines()
    assert lines == [
        "# TYPE queue gauge",
        'queue{of="a",note="} 1"} 80.0',
        'queue{of="b"} 80.0',
        "queue_total 7",
        "up_since 9",
    ]


@pytest.mark.unit
def test_with_labels_it_is_the_only_series_of_the_gauge() -> None:
    lines = rewritten(TEXT, {"queue": Told(80.0, {"of": 'c"\\'})}).splitlines()
    assert lines == ["# TYPE queue gauge", "queue_total 7", "up_since 9", 'queue{of="c\\"\\\\"} 80.0']


class Exporter(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        good = self.path == "/metrics" and "application" not in self.headers.get("Accept", "")
        body = TEXT.encode() if good else b"no"
        self.send_response(200 if good else 406)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def exporter() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def rewriter() -> Iterator[Rewriter]:
    made = Rewriter()
    yield made
    made.close()


@pytest.mark.stack
def test_prometheus_scrapes_the_same_address_through_it(exporter: str, rewriter: Rewriter) -> None:
    rewriter.gauges["queue"] = Told(80.0)
    headers = {"Accept": "application/openmetrics-text;version=1.0.0"}
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(
            f"{exporter}/metrics", headers=headers, proxies={"http": rewriter.url}, timeout=10
        )
        assert (answer.status_code, rewriter.answered) == (200, 1)
        assert 'queue{of="b"} 80.0' in answer.text
        other = session.get(f"{exporter}/other", proxies={"http": rewriter.url}, timeout=10)
    assert (other.status_code, other.text, rewriter.answered) == (406, "no", 1), "what fails goes on failing"


@pytest.mark.stack
def test_a_target_that_is_gone_is_gone_through_it(rewriter: Rewriter) -> None:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get("http://127.0.0.1:1/metrics", proxies={"http": rewriter.url}, timeout=10)
    assert answer.status_code == 502


class Stack:
    """Has its job scraped once whenever it is told to reload."""

    def __init__(self, path: Path, exporter: str) -> None:
        self.rendered = SimpleNamespace(prometheus_config=path, alertmanager_config=None)
        self.exporter = exporter
        self.reloads = 0

    def reload(self, name: str) -> None:
        self.reloads += 1
        [job, _] = yaml.safe_load(self.rendered.prometheus_config.read_text())["scrape_configs"]
        with requests.Session() as session:
            session.trust_env = False
            session.get(f"{self.exporter}/metrics", proxies={"http": job["proxy_url"]}, timeout=10)


@pytest.mark.stack
def test_doses_need_one_reload_and_leave_the_value_at_rest(exporter: str, tmp_path: Path) -> None:
    path = tmp_path / "prometheus.yml"
    path.write_text("scrape_configs:\n- job_name: node\n- job_name: api\n")
    stack: Any = Stack(path, exporter)
    with UndoBook(tmp_path / "undo") as book:
        site = Site(book, stack, None, None, None, "api", path, 0.25)
        made = fault(beside={"queue_total": 100.0})
        made.heal(site, "d")
        assert not site.kept, "healing what was not applied does nothing"
        for dose in (80.0, 120.0):
            made.hold(site, "d", dose)
            assert site.state, "nobody takes it for clean"
        [kept] = site.kept.values()
        assert kept.gauges == {"queue": Told(120.0), "queue_total": Told(100.0)}
        made.heal(site, "d")
        assert kept.gauges["queue"] == Told(1.0)
        assert not site.state
        assert stack.reloads == 1
        assert "proxy_url" not in yaml.safe_load(path.read_text())["scrape_configs"][1]
        with pytest.raises(EvidenceError, match="the run scrapes no job db"):
            fault(job="db").hold(site, "d", 1.0)
        kept.close()


def stored(*values: float, of: str = "a") -> Evidence:
    series = [
        {
            "name": "queue",
            "labels": {"job": "node", "of": of},
            "samples": [[11.0 + number, value] for number, value in enumerate(values)],
        }
    ]
    rows = [record(1, 30.0, "stored_monitoring", {"series": series})]
    return Evidence(contracts.load(DEFAULT_CONTRACT), History("by hand", 0.0, 0.0, rows))


@pytest.mark.unit
def test_prometheus_must_have_stored_the_dose_and_nothing_else() -> None:
    held = Held("d", "A", 0.0, 40.0, (Phase(10.0, 20.0, 80.0),), 80.0, 120.0, None, restarted=False)
    made = fault(labels={"of": "a"})
    assert not made.ledger(stored(80.0, 80.0), held).troubles
    assert made.ledger(stored(80.0, 81.0), held).troubles
    assert made.ledger(stored(), held).troubles
    assert made.ledger(stored(80.0, of="b"), held).troubles, "another series is not the drill's"


def drill(**keys: Any) -> Drill:
    return Drill.model_validate({"drill": 1, "name": "X", "alert": "X", "fault": KEYS, **keys})


@pytest.mark.unit
def test_its_doses_are_values_of_which_it_needs_two() -> None:
    assert drill(below=80, above=120).timed(TIMING) == TIMING
    with pytest.raises(ValueError, match="needs a value below and a value above"):
        drill(below=80)


@pytest.mark.unit
def test_an_edge_stands_for_a_threshold_in_another_unit() -> None:
    timed = drill(below=45, above=20, fault={**KEYS, "edge": 40}).timed(TIMING)
    assert (timed.threshold, timed.window, timed.fires_above) == (40.0, 0.0, False)
    assert timed.hold == TIMING.hold
    assert drill(below=20, above=45, fault={**KEYS, "edge": 40}).timed(TIMING).fires_above


@pytest.mark.unit
def test_what_its_alert_saw_before_the_first_dose_is_not_the_drills() -> None:
    plan = drill(below=80, above=120)
    turns = [Turn("X", "below", "dose", 80.0, 10.0, 13.0), Turn("X", "raised", "dose", 120.0, 20.0, 20.1)]
    rows = [record(1, 30.0, "stored_monitoring", {"series": []})]
    evidence = Evidence(contracts.load(DEFAULT_CONTRACT), History("by hand", 0.0, 0.0, rows))
    [(begin, end)] = blind(evidence, plan, turns, TIMING, 0.1)
    assert begin == 10.0
    assert end == pytest.approx(13.0 + 0.25 + 1 / 6 + 0.25 + 0.1)
