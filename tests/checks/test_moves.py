"""Whether a gauge moved, from records written by hand: it can only move where a scrape met something."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import metric_moves
from promproof.checks.base import Claim, judge
from promproof.contract import model as contracts
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.load.ledger import Ledger
from promproof.places import DEFAULT_CONTRACT
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
METRIC = "http_requests_in_progress"


def verdict(opened: float, closed: float, *, floor: bool = True) -> Verdict:
    """Of a gauge that stood still at 0 through scrapes at 1 s, 2 s and 3 s, with one request open meanwhile.

    floor: whether the server certainly spent all that time on it.
    """
    now = [opened]
    ledger = Ledger(lambda: now[0], 0.1)
    token = ledger.open("GET", "/health")
    now[0] = closed
    ledger.close(token, 200, floor_seconds=closed - opened if floor else 0.0)
    series = {METRIC: 0.0, "up": 1.0, "scrape_duration_seconds": 0.01}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 1.0}),
        ("clock_offset", {"low": -0.001, "high": 0.001}),
        ("ledger", {"view": ledger.snapshot().to_json()}),
        (
            "stored",
            {
                "series": [
                    {"name": name, "labels": {}, "samples": [[t, value] for t in (1.0, 2.0, 3.0)]}
                    for name, value in series.items()
                ]
            },
        ),
    ]
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, 4.0, kind, data) for number, (kind, data) in enumerate(rows))
    claim = Claim(f"metric/{METRIC}/moves", METRIC)
    return judge(metric_moves.CHECK, claim, Evidence(contracts.load(DEFAULT_CONTRACT), history))


def test_a_gauge_that_no_scrape_could_see_moving_is_unknown() -> None:
    found = verdict(1.3, 1.7)
    assert (found.outcome, found.reason) == ("unknown", "no scrape met an open request")


def test_a_gauge_that_stood_still_under_a_scrape_fails() -> None:
    found = verdict(1.3, 2.7)
    assert (found.outcome, "stood still at 0" in found.reason) == ("fail", True)


def test_a_gauge_of_requests_that_nothing_makes_wait_may_stand_still() -> None:
    found = verdict(1.3, 2.7, floor=False)
    assert (found.outcome, "makes no request wait" in found.reason) == ("not verified", True)


@pytest.mark.parametrize(
    ("ups", "outcome"),
    [
        ([1, 1, 1, 1, 1, 1], "fail"),
        ([1, 1, 0, 0, 1, 1], "fail"),
        ([0, 0, 0, 1, 1, 1], "unknown"),
        ([1, 1, 0, 0, 0, 0], "unknown"),
    ],
    ids=["all good", "failed during the traffic", "failed before it ended", "failed from then on"],
)
def test_a_counter_that_stood_still_fails_where_scrapes_around_the_traffic_show_it(
    ups: list[int], outcome: str
) -> None:
    found = still("process_cpu_seconds_total", ups)
    assert found.outcome == outcome, found.reason
    assert "stood still at 3" in found.reason


@pytest.mark.parametrize(
    ("ups", "outcome"),
    [
        ([1] * 6, "fail"),
        ([1, 1, 0, 0, 1, 1], "unknown"),
        ([1, 1, 0, 1, 1, 1], "fail"),
        ([0, 1, 1, 1, 1, 1], "fail"),
    ],
    ids=["all good", "most failed", "a few failed", "failed before"],
)
def test_a_gauge_that_stood_still_fails_where_most_scrapes_during_the_traffic_were_good(
    ups: list[int], outcome: str
) -> None:
    assert still("prompt_total", ups).outcome == outcome


CALM = [(0.5 * step, 0.5 * step + 0.01, 0.2, 3, 3, 4) for step in range(14)]
GROWN = [
    (*row[:3], 3 + 4 * 64 * 4096 * (number > 6) + 1, 3 + 4 * (number > 6), 4)
    for number, row in enumerate(CALM)
]


@pytest.mark.parametrize(
    ("name", "readings", "outcome"),
    [
        ("process_resident_memory_bytes", CALM, "not verified"),
        ("process_resident_memory_bytes", GROWN, "fail"),
        ("process_resident_memory_bytes", [], "fail"),
        ("process_open_fds", CALM, "not verified"),
        ("process_open_fds", GROWN, "fail"),
        ("process_cpu_seconds_total", CALM, "fail"),
        ("prompt_total", CALM, "fail"),
    ],
)
def test_a_figure_of_a_process_may_stand_still_where_the_kernel_says_so(
    name: str, readings: list[tuple[float, ...]], outcome: str
) -> None:
    found = still(name, [1] * 6, readings=readings)
    assert found.outcome == outcome, found.reason
    assert "stood still at 3" in found.reason


def test_a_metric_is_not_missing_where_every_scrape_was_cut_off() -> None:
    cut_off, refused = (
        still("prompt_total", [0] * 6, error=error) for error in ("deadline exceeded", "refused")
    )
    assert (cut_off.outcome, refused.outcome) == ("unknown", "fail")
    assert "use a smaller time scale" in cut_off.reason


@pytest.mark.parametrize(("cut", "outcome"), [(1, "fail"), (5, "unknown")])
def test_a_metric_is_missing_where_most_scrapes_were_good_and_one_was_cut_off(cut: int, outcome: str) -> None:
    assert still("prompt_total", [0] * 6, cut=cut).outcome == outcome


def still(
    metric: str,
    ups: list[int],
    error: str = "",
    readings: list[tuple[float, ...]] | None = None,
    cut: int = 0,
) -> Verdict:
    """Of a metric that is 3 in all good scrapes, at 1 s, 2 s and so on; the traffic lasts from 1.5 s to 4.5 s.

    cut: so many of the job's scrapes were cut off by their time-out, and the others were good.
    """
    good = [t for t, up in enumerate(ups, 1) if up]
    job = contracts.load(DEFAULT_CONTRACT).target.job
    target = {
        "labels": {"job": job},
        "health": "down" if error else "up",
        "lastError": error,
        "scrapeTimeout": "167ms",
    }
    rows: list[tuple[float, str, dict[str, Any]]] = [
        (0.0, "prepared", {"time_scale": 60.0}),
        (0.0, "run", {"scrape_interval": 1.0}),
        (1.5, "phase", {"name": "traffic", "edge": "begin"}),
        (4.5, "phase", {"name": "traffic", "edge": "end"}),
        (7.0, "clock_offset", {"low": -0.001, "high": 0.001}),
        (7.0, "targets", {"targets": [target]}),
        *([] if readings is None else [(7.0, "kernel", {"readings": readings})]),
        *(
            (
                7.0,
                "all_scrapes",
                {
                    "name": name,
                    "series": [{"name": name, "labels": {"job": job}, "samples": list(enumerate(values, 1))}],
                },
            )
            for name, values in (
                ("up", [0.0] * cut + [1.0] * (6 - cut)),
                ("scrape_duration_seconds", [1.0] * cut + [0.01] * (6 - cut)),
            )
            if cut
        ),
        (
            7.0,
            "stored",
            {
                "series": [
                    {"name": metric, "labels": {}, "samples": [[t, 3.0] for t in good]},
                    {"name": "up", "labels": {}, "samples": [[t, up] for t, up in enumerate(ups, 1)]},
                    {
                        "name": "scrape_duration_seconds",
                        "labels": {},
                        "samples": [[t, 0.01] for t in range(1, 7)],
                    },
                ]
            },
        ),
    ]
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, t, kind, data) for number, (t, kind, data) in enumerate(rows))
    claim = Claim(f"metric/{metric}/moves", metric)
    return judge(metric_moves.CHECK, claim, Evidence(contracts.load(DEFAULT_CONTRACT), history))


def unmoved(**sender: Any) -> Verdict:
    """Of a counter without a truth that stood still, beside a sender of which this is told."""
    promised = {"contract": 1, "service": "s", "metrics": [{"name": "x_total", "type": "counter"}]}
    view = Ledger(lambda: 1.0, 0.1).snapshot().to_json()
    samples = [[t, 0.0] for t in (1.0, 2.0, 3.0)]
    up = [[t, 1.0] for t in (1.0, 2.0, 3.0)]
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 1.0}),
        ("clock_offset", {"low": -0.001, "high": 0.001}),
        ("ledger", {"source": "reconcile", "view": view, **sender}),
        (
            "stored",
            {
                "series": [
                    {"name": "x_total", "labels": {}, "samples": samples},
                    {"name": "up", "labels": {}, "samples": up},
                    {"name": "scrape_duration_seconds", "labels": {}, "samples": [[t, 0.01] for t, _ in up]},
                ]
            },
        ),
    ]
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, 4.0, kind, data) for number, (kind, data) in enumerate(rows))
    claim = Claim("metric/x_total/moves", "x_total")
    return judge(metric_moves.CHECK, claim, Evidence(contracts.Contract.model_validate(promised), history))


POOL = "the pool 'things' can't be filled: POST /things: answered 401, expected 201 (/things)"
SURPRISE = {"method": "GET", "endpoint": "/x", "what": "answered 401, expected 200", "count": 3}


@pytest.mark.parametrize(
    ("sender", "named"),
    [({"problems": [POOL]}, POOL), ({"surprises": [SURPRISE]}, "GET /x: answered 401, expected 200")],
)
def test_standing_still_for_want_of_requests_is_unknown_with_request_and_answer(
    sender: dict[str, Any], named: str
) -> None:
    found = unmoved(**sender)
    assert (found.outcome, named in found.reason) == ("unknown", True), found.reason


def test_standing_still_while_all_was_played_fails() -> None:
    assert unmoved().outcome == "fail"


@pytest.mark.parametrize(
    ("kind", "values", "outcome"),
    [
        ("counter", [1, 50, 2, 60, 3, 70], "fail"),
        ("histogram", [1, 50, 2, 60, 3, 70], "fail"),
        ("gauge", [1, 50, 2, 60, 3, 70], "pass"),
        ("counter", [1, 50, 0, 10, 20, 70], "pass"),
        ("counter", [1, 2, 3], "pass"),
    ],
    ids=["a counter", "a histogram", "a gauge", "a restart", "rising"],
)
def test_a_counter_of_several_processes_is_named_where_nothing_says_what_it_should_read(
    kind: str, values: list[float], outcome: str
) -> None:
    contract = Contract.model_validate(
        {"contract": 1, "service": "s", "metrics": [{"name": "jobs_total", "type": kind}]}
    )
    name = contract.metric("jobs_total").sample
    samples = [[float(t), float(value)] for t, value in enumerate(values)]
    history = History("by hand", 0.0, 1_700_000_000.0)
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 1.0}),
        ("stored", {"series": [{"name": name, "labels": {}, "samples": samples}]}),
    ]
    history.records.extend(record(number, 9.0, kind, data) for number, (kind, data) in enumerate(rows))
    found = judge(metric_moves.CHECK, Claim("claim", "jobs_total"), Evidence(contract, history))
    assert found.outcome == outcome
    assert ("several processes behind one port" in found.reason) is (outcome == "fail")
