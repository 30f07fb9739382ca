"""A kiosk whose metrics have shapes that people had trouble with: what is said of each, from records by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from promproof.checks import metric_durations, metric_during, metric_exact, metric_form, metric_stored, target
from promproof.checks.base import Check, Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.load.ledger import Ledger
from promproof.report.causes.fold import blocks_of
from promproof.report.causes.model import Block
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
LABELS = {"verb": {"values": ["GET"]}, "route": {"values": ["/", "other"]}, "code": {"pattern": "[0-9]{3}"}}
ORDERS = {
    "name": "kiosk_orders_total",
    "type": "counter",
    "help": "Orders",
    "labels": LABELS,
    "truth": {"kind": "requests", "method": "verb", "endpoint": "route", "status": "code"},
}
SECONDS = {
    "name": "kiosk_order_seconds",
    "type": "histogram",
    "help": "Duration",
    "labels": {"route": {}},
    "buckets": [1.0],
    "truth": {"kind": "durations", "endpoint": "route"},
}
SENT = {("/", 200): 4, ("other", 404): 2}
CHECKS = (
    metric_form.CHECK,
    metric_exact.CHECK,
    metric_durations.BUCKETS,
    metric_durations.SUM,
    metric_during.CHECK,
    metric_stored.CHECK,
    target.EXPOSITION,
)
IDENTITY = {"job": "kiosk", "instance": "kiosk:80"}
SCRAPED = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.3)
"""Run times of the scrapes (s): all after the requests, the last one between the readings at rest."""
SCRAPES = ("up", 1.0), ("scrape_duration_seconds", 0.01)
Stored = tuple[str, dict[str, str], Sequence[float]]


def exposed(counter: str = "kiosk_orders", extra: str = "", histogram: str = "kiosk_order_seconds") -> str:
    """What a healthy kiosk shows after what was sent."""
    quoted = "." in histogram
    rows = [f"# HELP {counter} Orders", f"# TYPE {counter} counter"]
    rows += [f'{counter}_total{{verb="GET",route="/",code="200"{extra}}} 4']
    rows += [f'{counter}_total{{verb="GET",route="other",code="404"{extra}}} 2']
    head = f'"{histogram}"' if quoted else histogram
    rows += [f"# HELP {head} Duration", f"# TYPE {head} histogram"]
    for route, count in (("/", 4), ("other", 2)):
        for name, labels, value in (
            ("bucket", f'route="{route}",le="1.0"', count),
            ("bucket", f'route="{route}",le="+Inf"', count),
            ("count", f'route="{route}"', count),
            ("sum", f'route="{route}"', 0.004),
        ):
            sample = f"{histogram}_{name}"
            rows.append(f'{{"{sample}",{labels}}} {value}' if quoted else f"{sample}{{{labels}}} {value}")
    return "\n".join(rows) + "\n"


def stored(**renamed: str) -> list[Stored]:
    """What Prometheus has of it. renamed: labels that it adds to the orders."""
    orders: list[Stored] = [
        (
            "kiosk_orders_total",
            {"verb": "GET", "route": route, "code": code, **renamed},
            [count] * len(SCRAPED),
        )
        for route, code, count in (("/", "200", 4.0), ("other", "404", 2.0))
    ]
    return [*orders, *seconds_stored("kiosk_order_seconds")]


def seconds_stored(name: str) -> list[Stored]:
    return [
        (f"{name}_count", {"route": route}, [count] * len(SCRAPED))
        for route, count in (("/", 4.0), ("other", 2.0))
    ]


def evidence(
    text: str,
    kept: Sequence[Stored],
    metrics: Sequence[dict[str, Any]] = (ORDERS, SECONDS),
    later: str = "",
) -> Evidence:
    """Of a run in which the kiosk showed this text at rest, and Prometheus stored these values."""
    about = {"contract": 1, "service": "kiosk", "target": {"job": "kiosk"}, "metrics": metrics, "allowed": []}
    ledger = Ledger(lambda: 0.5, 0.025)
    for (route, status), times in SENT.items():
        for _ in range(times):
            ledger.close(ledger.open("GET", route), status, 0.0)
    all_stored: list[Stored] = [*kept, *((name, {}, [value] * len(SCRAPED)) for name, value in SCRAPES)]
    rows: list[tuple[float, str, dict[str, Any]]] = [
        (0.0, "run", {"scrape_interval": 1.0, "managed": True, "instance": "kiosk:80"}),
        (0.0, "prepared", {"time_scale": 1.0}),
        (0.0, "clock_offset", {"low": -0.001, "high": 0.001}),
        (0.4, "phase", {"name": "traffic", "edge": "begin"}),
        (6.5, "phase", {"name": "traffic", "edge": "end"}),
        *(
            (
                7.0,
                "exposition",
                {"label": label, "begin": begin, "end": begin + 0.1, "text": shown, "status": 200},
            )
            for label, begin, shown in (("rest", 7.0, text), ("rest-later", 8.0, later or text))
        ),
        (
            8.2,
            "targets",
            {"targets": [{"labels": IDENTITY, "health": "up", "scrapeUrl": "http://kiosk:80/metrics"}]},
        ),
        *((8.2, "stored", _stored(*row)) for row in all_stored),
        (8.3, "ledger", {"source": "locust", "view": ledger.snapshot().to_json()}),
    ]
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, t, kind, data) for number, (t, kind, data) in enumerate(rows))
    return Evidence(Contract.model_validate(about), history)


def _stored(name: str, labels: dict[str, str], values: Sequence[float]) -> dict[str, Any]:
    samples = list(zip(SCRAPED, values, strict=True))
    return {
        "selector": name,
        "series": [{"name": name, "labels": {**IDENTITY, **labels}, "samples": samples}],
    }


def verdicts(found: Evidence) -> dict[str, Verdict]:
    return {
        claim.id: judge(check, claim, found) for check in CHECKS for claim in _claims(check, found.contract)
    }


def _claims(check: Check, contract: Contract) -> list[Claim]:
    return list(check.claims(contract))


def red(found: dict[str, Verdict]) -> dict[str, str]:
    return {claim: verdict.reason for claim, verdict in found.items() if verdict.outcome != "pass"}


def causes(found: Evidence, said: dict[str, Verdict]) -> list[Block]:
    return blocks_of(list(said.values()), found)


def test_a_healthy_kiosk_is_green() -> None:
    assert red(verdicts(evidence(exposed(), stored()))) == {}


def test_two_workers_with_a_registry_each_are_named_as_the_cause_of_every_wrong_count() -> None:
    torn = [
        (name, labels, [values[0] / 2 if number % 2 else values[0] for number in range(len(values))])
        for name, labels, values in stored()
    ]
    half = exposed().replace("} 4\n", "} 2\n").replace("} 2\n", "} 1\n", 1)
    found = evidence(half, torn)
    said = verdicts(found)
    for name in ("kiosk_orders_total", "kiosk_order_seconds"):
        assert said[f"metric/{name}/exact"].outcome == said[f"metric/{name}/during"].outcome == "fail", name
    [block] = causes(found, said)
    assert block.kind == "two-processes"
    assert "several processes share one port" in block.title
    assert {verdict.claim for verdict in block.claims} == set(red(said))


def test_a_label_that_prometheus_stores_under_another_name_passes_and_is_explained() -> None:
    labels = {**LABELS, "instance": {"values": ["shelf-1"]}}
    text = exposed(extra=',instance="shelf-1"')
    said = verdicts(
        evidence(text, stored(exported_instance="shelf-1"), [{**ORDERS, "labels": labels}, SECONDS])
    )
    assert red(said) == {}
    reason = said["metric/kiosk_orders_total/stored"].reason
    assert "its label instance is stored as exported_instance" in reason
    assert "honor_labels" in reason
    assert "exported_" not in said["metric/kiosk_order_seconds/stored"].reason


def test_a_label_of_the_target_that_nobody_promised_fails_by_its_own_name() -> None:
    said = verdicts(evidence(exposed(extra=',instance="shelf-1"'), stored(exported_instance="shelf-1")))
    assert "'instance'" in said["metric/kiosk_orders_total/form"].reason


def test_a_metric_with_dots_in_its_name_is_judged_like_any_other() -> None:
    dotted = {**SECONDS, "name": "kiosk.order.seconds"}
    text = exposed(histogram="kiosk.order.seconds")
    orders = [row for row in stored() if row[0] == "kiosk_orders_total"]
    kept = [*orders, *seconds_stored("kiosk.order.seconds")]
    assert red(verdicts(evidence(text, kept, [ORDERS, dotted]))) == {}
    wrong = verdicts(evidence(text.replace('"other"} 2', '"other"} 3'), kept, [ORDERS, dotted]))
    assert "metric/kiosk.order.seconds/exact" in red(wrong)


def test_created_series_belong_to_their_counter_or_histogram() -> None:
    created = "".join(
        f'# HELP {name}_created Created\n# TYPE {name}_created gauge\n{name}_created{{route="/"}} 1.7e9\n'
        for name in ("kiosk_orders", "kiosk_order_seconds")
    )
    assert red(verdicts(evidence(exposed() + created, stored()))) == {}
    strange = verdicts(evidence(exposed() + created.replace("kiosk_orders_", "kiosk_order_"), stored()))
    assert set(red(strange)) == {"target/exposition"}


@pytest.mark.parametrize(
    ("kind", "first", "last", "kept", "outcome"),
    [
        pytest.param("counter", 5, 9, 7, "pass", id="a counter that rose"),
        pytest.param("counter", 5, 9, 11, "fail", id="a counter that was never there"),
        pytest.param("counter", 5, 5, 7, "fail", id="a counter that stood still"),
        pytest.param("gauge", 5, 3, 40, "pass", id="a gauge that moves by itself"),
        pytest.param("gauge", 5, 5, 4, "fail", id="a gauge that stood still"),
    ],
)
def test_a_value_without_a_truth_may_move_at_rest(
    kind: str, first: int, last: int, kept: int, outcome: str
) -> None:
    def shown(value: int) -> str:
        return (
            exposed() + f"# TYPE kiosk_cups{'_total' if kind == 'counter' else ''} {kind}\n{name} {value}\n"
        )

    name = "kiosk_cups_total" if kind == "counter" else "kiosk_cups"
    row: Stored = (name, {}, [float(kept)] * len(SCRAPED))
    found = evidence(shown(first), [*stored(), row], [{"name": name, "type": kind}], later=shown(last))
    assert verdicts(found)[f"metric/{name}/stored"].outcome == outcome


@pytest.mark.parametrize(("read", "outcome"), [(True, "pass"), (False, "fail")])
def test_a_reading_that_asked_whether_the_target_is_up_is_counted_by_what_counts_scrapes(
    read: bool, outcome: str
) -> None:
    seen = {"name": "kiosk_seen_total", "type": "counter", "truth": {"kind": "requests", "scrapes": True}}
    before = 1 + sum(SENT.values()) + len(SCRAPED) - 1
    text = exposed() + f"# TYPE kiosk_seen counter\nkiosk_seen_total {before + 1}\n"
    found = evidence(text, stored(), [seen])
    if read:
        ready = record(99, 0.1, "exposition", {"label": "ready", "begin": 0.1, "end": 0.2, "status": 200})
        found.history.records.insert(0, ready)
    assert judge(metric_exact.CHECK, Claim("claim", "kiosk_seen_total"), found).outcome == outcome
