"""Any mapping of labels gives the ledger's counts, whatever a library calls them, and a wrong service is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promproof.checks import metric_durations, metric_exact
from promproof.checks.base import Claim, compare, judge
from promproof.contract.model import Contract, Metric
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.exposition import Labels, label_set, series_text
from promproof.load.ledger import Ledger
from promproof.truth.metrics import Interval, at_rest
from promproof.truth.requests import told
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
Request = tuple[str, str, int]
REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["GET", "POST", "PURGE"]),
        st.sampled_from(["/", "/items/{id}", "unmatched"]),
        st.sampled_from([200, 201, 204, 404, 422, 500, 503]),
    ),
    min_size=1,
    max_size=30,
)
LABELS: list[dict[str, Any]] = [
    {"from": "method"},
    {"from": "method", "case": "lower"},
    {"from": "method", "as": {"PURGE": "_OTHER", "POST": "_OTHER"}},
    {"from": "route"},
    {"from": "route", "as": {"unmatched": ""}},
    {"from": "route", "as": {"unmatched": "none", "/": "index"}},
    {"from": "status"},
    {"from": "status_class"},
    {"from": "status_class", "case": "upper"},
    {"from": "status", "as": {"404": "not found"}},
    {"from": "constant", "values": ["shop"]},
    {"from": "anything"},
]
CHOICES = st.lists(st.sampled_from(LABELS), max_size=5)
WHERE = st.sampled_from(
    [
        {},
        {"where": {"status": "5.."}},
        {"except": {"route": "/"}},
        {"where": {"method": "GET"}, "except": {"status": "404"}},
    ]
)


def ledger(requests: Iterable[Request], seconds: float = 0.1) -> Ledger:
    now = [1.0]
    found = Ledger(lambda: now[0], 0.025)
    for method, route, status in requests:
        token = found.open(method, route)
        now[0] += seconds
        found.close(token, status)
    return found


def metric(labels: dict[str, Any], **keys: Any) -> Metric:
    about = {
        "name": "hits",
        "type": "counter",
        "unit": "requests",
        "help": "Hits",
        "truth": {"kind": "requests"},
    }
    return Metric.model_validate({**about, "labels": labels, **keys})


def value(label: dict[str, Any], request: Request, chance: int) -> str:
    """What a service would write into this label, said once more in other words."""
    method, route, status = request
    word = {
        "method": method,
        "route": route,
        "status": f"{status}",
        "status_class": f"{status}"[0] + "xx",
        "constant": "shop",
        "anything": f"pod-{chance % 3}",
    }[label["from"]]
    changed = label.get("as", {}).get(word, word)
    return {"lower": str.lower, "upper": str.upper}.get(label.get("case", ""), str)(changed)


def counted(request: Request, choice: dict[str, dict[str, str]]) -> bool:
    method, route, status = request
    match choice:
        case {"where": {"status": "5.."}}:
            return status >= 500
        case {"except": {"route": "/"}}:
            return route != "/"
        case {"where": {"method": "GET"}}:
            return method == "GET" and status != 404
    return True


def served(labels: dict[str, Any], choice: dict[str, Any], requests: list[Request]) -> dict[Labels, float]:
    """What a right service exposes."""
    found: Counter[Labels] = Counter()
    for number, request in enumerate(requests):
        if counted(request, choice):
            found[label_set({name: value(label, request, number) for name, label in labels.items()})] += 1
    return {series: float(count) for series, count in found.items()}


@settings(deadline=None, max_examples=150)
@given(REQUESTS, CHOICES, WHERE)
def test_any_mapping_gives_the_counts_of_the_ledger(
    requests: list[Request], chosen: list[dict[str, Any]], choice: dict[str, Any]
) -> None:
    labels = {f"l{number}": label for number, label in enumerate(chosen)}
    claimed = metric(labels, truth={"kind": "requests", **choice})
    exposed = told(claimed, served(labels, choice, requests))
    assert compare("hits", exposed, at_rest(claimed, ledger(requests).snapshot(), exposed)) == []


@settings(deadline=None, max_examples=100)
@given(REQUESTS, CHOICES, st.data())
def test_one_event_more_or_less_is_found_under_any_mapping(
    requests: list[Request], chosen: list[dict[str, Any]], data: st.DataObject
) -> None:
    labels = {f"l{number}": label for number, label in enumerate(chosen)}
    claimed = metric(labels)
    exposed = served(labels, {}, requests)
    wrong = data.draw(st.sampled_from(sorted(exposed)))
    exposed[wrong] += data.draw(st.sampled_from([-1, 1]))
    parts = told(claimed, exposed)
    assert len(compare("hits", parts, at_rest(claimed, ledger(requests).snapshot(), parts))) == 1


@settings(deadline=None, max_examples=60)
@given(REQUESTS, st.lists(st.integers(0, 3), min_size=30, max_size=30), CHOICES)
def test_any_split_over_instances_gives_the_counts_of_the_ledger(
    requests: list[Request], split: list[int], chosen: list[dict[str, Any]]
) -> None:
    labels = {f"l{number}": label for number, label in enumerate(chosen)}
    claimed = metric({**labels, "replica": {"from": "anything"}})
    exposed: dict[Labels, float] = {}
    for replica in range(4):
        part = [request for number, request in enumerate(requests) if split[number] == replica]
        for series, count in served(labels, {}, part).items():
            exposed[label_set({**dict(series), "replica": f"{replica}"})] = count
    parts = told(claimed, exposed)
    assert compare("hits", parts, at_rest(claimed, ledger(requests).snapshot(), parts)) == []


def test_a_lost_answer_may_be_in_any_status_class_once() -> None:
    sent = ledger([("GET", "/", 200), ("GET", "/", 201), ("GET", "/", 500)])
    sent.close_unknown(sent.open("GET", "/"))
    claimed = metric({"code": {"from": "status_class"}})
    seen = [label_set({"code": code}) for code in ("2xx", "4xx", "5xx")]
    assert at_rest(claimed, sent.snapshot(), seen) == {
        seen[0]: Interval(2, 3),
        seen[1]: Interval(0, 1),
        seen[2]: Interval(1, 2),
    }


# twins: one service of which a thing is wrong

SENT: list[Request] = [("GET", "/a", 200)] * 5 + [("POST", "/a", 500)] * 2 + [("GET", "/b", 200)] * 3
KEYS = {"method": {"from": "method", "case": "lower"}, "path": {"from": "route"}, "code": {"from": "status"}}


def exposition(name: str = "hits", factor: float = 1.0, unit: float = 1.0, swapped: str = "") -> str:
    """A histogram with all labels of requests that took 0.05 s each, wrong where an argument says so."""
    lines = [f"# HELP {name} Hits", f"# TYPE {name} histogram"]
    for series, count in served(KEYS, {}, SENT).items():
        labels = dict(series)
        if swapped:
            labels["path"], labels[swapped] = labels[swapped], labels["path"]
        for edge in (0.01, 0.1, 1.0):
            at_most = factor * count if edge >= 0.05 * unit else 0
            lines.append(f"{series_text(f'{name}_bucket', label_set({**labels, 'le': str(edge)}))} {at_most}")
        lines.append(f"{series_text(f'{name}_bucket', label_set({**labels, 'le': '+Inf'}))} {factor * count}")
        lines.append(f"{series_text(f'{name}_sum', label_set(labels))} {0.05 * unit * factor * count}")
        lines.append(f"{series_text(f'{name}_count', label_set(labels))} {factor * count}")
    return "\n".join(lines) + "\n"


def judged(text: str, aspect: str, **keys: Any) -> Verdict:
    claimed = metric(KEYS, **{"type": "histogram", "truth": {"kind": "durations"}, "unit": "seconds", **keys})
    contract = Contract.model_validate(
        {"contract": 1, "service": "s", "target": {"job": "s"}, "metrics": [claimed.model_dump()]}
    )
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 1.0, "managed": True}),
        ("exposition", {"label": "rest", "begin": 7.0, "end": 7.1, "text": text}),
        ("ledger", {"view": ledger(SENT, 0.06).snapshot().to_json()}),
    ]
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, 8.0, kind, data) for number, (kind, data) in enumerate(rows))
    checks = {"exact": metric_exact.CHECK, "buckets": metric_durations.BUCKETS, "sum": metric_durations.SUM}
    return judge(checks[aspect], Claim(f"metric/hits/{aspect}", "hits"), Evidence(contract, history))


def test_a_right_histogram_by_method_path_and_status_passes() -> None:
    assert [judged(exposition(), aspect).outcome for aspect in ("exact", "buckets", "sum")] == ["pass"] * 3


@pytest.mark.parametrize(
    ("aspect", "wrong"),
    [
        ("exact", {"name": "hit"}),
        ("exact", {"swapped": "method"}),
        ("exact", {"swapped": "code"}),
        ("exact", {"factor": 2.0}),
        ("buckets", {"factor": 2.0}),
        ("buckets", {"unit": 1000.0}),
        ("sum", {"unit": 1000.0}),
        ("sum", {"factor": 2.0}),
    ],
)
def test_a_histogram_of_which_one_thing_is_wrong_fails(aspect: str, wrong: dict[str, Any]) -> None:
    assert judged(exposition(**wrong), aspect).outcome == "fail"


def test_durations_in_milliseconds_are_right_where_the_contract_says_so() -> None:
    text = exposition(unit=1000.0)
    assert [judged(text, aspect, unit="milliseconds").outcome for aspect in ("exact", "sum")] == ["pass"] * 2
