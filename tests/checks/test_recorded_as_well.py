"""A metric that targets expose is written by no rule: whoever reads it would read both."""

from __future__ import annotations

import pytest

from promproof.checks.alert_documented import recorded_as_well
from promproof.run.options import Options
from promproof.run.prepare import prepare

pytestmark = pytest.mark.unit
CONTRACT = prepare(Options.of(stack="processes")).contract


@pytest.mark.parametrize(
    ("name", "record"), [("HighErrorRate", "http_requests_total"), ("ServiceDown", "up")]
)
def test_a_record_under_the_name_of_an_exposed_metric_is_told(name: str, record: str) -> None:
    (found,) = recorded_as_well(CONTRACT.alert(name), [(record, "vector(1)")], CONTRACT)
    assert record in found


@pytest.mark.parametrize("record", ["job:http_requests:rate5m", "prompt_total", "errors"])
def test_a_record_under_another_name_is_not(record: str) -> None:
    assert not recorded_as_well(CONTRACT.alert("HighErrorRate"), [(record, "vector(1)")], CONTRACT)


def test_a_record_that_an_alert_reads_by_its_own_name_is_not() -> None:
    alert = CONTRACT.alert("HighErrorRate").model_copy(update={"metrics": ("job_errors_share",)})
    assert not recorded_as_well(alert, [("job_errors_share", "vector(1)")], CONTRACT)
