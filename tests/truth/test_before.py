"""Of a target and a Prometheus that ran before the run, a window is judged where the run knows all that it holds."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.grafana.dashboard import Target
from promproof.truth.before import is_blind
from promproof.truth.views import Answered, Views
from tests.records import record

pytestmark = pytest.mark.unit
METRIC = {"name": "x_total", "type": "counter", "labels": {"route": {}}, "truth": {"kind": "requests"}}
CONTRACT = Contract.model_validate(
    {"contract": 1, "service": "shop", "target": {"job": "shop"}, "metrics": [METRIC]}
)


def views(backend: str, *, managed: bool = False, early: float = 5.0, baseline: bool = True) -> Views:
    """A run that read a baseline of 5 at 3 s; Prometheus had stored `early` at 1 s and 2 s, and 9 at 4 s."""
    labels = {"job": "shop", "instance": "a:1", "route": "/"}
    series = {"name": "x_total", "labels": labels, "samples": [[1.0, early], [2.0, early], [4.0, 9.0]]}
    read: dict[str, Any] = {"label": "baseline", "begin": 3.0, "end": 3.1, "text": 'x_total{route="/"} 5\n'}
    history = History("by hand", 0.0, 0.0)
    history.records += [
        record(0, 0.0, "run", {"instance": "a:1", "backend": backend, "managed": managed}),
        record(1, 9.0, "stored", {"selector": "x_total{}", "series": [series]}),
        *([record(2, 3.1, "exposition", read)] if baseline else []),
    ]
    return Views(Evidence(CONTRACT, history))


def judged_from(seen: Views, expression: str) -> float | None:
    """The first whole second at which the query is judged; None for one that is never."""
    asked = Answered(Target("A", expression, "$"), "whole", expression, 1.0, (), (), 7)
    return next((float(t) for t in range(20) if not is_blind(seen, asked, float(t))), None)


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        ("rate(x_total[4s])", 5.0),
        ("rate(x_total[4s]) / rate(x_total[8s])", 9.0),
        ("max_over_time(rate(x_total[2s])[6s:1s])", 7.0),
        ("rate(x_total[1m])", None),
        ("x_total", 0.0),
        ("x_total{", 0.0),
    ],
)
def test_a_window_over_a_prometheus_that_ran_already_is_judged_once_it_begins_in_the_run(
    expression: str, first: float | None
) -> None:
    assert judged_from(views("external"), expression) == first


def test_requests_before_the_baseline_are_in_no_ledger_and_no_window_that_holds_them_is_judged() -> None:
    assert judged_from(views("external", early=4.0), "rate(x_total[4s])") == 7.0
    assert judged_from(views("processes", early=4.0), "rate(x_total[4s])") == 7.0


@pytest.mark.parametrize(
    "seen",
    [
        views("processes"),
        views("processes", early=4.0, managed=True),
        views("processes", early=4.0, baseline=False),
    ],
    ids=["a Prometheus of its own", "a target of its own", "no baseline was read"],
)
def test_every_window_is_judged_where_nothing_was_before(seen: Views) -> None:
    assert judged_from(seen, "rate(x_total[4s])") == 0.0
