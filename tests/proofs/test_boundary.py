"""Where documented alerts flip: points of the contract's `boundary`, and of the rule itself where it has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promproof.checks.alert_boundary import flip
from promproof.contract.model import Alert
from promproof.proofs.boundary import Deployed, of_rules, paced, probe
from promproof.proofs.rulefiles import read
from promproof.stack.binaries import find_binary

pytestmark = pytest.mark.stack

RULES = """
groups:
  - name: g
    rules:
      - {record: "job:queue:max", expr: max by (job) (queue)}
      - {alert: Queue, expr: "job:queue:max > 100", for: 1m}
      - {alert: Falls, expr: "deriv(level[5m]) < -7"}
      - {alert: Slow, expr: "increase(errors_total[2h]) > 7200", for: 1m}
      - {alert: Waits, expr: "queue > 100", for: 10m}
      - {alert: Sparse, expr: "rate(errors_total[2m]) > 5"}
      - {alert: Share, expr: 'sum(rate(a_total{code=~"5.."}[5m])) / sum(rate(a_total[5m])) > 0.05', for: 5m}
      - {alert: Itself, expr: 'rate(a_total{code="500"}[5m]) / rate(a_total{code="500"}[5m]) > 0.05'}
      - {alert: Busy, expr: 'sum(rate(a_total{code="500"}[5m])) > 50'}
      - {alert: Under, expr: "queue < 100"}
      - {alert: Complement, expr: "1 - share < 0.95"}
"""


def promised(name: str, threshold: float, *, rate: str = "", value: str = "", **more: Any) -> Alert:
    series = {"series": more.pop("series"), **({"rate": rate} if rate else {"value": value})}
    boundary = {"threshold": threshold, "series": [series], "fires_when": more.pop("fires", "above")}
    return Alert.model_validate({"name": name, "boundary": boundary, **more})


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("boundary") / "rules.yml"
    file.write_text(RULES, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def flips(rules: Path) -> dict[str, tuple[float | None, float | None]]:
    alerts = [
        promised("Queue", 100.0, value="q", series='queue{job="j"}', **{"for": "1m"}),
        promised("Falls", 7.0, rate="0 - q", series='level{job="j"}', **{"for": "0s"}),
        promised("Slow", 1.0, rate="q", series='errors_total{job="j"}', **{"for": "1m"}),
        promised("Waits", 100.0, value="q", series='queue{job="j"}', **{"for": "1m"}),
        promised("Sparse", 5.0, rate="q", series='errors_total{job="j"}', **{"for": "0s"}),
    ]
    alerts.append(promised("Busy", 50.0, rate="2 * q - 50", series='a_total{code="500"}', **{"for": "0s"}))
    points = probe(find_binary("promtool").path, [rules], alerts, 60.0).points
    return {alert.name: flip(point for point in points if point.alert == alert.name) for alert in alerts}


@pytest.mark.parametrize(
    ("name", "edge"),
    [
        pytest.param("Queue", 100.0, id="a threshold above 1, by a recording rule"),
        pytest.param("Falls", 7.0, id="a rate below 0"),
        pytest.param("Slow", 1.0, id="a window of two hours that has to be full"),
        pytest.param("Sparse", 5.0, id="a window of two scrapes"),
        pytest.param("Busy", 50.0, id="a counter, which can't fall where there is less"),
    ],
)
def test_an_alert_flips_beside_its_edge(
    flips: dict[str, tuple[float | None, float | None]], name: str, edge: float
) -> None:
    low, high = flips[name]
    assert low is not None
    assert high is not None
    assert low < edge < high
    assert high - low < 0.011 * edge


def test_a_rule_that_waits_longer_than_promised_does_not_fire_in_time(
    flips: dict[str, tuple[float | None, float | None]],
) -> None:
    assert flips["Waits"][1] is None


def test_what_promtool_refuses_of_one_alert_costs_no_other(rules: Path, tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    torn = '- {alert: Torn, expr: "queue / on () queue > 0.5"}'
    file.write_text(RULES.replace("- {alert: Under", f"{torn}\n      - {{alert: Under"), encoding="utf-8")
    alerts = [
        promised(name, 100.0, value="q", series=f'queue{{job="{name}"}}', **{"for": "1m"})
        for name in ("Queue", "Torn")
    ]
    second = {"series": 'queue{job="j"}', "value": "q"}
    boundary = alerts[1].boundary
    assert boundary is not None
    series = (*boundary.series, type(boundary.series[0]).model_validate(second))
    alerts[1] = alerts[1].model_copy(update={"boundary": boundary.model_copy(update={"series": series})})
    found = probe(find_binary("promtool").path, [file], alerts, 60.0)
    assert set(found.refused) == {"Torn"}
    assert "duplicate series" in found.refused["Torn"]
    assert {point.alert for point in found.points if point.q is not None} == {"Queue"}


def test_without_a_boundary_in_the_contract_the_rule_shows_its_own(rules: Path) -> None:
    alerts = [
        Alert.model_validate({"name": name, "comparator": ">", "threshold": threshold})
        for name, threshold in (("Share", 0.05), ("Itself", 0.05), ("Under", 100.0), ("Complement", 0.05))
    ]
    found = of_rules(find_binary("promtool").path, [rules], alerts, 15.0)
    share = found["Share"]
    assert (share.verdict, share.flips) == ("proven", "> 0.05")
    assert [fired for _, fired in share.points] == [False, True]
    assert 0.0497 < share.points[0][0] < 0.05 < share.points[1][0] < 0.0503
    assert found["Itself"].verdict in ("contradicted", "dead")
    assert [fired for _, fired in found["Under"].points] == [True, False], "it fires below"
    assert found["Complement"].points == (), "its number is not the documented one: nothing is said"


@pytest.mark.parametrize("every", [1.0, 15.0, 60.0, 300.0])
@pytest.mark.parametrize("full", [1.0, 60.0, 360.0, 7300.0])
@pytest.mark.parametrize("hold", [0.0, 1.0, 120.0, 3600.0])
def test_evaluations_that_are_left_out_are_not_those_that_decide(
    every: float, full: float, hold: float
) -> None:
    end = (full + hold + 4 * every) // every * every
    slower = paced(every, full, hold, end)
    moments = [number * slower for number in range(int(end / slower) + 1)]
    begun = next(moment for moment in moments if moment >= full)
    assert any(moment - begun >= hold for moment in moments)
    assert slower >= every
    assert slower % every == 0
    assert end - moments[-1] < 300, "what the last one says is in sight"


def test_alerts_of_different_metrics_stand_in_one_test_and_those_of_a_recorded_one_do_not(
    rules: Path,
) -> None:
    deployed = Deployed(read([rules]), 15.0)

    def reads(name: str, series: str) -> frozenset[str]:
        alert = promised(name, 1.0, value="q", series=series)
        assert alert.boundary is not None
        found = deployed.reads(alert, alert.boundary)
        assert found is not None
        return found

    assert reads("Falls", "level").isdisjoint(reads("Slow", "errors_total"))
    assert not reads("Queue", "queue").isdisjoint(reads("Under", "queue"))
    assert "job:queue:max" in reads("Queue", "queue")
