"""Every way of rewriting an exposition on a small one: what differs is what was meant."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.catalogue.model import EXPOSITION, catalogue
from promproof.catalogue.rewriting import WAYS, Job, fitting, rewritten
from promproof.contract import model as contracts
from promproof.exposition import parse
from promproof.places import DEFAULT_CONTRACT

pytestmark = pytest.mark.unit
REQUESTS = """\
# HELP hits_total All hits
# TYPE hits_total counter
hits_total{method="GET",status="200"} 6.0
hits_total{method="GET",status="500"} 4.0
other 1.0
"""
SECONDS = """\
# TYPE took histogram
took_bucket{le="1.0"} 3.0
took_bucket{le="2.0"} 5.0
took_bucket{le="+Inf"} 6.0
took_sum 9.0
took_count 6.0
"""
OK, FAILED = 'hits_total{method="GET",status="200"}', 'hits_total{method="GET",status="500"}'


def samples(text: str) -> dict[str, float]:
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line[0] != "#"
    }


@pytest.mark.parametrize(
    ("way", "by", "expected"),
    [
        ("nothing", {}, {OK: 6, FAILED: 4}),
        ("values", {"times": 2}, {OK: 12, FAILED: 8}),
        ("values", {"label": "status", "find": "5..", "times": 3}, {OK: 6, FAILED: 12}),
        ("plus", {"plus": 1}, {OK: 7, FAILED: 5}),
        ("some-lost", {"every": 3}, {OK: 4, FAILED: 3}),
        ("always", {"value": 0}, {OK: 0, FAILED: 0}),
        ("gone", {"label": "status", "find": "500"}, {OK: 6}),
        ("gone", {}, {}),
        ("label-value", {"label": "status", "find": "5..", "put": "200"}, {OK: 10}),
        ("label-gone", {"label": "status"}, {'hits_total{method="GET"}': 10}),
        (
            "label-renamed",
            {"label": "status", "to": "code"},
            {'hits_total{method="GET",code="200"}': 6, 'hits_total{method="GET",code="500"}': 4},
        ),
        (
            "labels-exchanged",
            {"labels": ["method", "status"]},
            {'hits_total{method="200",status="GET"}': 6, 'hits_total{method="500",status="GET"}': 4},
        ),
        (
            "label-split",
            {"label": "user", "into": 1},
            {
                'hits_total{method="GET",status="200",user="0"}': 6,
                'hits_total{method="GET",status="500",user="0"}': 4,
            },
        ),
        (
            "renamed",
            {"find": "_total$", "put": ""},
            {'hits{method="GET",status="200"}': 6, 'hits{method="GET",status="500"}': 4},
        ),
    ],
)
def test_series_of_the_metric_change_and_no_others(
    way: str, by: dict[str, Any], expected: dict[str, float]
) -> None:
    assert samples(rewritten(REQUESTS, way, Job("hits_total", by))) == {**expected, "other": 1}


@pytest.mark.parametrize(
    ("way", "by", "expected"),
    [
        ("values", {"part": "_sum", "times": 1000}, [3, 5, 6, 9000, 6]),
        ("plus", {"part": "_count", "plus": 1}, [3, 5, 6, 9, 7]),
        ("edges", {"find": r"2\.0"}, [3, 6, 9, 6]),
        ("buckets-apart", {}, [3, 2, 6, 9, 6]),
    ],
)
def test_parts_of_a_histogram_change(way: str, by: dict[str, Any], expected: list[float]) -> None:
    job = Job("took", by)
    for _ in range(2):
        assert list(samples(rewritten(SECONDS, way, job)).values()) == expected


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("frozen", [6, 6, 6]),
        ("late", [0, 6, 8]),
        ("since-the-last-scrape", [6, 2, 2]),
        ("two-workers", [3, 3, 6]),
        ("never-down", [6, 8, 10]),
    ],
)
def test_what_was_scraped_before_is_remembered(way: str, expected: list[float]) -> None:
    job = Job("hits_total", {})
    told = [samples(rewritten(f"{OK} {value}\n", way, job))[OK] for value in (6, 8, 10)]
    assert told == expected


def test_every_fault_of_the_target_has_a_way_and_changes_something() -> None:
    contract = contracts.load(DEFAULT_CONTRACT)
    for fault in catalogue():
        if fault.where == EXPOSITION:
            assert fault.change.rewrite in WAYS, fault.name
            assert fitting(contract, fault.change.of), fault.name


def test_rewriting_nothing_leaves_what_is_read() -> None:
    told = rewritten(REQUESTS, "nothing", Job("hits_total", {}))
    assert parse(told).values == parse(REQUESTS).values
