"""A page of metrics whose content type the deployed Prometheus refuses, while the one that judged takes it."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import target
from promproof.checks.base import Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
SERVICE = {"component": "prometheus", "port": 9090}
CONTRACT = Contract.model_validate(
    {
        "contract": 1,
        "service": "shop",
        "deployment": {
            "compose": "docker-compose.yml",
            "target": {"service": "shop", "port": 8000},
            "services": {"prometheus": SERVICE},
            "retention": {"time": "15d", "size": "8GB"},
        },
    }
)
TEXT = "# TYPE orders_total counter\norders_total 1\n"


def verdict(kind: str | None, judged: str = "2.42.0+ds", image: str = "prom/prometheus:v3.5.3") -> Verdict:
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"managed": True, "instance": "i", "binaries": [f"prometheus {judged}"]}),
        ("deployment", {"config": {"services": {"prometheus": {"image": image}}}}),
        (
            "exposition",
            {"label": "rest", "begin": 1.0, "end": 1.1, "text": TEXT, "status": 200, "content_type": kind},
        ),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(number, 9.0, name, data) for number, (name, data) in enumerate(rows))
    return judge(target.EXPOSITION, Claim("target/exposition"), Evidence(CONTRACT, history))


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "", "application/json"])
def test_a_content_type_that_the_deployed_version_refuses_is_a_failure(kind: str) -> None:
    found = verdict(kind)
    assert found.outcome == "fail"
    assert "Prometheus 3, which the compose file pins, fails such a scrape" in found.reason


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain; version=0.0.4; charset=utf-8",
        "Text/Plain",
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        None,
    ],
)
def test_a_known_content_type_is_right_and_an_unknown_one_is_not_judged(kind: str | None) -> None:
    assert verdict(kind).outcome == "pass"


def test_version_2_takes_any_and_version_3_has_scraped_it() -> None:
    assert verdict("text/html", image="prom/prometheus:v2.55.0").outcome == "pass"
    assert verdict("text/html", judged="3.5.3").outcome == "pass"
