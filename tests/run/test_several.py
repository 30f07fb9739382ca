"""Which drills a service of several instances may have: those of alerts that one instance decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from promproof.drills.drill import load_folder
from promproof.errors import InputError
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.run.several import refuse
from tests.services.test_replica_drills import RULES, folder

pytestmark = pytest.mark.unit
URLS = ["http://127.0.0.1:9001", "http://127.0.0.1:9002"]


def refused(where: Path, expression: str, instances: Any = 2, **given: Any) -> str:
    """Why the drill of an alert with this rule is refused; empty when it is not."""
    out = folder(where, [RULES[0], {**RULES[1], "expr": expression}])
    contract = yaml.safe_load((out / "contract.yaml").read_text(encoding="utf-8"))
    contract["target"]["instances"] = instances
    (out / "contract.yaml").write_text(yaml.safe_dump(contract), encoding="utf-8")
    options = Options.of(contract=out / "contract.yaml", monitoring=out, drill=False, **given)
    prepared = prepare(options)
    try:
        for drill in load_folder(out / "drills"):
            refuse(prepared, drill)
    except InputError as error:
        return str(error)
    return ""


def test_an_alert_of_each_instance_and_one_over_the_sum_of_rates_are_drilled(tmp_path: Path) -> None:
    each = RULES[1]["expr"]
    for number, expression in enumerate((each, each.replace("sum by (instance)", "sum"))):
        assert refused(tmp_path / str(number), expression, app="shop {port}") == ""


def test_an_alert_over_the_mean_of_all_is_refused_with_the_reason(tmp_path: Path) -> None:
    said = refused(tmp_path, RULES[1]["expr"].replace("sum by (instance)", "avg"), app="shop {port}")
    assert "a fault at one of 2 instances says nothing of NotFound: it takes the avg of the instances" in said


def test_one_instance_may_have_any_rule(tmp_path: Path) -> None:
    assert refused(tmp_path, RULES[1]["expr"].replace("sum by (instance)", "avg"), 1, app="shop {port}") == ""


def test_of_instances_that_run_one_has_the_fault_and_a_balancer_is_refused(tmp_path: Path) -> None:
    each = RULES[1]["expr"]
    assert refused(tmp_path / "first", each, URLS) == ""
    assert refused(tmp_path / "alone", each, URLS, target=URLS[1]) == ""
