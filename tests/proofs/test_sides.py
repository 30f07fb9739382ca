"""Alternatives of an `or`: each is asked while the others are silent, however many there are."""

from __future__ import annotations

import pytest

from promproof.proofs.plan import planned

JOBS = ("api", "node", "prometheus", "alertmanager", "grafana")


def watched(job: str) -> str:
    return (
        f'up{{job="{job}"}} == 1 unless on (job, instance) '
        f"({job}_requests_total and on (job, instance) {job}_seconds_bucket and on (job, instance) {job}_size)"
    )


@pytest.mark.parametrize("count", [1, 2, 5])
def test_each_alternative_of_an_or_is_separated(count: int) -> None:
    plan = planned(" or ".join(watched(job) for job in JOBS[:count]), {}, 15.0, left_open=False)
    assert not plan.open
    turned = [found.comparison.text for found in plan.boundaries if found.comparison is not None]
    assert turned == [f'up{{job="{job}"}} == 1' for job in JOBS[:count]]


def test_an_alternative_that_another_covers_is_told_as_not_separated() -> None:
    plan = planned("a > 1 or a > 2", {}, 15.0, left_open=False)
    assert [node.text for node in plan.open] == ["a > 2"]
