"""What a stranger's first contract may lack, what is said of its mistakes, and the page that explains its keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from promproof.config.rules import Rule
from promproof.contract.model import Contract, load
from promproof.drills.aging import awaited, unsettled
from promproof.errors import InputError
from promproof.places import REPOSITORY

pytestmark = pytest.mark.unit
PAGE = (REPOSITORY / "docs" / "contract.md").read_text(encoding="utf-8")
SHORT, *OTHERS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
ELSEWHERE = {"DashboardClaim", "PanelClaim"}
"""Models that another page explains."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    written = tmp_path / "contract.yaml"
    written.write_text(SHORT, encoding="utf-8")
    return written


def test_the_short_contract_of_the_page_loads(path: Path) -> None:
    contract = load(path)
    assert contract.traffic.reconcile is None
    assert contract.metric("hits_total").labels["path"].allows("/any")


def models(kind: Any, found: dict[str, type[BaseModel]]) -> dict[str, type[BaseModel]]:
    """The models within a type, by name."""
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind.__name__ not in found:
        found[kind.__name__] = kind
        for field in kind.model_fields.values():
            models(field.annotation, found)
    for part in get_args(kind):
        models(part, found)
    return found


def test_every_key_has_its_place_on_the_page() -> None:
    found = models(Contract, {})
    assert len(found) > 15
    keys = {
        f"{name}.{field.alias or key}"
        for name, model in found.items()
        if name not in ELSEWHERE
        for key, field in model.model_fields.items()
    }
    assert {key for key in keys if f"`{key.rpartition('.')[2]}`" not in PAGE and "kind" not in key} == set()
    assert "Alert.for" in keys


@pytest.mark.parametrize(
    ("name", "permitted"),
    [
        ("hits_total", True),
        ("hits_created", True),
        ("python_info", True),
        ("hitz_created", False),
        ("hits", False),
    ],
)
def test_what_a_library_adds_to_a_promised_metric_may_be_exposed(
    name: str, permitted: bool, path: Path
) -> None:
    assert load(path).permits(name) == permitted


def test_a_mistake_in_a_metric_is_not_told_as_a_lack_of_metrics_too(path: Path) -> None:
    path.write_text(SHORT.replace("    type: counter\n", ""), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(path)
    assert caught.value.what == "metrics.0.type: missing"


def test_a_contract_without_metrics_loads(path: Path) -> None:
    path.write_text("contract: 1\nservice: x\n", encoding="utf-8")
    assert load(path).metrics == ()


def test_a_contract_that_is_not_there_is_reported_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path / "contract.yaml")
    assert "--contract FILE" in caught.value.todo


@pytest.mark.parametrize(
    ("keys", "windows"),
    [
        ("metrics: [jobs_total]", [300.0]),
        ("metrics: [jobs_total, node_load1]", [300.0]),
        ("metrics: [node_load1]", []),
        ("severity: page", [300.0]),
        ("short_window: 1m", [60.0]),
    ],
    ids=["of the service", "of both", "of the machine", "not told", "two windows"],
)
def test_only_alerts_about_the_service_ask_for_a_window_of_traffic(
    path: Path, keys: str, windows: list[float]
) -> None:
    path.write_text(
        "contract: 1\nservice: shop\n"
        "metrics: [{name: jobs_total, type: counter, labels: {}, help: Jobs}]\n"
        f"alerts: [{{name: Late, comparator: '>', threshold: 1, unit: state, window: 5m, {keys}}}]\n"
    )
    assert awaited(load(path), (), may=()) == windows
    assert awaited(load(path), (), may=("Late",)) == []


def test_no_run_waits_for_a_window_of_hours(path: Path) -> None:
    path.write_text(
        "contract: 1\nservice: shop\nalerts: [{name: Burns, window: 3d, short_window: 6h}, {name: Late, window: 1h}]\n"
    )
    assert awaited(load(path), (), may=()) == [3600.0]
    assert unsettled(load(path), ()) == {"Burns"}


@pytest.mark.parametrize(
    "windows", ["window: 5m, short_window: 5m", "window: 0s, short_window: 1m", "short_window: 1m"]
)
def test_a_short_window_stands_beside_a_longer_one(path: Path, windows: str) -> None:
    path.write_text(f"contract: 1\nservice: shop\nalerts: [{{name: Burns, {windows}}}]\n")
    with pytest.raises(InputError, match="short_window"):
        load(path)


@pytest.mark.parametrize(
    ("keys", "dosed"),
    [("", False), ("always: true", False), ("comparator: '>', threshold: 1", True), ("unit: state", True)],
    ids=["nothing", "a watchdog", "a threshold", "a state"],
)
def test_an_alert_without_an_edge_is_not_dosed(path: Path, keys: str, dosed: bool) -> None:
    path.write_text(f"contract: 1\nservice: shop\nalerts: [{{name: Late{', ' if keys else ''}{keys}}}]\n")
    assert load(path).alert("Late").is_dosed is dosed


def test_a_window_that_is_not_promised_is_seen_in_the_rule(tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(
        "contract: 1\nservice: s\nalerts: [{name: Errors}, {name: Burns}, {name: Down, unit: state}, {name: Odd}]\n",
        encoding="utf-8",
    )
    rules = [
        Rule("Errors", "rate(errors_total[10m]) > 0", 60.0),
        Rule("Burns", "rate(errors_total[6h]) > 0.1 and rate(errors_total[2h]) > 0.1", 60.0),
        Rule("Down", "max_over_time(up[5m]) == 0", 60.0),
        Rule("Odd", "rate(", 60.0),
    ]
    assert awaited(load(path), rules, may=()) == [600.0]
    assert unsettled(load(path), rules) == {"Burns"}
