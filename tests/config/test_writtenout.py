"""Recording rules in their places: only where the record has all that is asked of it."""

from __future__ import annotations

import pytest

from promproof.config.sameness import is_same
from promproof.config.writtenout import written_out

pytestmark = pytest.mark.unit
RECORDS = (
    ("job:errors:rate5m", 'sum by (job) (rate(errors_total{job="api"}[5m]))'),
    ("job:errors:ratio", 'job:errors:rate5m{job="api"} / 2'),
    ("twice", "a"),
    ("twice", "b"),
    ("itself", "itself + 1"),
)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("job:errors:rate5m > 1", 'sum by (job) (rate(errors_total{job="api"}[5m])) > 1'),
        ('job:errors:rate5m{job="api"} > 1', 'sum by (job) (rate(errors_total{job="api"}[5m])) > 1'),
        ("job:errors:ratio > 1", 'sum by (job) (rate(errors_total{job="api"}[5m])) / 2 > 1'),
    ],
)
def test_a_record_is_what_its_rule_says(expression: str, wanted: str) -> None:
    assert is_same(written_out(expression, RECORDS), wanted)


@pytest.mark.parametrize(
    "expression",
    [
        'job:errors:rate5m{job="worker"} > 1',
        'job:errors:rate5m{instance="a"} > 1',
        'job:errors:rate5m{job=~"api"} > 1',
        "job:errors:rate5m offset 5m > 1",
        "max_over_time(job:errors:rate5m[1h]) > 1",
        "twice > 1",
        "other > 1",
        "no ( expression",
    ],
)
def test_anything_else_stays_as_it_is(expression: str) -> None:
    assert written_out(expression, RECORDS) == expression


def test_a_record_that_reads_itself_has_an_end() -> None:
    assert "itself" in written_out("itself > 1", RECORDS)
