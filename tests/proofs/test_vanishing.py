"""Who notices when an alert's series vanish: promtool about small rule files, and the claim about its answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.checks.alert_vanishing import CHECK, claims
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.proofs.vanishing import vanishing
from promproof.stack.binaries import find_binaries
from tests.records import record

ERRORS = 'sum(rate(http_total{job="api",code=~"5.."}[5m])) / sum(rate(http_total{job="api"}[5m])) > 0.1'


def noticed(folder: Path, watching: str, more: str = "") -> tuple[str, ...]:
    """The alerts that fire when the series of Errors vanish, beside another rule."""
    rules = folder / "rules.yml"
    rules.write_text(
        "groups: [{name: g, rules: [\n"
        f"  {{alert: Errors, expr: '{ERRORS}', for: 5m}},\n"
        f"  {{alert: Missing, expr: '{watching}', for: 1h}},{more}\n]}}]\n",
        encoding="utf-8",
    )
    return vanishing(find_binaries().promtool.path, [rules], ["Errors", "Gone"]).get("Errors", {})[
        "http_total"
    ]


@pytest.mark.stack
@pytest.mark.parametrize(
    ("watching", "fires"),
    [
        ('absent(http_total{job="api"})', ("Missing",)),
        ('up{job="api"} == 1 unless on (job, instance) http_total', ("Missing",)),
        ('absent_over_time(http_total{job=~"api|web"}[10m])', ("Missing",)),
        ('up{job="api"} == 0 or absent(up{job="api"})', ()),
        ('absent(http_total{job="web"})', ()),
        ('absent(http_requests_total{job="api"})', ()),
    ],
)
def test_an_alert_that_asks_for_the_same_series_notices(
    watching: str, fires: tuple[str, ...], tmp_path: Path
) -> None:
    assert noticed(tmp_path, watching) == fires


@pytest.mark.stack
def test_an_alert_that_fires_anyway_does_not_count_as_noticing(tmp_path: Path) -> None:
    always = "\n  {alert: Watchdog, expr: vector(1)},"
    assert noticed(tmp_path, 'absent(http_total{job="api"})', always) == ("Missing",)


@pytest.mark.stack
def test_of_an_alert_that_reads_a_recorded_metric_those_vanish_that_it_is_recorded_from(
    tmp_path: Path,
) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text(
        "groups: [{name: g, rules: [\n"
        "  {record: 'job:up:sum', expr: 'sum by (job) (up)'}, {record: 'job:up:twice', expr: '2 * job:up:sum'},\n"
        "  {alert: Few, expr: 'job:up:twice < 1'}, {alert: Gone, expr: absent(up)},\n"
        "  {alert: Unrecorded, expr: 'absent(job:up:sum)'}\n]}]\n",
        encoding="utf-8",
    )
    assert vanishing(find_binaries().promtool.path, [rules], ["Few"]) == {
        "Few": {"up": ("Gone", "Unrecorded")}
    }


@pytest.mark.unit
@pytest.mark.parametrize(
    ("fires", "outcome"),
    [({"up": ["Down"]}, "pass"), ({"up": ["Down"], "hits_total": []}, "fail"), (None, "not verified")],
)
def test_each_metric_needs_a_named_alert_that_fires(fires: dict[str, list[str]] | None, outcome: str) -> None:
    contract = Contract.model_validate(
        {
            "contract": 1,
            "service": "shop",
            "alerts": [{"name": "Slow", "vanishing": ["Down"]}, {"name": "Down"}],
        }
    )
    history = History("by hand", 0.0, 0.0)
    said = {"points": [], "vanishing": {"Slow": fires} if fires is not None else {}}
    history.records.append(record(0, 0.0, "boundary", said))
    (claim,) = claims(contract)
    verdict = CHECK.judge(claim, Evidence(contract, history))
    assert (claim.id, str(verdict.outcome)) == ("alert/Slow/vanishing", outcome)
    assert outcome != "fail" or verdict.reason == "when hits_total vanishes, no alert fires"
