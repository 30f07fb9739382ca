"""Label sets that are promised from the start, from records by hand."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from promproof.checks import metric_born
from promproof.checks.base import Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.load.ledger import Ledger
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
METRIC: dict[str, Any] = {
    "name": "hits_total",
    "type": "counter",
    "labels": {"method": {}, "endpoint": {}, "status": {}},
    "born": [{"method": ["GET"], "endpoint": ["/a", "/b"], "status": ["200", "500"]}],
    "truth": {"kind": "requests"},
}
SETS = [("/a", "200"), ("/a", "500"), ("/b", "200"), ("/b", "500")]


def contract(**changes: Any) -> Contract:
    metrics = [{**METRIC, **changes}]
    return Contract.model_validate({"contract": 1, "service": "shop", "metrics": metrics})


def verdict(values: dict[tuple[str, str], int], *, managed: bool = True, sent: int = 0) -> Verdict:
    lines = [
        f'hits_total{{method="GET",endpoint="{endpoint}",status="{status}"}} {value}'
        for (endpoint, status), value in values.items()
    ]
    ledger = Ledger(lambda: 1.0, 0.1)
    for _ in range(sent):
        ledger.record("GET", "/a", 200, 1.0, 1.5)
    text = "\n".join(["# TYPE hits_total counter", *lines, ""])
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"managed": managed, "instance": "i"}),
        ("exposition", {"label": "baseline", "begin": 2.0, "end": 2.1, "text": text, "status": 200}),
        ("ledger", {"source": "harness", "view": ledger.snapshot().to_json()}),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(number, 9.0, kind, data) for number, (kind, data) in enumerate(rows))
    return judge(
        metric_born.CHECK, Claim("metric/hits_total/born", "hits_total"), Evidence(contract(), history)
    )


def test_label_sets_that_are_there_at_0_pass() -> None:
    assert verdict(dict.fromkeys(SETS, 0)).outcome == "pass"


def test_what_the_harness_itself_has_sent_may_be_there() -> None:
    assert verdict({**dict.fromkeys(SETS, 0), ("/a", "200"): 2}, sent=2).outcome == "pass"


def test_what_a_target_has_counted_before_the_run_passes() -> None:
    assert verdict(dict.fromkeys(SETS, 41), managed=False).outcome == "pass"


@pytest.mark.parametrize("managed", [True, False])
def test_a_label_set_that_comes_with_its_first_event_fails(managed: bool) -> None:
    found = verdict(dict.fromkeys(SETS[:-1], 0), managed=managed)
    assert (found.outcome, found.reason) == (
        "fail",
        'hits_total{endpoint="/b",method="GET",status="500"} does not exist before its first event',
    )


def test_a_label_set_that_begins_above_0_fails() -> None:
    found = verdict({**dict.fromkeys(SETS, 0), ("/b", "500"): 1})
    assert (found.outcome, found.reason) == (
        "fail",
        'hits_total{endpoint="/b",method="GET",status="500"} begins at 1, truth 0',
    )


def test_labels_that_the_metric_has_not_are_refused() -> None:
    with pytest.raises(ValidationError, match="born has an entry with the labels"):
        contract(born=[{"method": ["GET"]}])
