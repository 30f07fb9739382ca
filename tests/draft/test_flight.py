"""Gauges of requests in flight: told from others by what they read while requests are open, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from promproof.contract.model import Metric
from promproof.draft.flight import Crowd, candidates, flights, held_in_crowds
from promproof.draft.metrics import in_flight, metrics, unpromised
from promproof.draft.observed import Observed, Probe
from promproof.draft.recognise import Counting, Recognised, recognise
from promproof.exposition import parse
from tests.draft.readings import ITEM, ITEMS, PROBES, UNKNOWN, counter, observed

pytestmark = pytest.mark.unit
CLIENTS = 4
Rows = dict[str, float]
NAME = "open_now"


def still(rows: Rows) -> Observed:
    """A service whose gauge reads the same whenever nothing is open, beside a counter of all requests."""

    def write(sent: dict[Probe, int], reads: int) -> str:
        by = {f'method="{p.method}",app="shop",path="{p.route}"': float(times) for p, times in sent.items()}
        return counter(NAME, rows, "gauge") + counter("all_total", by)

    return observed(write)


def crowd(probe: Probe, during: Sequence[Rows], after: Rows) -> Crowd:
    readings = tuple(parse(counter(NAME, rows, "gauge")) for rows in during)
    return Crowd(probe, CLIENTS, readings, parse(counter(NAME, after, "gauge")))


def told(rest: Rows, crowds: Sequence[Crowd]) -> Counting | str:
    seen = still(rest)
    return flights(seen, crowds, recognise(seen).counting, "/metrics").get(NAME, "")


def drafted(rest: Rows, crowds: Sequence[Crowd]) -> Metric:
    """The metric of the draft, as a contract reads it."""
    found = told(rest, crowds)
    assert isinstance(found, Counting), found
    return Metric.model_validate(in_flight(found, "/metrics"))


def test_a_gauge_without_labels_that_rises_while_requests_are_open_is_in_flight() -> None:
    found = drafted({"": 0}, [crowd(ITEMS, [{"": 0}, {"": 3}, {"": 4}], {"": 0})])
    assert (found.truth.kind, found.truth.model_dump()["scrapes"], dict(found.labels)) == (
        "open_requests",
        False,
        {},
    )


def test_a_reading_that_is_in_flight_itself_is_in_the_truth() -> None:
    own = 'method="GET"'
    found = drafted({own: 1}, [crowd(ITEMS, [{own: 1}, {own: 3}], {own: 1})])
    assert found.truth.model_dump()["scrapes"]
    assert found.labels["method"].source == "method"


def test_a_reading_under_a_label_of_its_own_is_in_flight_beside_quick_requests() -> None:
    own = 'method="GET",path="/metrics",status_code="200"'
    found = drafted({own: 1}, [crowd(ITEMS, [{own: 1, 'path="/items"': 0}], {own: 1})])
    assert found.truth.model_dump()["scrapes"]
    assert {name: label.source for name, label in found.labels.items()} == {
        "method": "method",
        "path": "anything",
        "status_code": "anything",
    }


def labelled(label: Callable[[Probe], str], probes: Sequence[Probe] = PROBES) -> list[Crowd]:
    """Crowds of these probes that a gauge shows with such labels."""
    return [crowd(probe, [{label(probe): 2}], {label(probe): 0}) for probe in probes]


def test_a_route_is_known_where_every_probe_was_seen() -> None:
    def label(probe: Probe) -> str:
        return f'path="{"none" if probe == UNKNOWN else probe.route}"'

    rest = {label(probe): 0.0 for probe in PROBES}
    whole, part = (drafted(rest, labelled(label, probes)) for probes in (PROBES, (ITEMS, ITEM)))
    assert (whole.labels["path"].source, whole.labels["path"].spelling) == ("route", {"unmatched": "none"})
    assert part.labels["path"].source == "anything"


def test_a_constant_is_taken_from_a_metric_that_counts_requests_with_it() -> None:
    found = drafted({'app="shop",kind="a"': 0}, [crowd(ITEMS, [{'app="shop",kind="a"': 2}], {})])
    assert (found.labels["app"].source, found.labels["app"].values) == ("constant", ("shop",))
    assert found.labels["kind"].source == "anything"


@pytest.mark.parametrize(
    ("rest", "during", "after", "said"),
    [
        ({"": 0}, [{"": 2}], {"": 4}, "is not back at rest"),
        ({"": 0}, [{"": 5}], {"": 0}, "rises by more than the 4"),
        ({"": 0}, [{"": 0.5}], {"": 0}, "reads other than a number of requests"),
        ({"": 1}, [{"": 0}], {"": 1}, "reads other than a number of requests"),
        ({"": 0}, [{"": 0}], {"": 0}, "stood still, also while"),
        ({'k="a"': 0}, [{'k="a"': 1}, {'k="b"': 1}], {}, "raises 2 of its series"),
    ],
    ids=[
        "connections stay",
        "more than are open",
        "a share",
        "it falls",
        "nothing was seen",
        "two series for one request",
    ],
)
def test_another_gauge_is_not_in_flight_and_the_draft_says_why(
    rest: Rows, during: Sequence[Rows], after: Rows, said: str
) -> None:
    found = told(rest, [crowd(ITEMS, during, after)])
    assert isinstance(found, str)
    assert said in found


@pytest.mark.parametrize("rest", [{"": 3}, {'a="1"': 1, 'a="2"': 1}], ids=["a size", "two flags"])
def test_a_gauge_that_is_not_at_rest_is_not_tried(rest: Rows) -> None:
    assert NAME not in candidates(still(rest))


def test_a_gauge_that_changes_with_each_request_is_not_tried() -> None:
    seen = observed(lambda sent, reads: counter(NAME, {"": float(sum(sent.values()))}, "gauge"))
    assert candidates(seen) == {}


def test_one_that_requests_were_too_quick_for_is_drafted_by_its_rest_where_its_name_speaks_of_them() -> None:
    for name, is_drafted in (("requests_in_progress", True), ("items_in_stock", False)):

        def write(sent: dict[Probe, int], reads: int, name: str = name) -> str:
            rows = {f'path="{probe.route}"': float(times) for probe, times in sent.items()}
            return counter(name, {"": 0}, "gauge") + counter("all_total", rows)

        seen = observed(write)
        known = recognise(seen)
        crowds = [Crowd(ITEMS, CLIENTS, (seen.last,), seen.last)]
        why = flights(seen, crowds, known.counting, "/metrics")
        found = replace(known, others={**known.others, **{key: str(told) for key, told in why.items()}})
        text = "\n".join(metrics(seen, found, "/metrics", frozenset()))
        assert ("truth: {kind: rest}" in text) is is_drafted
        left = "\n".join(unpromised(seen, found, frozenset()))
        assert (name in left) is not is_drafted


@pytest.mark.parametrize("name", ["run_queue", "queued_now", "active_tasks", "threads_busy"])
def test_what_waits_or_works_in_the_program_is_no_request_in_flight(name: str) -> None:
    seen = observed(lambda sent, reads: counter(name, {"": 0}, "gauge"))
    assert not candidates(seen)
    assert candidates(observed(lambda sent, reads: counter("multitasking_open", {"": 0}, "gauge")))


def crowded(rise: float, *, own: bool = False, probe: Probe = ITEMS) -> Recognised:
    """A count of all requests before and after six clients sent five each, while the metrics were read three times."""

    def write(sent: dict[Probe, int], reads: int) -> str:
        return counter("all_total", {"": float(sum(sent.values()) + (reads if own else 0))})

    seen = observed(write)
    before, after = (parse(counter("all_total", {"": value})) for value in (50.0, 50.0 + rise))
    return held_in_crowds(recognise(seen), [Crowd(probe, 6, (before,) * 3, after, before, 5)])


def test_what_counts_requests_that_come_at_once_as_well_is_kept() -> None:
    assert list(crowded(30).counting) == ["all_total"]
    assert list(crowded(34, own=True).counting) == ["all_total"], "and the readings that it counts"


@pytest.mark.parametrize("rise", [24, 31, 0])
def test_what_counts_other_than_requests_when_they_come_at_once_is_none(rise: float) -> None:
    found = crowded(rise)
    assert not found.counting
    assert found.others["all_total"].startswith(f"counts {rise} of 30 GET /items that 6 clients sent at once")


def test_a_crowd_that_a_metric_leaves_out_says_nothing_of_it() -> None:
    left_out = Probe("GET", "/health", "/health", 200)
    assert list(crowded(0, probe=left_out).counting) == ["all_total"]
