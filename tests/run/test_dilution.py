"""A dose on some routes that can't move an alert over all of them is refused; what narrows the alert is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.config.rules import read
from promproof.config.yamlfile import load
from promproof.contract import model as contracts
from promproof.drills import drill as drills
from promproof.drills.drill import Loaded
from promproof.errors import InputError
from promproof.load.models import Scenario
from promproof.run.dilution import refuse_diluted

pytestmark = pytest.mark.unit
CONTRACT = """
contract: 1
service: shop
metrics:
  - name: r_total
    type: counter
    labels: {method: {}, route: {from: route}, code: {from: status_class}}
    truth: {kind: requests, EXCEPT}
alerts:
  - {name: Errors, comparator: ">", threshold: 0.05, window: 5m, for: 1m, severity: page, metrics: [r_total]}
"""
DRILL = """
drill: 1
name: Errors
alert: Errors
scenario: traffic.yaml
rate: 100.0
fault: {kind: errors, routes: [ROUTES]}
below: 0.04
above: ABOVE
"""
ALL = 'sum(rate(r_total{code="5xx"}[5m])) / sum(rate(r_total[5m])) > 0.05'
ONE = '"GET /items/{id}"'
PATHS = ("/items/1", "/", "/items", "/stats")


def asked(
    folder: Path,
    expression: str = ALL,
    routes: str = ONE,
    above: str = "0.06",
    but_not: str = "scrapes: false",
) -> None:
    texts = {
        "contract.yaml": CONTRACT.replace("EXCEPT", but_not),
        "drill.yaml": DRILL.replace("ROUTES", routes).replace("ABOVE", above),
        "rules.yml": f"groups: [{{name: g, rules: [{{alert: Errors, expr: '{expression}', for: 1m}}]}}]\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    steps: list[dict[str, object]] = [{"request": f"GET {path}"} for path in PATHS]
    steps[0]["endpoint"] = "/items/{id}"
    scenario = Scenario.model_validate({"scenario": 1, "name": "t", "mix": [{"name": "m", "steps": steps}]})
    rules = read([load(folder / "rules.yml", "a rule file")])
    loaded = Loaded(plan=drills.load(folder / "drill.yaml"), path=folder / "drill.yaml")
    refuse_diluted(loaded, scenario, contracts.load(folder / "contract.yaml"), rules)


def test_a_dose_on_one_route_of_four_does_not_reach_an_alert_over_all(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        asked(tmp_path)
    assert caught.value.what == (
        "6.0% of GET /items/{id} is 1.5% of all requests that Errors counts, and its threshold is 5.0%: "
        "it would rightly stay silent"
    )
    assert "GET /, GET /items, GET /stats" in caught.value.todo
    assert caught.value.where.endswith("drill.yaml:7")


@pytest.mark.parametrize(
    "given",
    [
        {"routes": f'{ONE}, "GET /", "GET /items", "GET /stats"'},
        {"above": "0.3"},
        {"expression": ALL.replace("r_total[", 'r_total{route="/items/{id}"}[')},
        {
            "expression": 'sum by (route) (rate(r_total{code="5xx"}[5m])) / sum by (route) (rate(r_total[5m])) > 0.05'
        },
        {"expression": 'rate(r_total{code="5xx"}[5m]) / rate(r_total[5m]) > 0.05'},
        {"expression": "sum(r:errors) > 0.05"},
        {"but_not": 'except: {route: "/|/items|/stats"}'},
        {"routes": '"GET /elsewhere"'},
    ],
    ids=[
        "all routes",
        "enough of all",
        "a matcher of the route",
        "a line for each route",
        "no sum",
        "recorded",
        "the others are not counted",
        "no request of the traffic",
    ],
)
def test_a_dose_that_may_reach_its_alert_is_played(given: dict[str, str], tmp_path: Path) -> None:
    asked(tmp_path, **given)
