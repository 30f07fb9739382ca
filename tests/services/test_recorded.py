"""Every usual library's default output, as it was recorded, is exact under its contract; and a wrong one is found."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from promproof.checks import alert_documented, metric_durations, metric_exact, metric_form
from promproof.checks.base import Check, Claim, judge
from promproof.config.rules import Rule
from promproof.contract.model import Alert, Contract, Metric, load
from promproof.draft.folder import alert
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History, Record
from promproof.evidence.records import RuleFiles
from promproof.verdict import Outcome, Verdict
from tests.records import record
from tests.services.environment import HERE, NAMES

pytestmark = pytest.mark.unit
CHECKS = (metric_form.CHECK, metric_exact.CHECK, metric_durations.BUCKETS, metric_durations.SUM)


@cache
def recording(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / name / "recorded.txt").read_text(encoding="utf-8"))
    return found


@cache
def contract_of(name: str) -> Contract:
    return load(HERE / name / "contract.yaml")


def verdicts(name: str, text: str) -> dict[str, Verdict]:
    """By claim id, as if the app had exposed this text."""
    contract, told = contract_of(name), recording(name)
    labels = {"job": "shop", "instance": "i"}
    stored = [
        ("stored", {"selector": name, "series": [{"name": name, "labels": labels}]}) for name in SCRAPES
    ]
    reading = {"label": "rest", "begin": told["begin"], "end": told["end"], "text": text, "status": 200}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 1.0, "managed": True, "instance": "i"}),
        ("clock_offset", {"low": -0.001, "high": 0.001}),
        ("exposition", reading),
        *stored,
        ("ledger", {"view": told["ledger"]}),
    ]
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, 8.0, kind, data) for number, (kind, data) in enumerate(rows))
    evidence = Evidence(contract, history)
    return {claim.id: judge(check, claim, evidence) for check in CHECKS for claim in claims(check, contract)}


SCRAPES = ("up", "scrape_duration_seconds")


def claims(check: Check, contract: Contract) -> list[Claim]:
    return list(check.claims(contract))


def failed(name: str, text: str) -> list[str]:
    return [claim for claim, verdict in verdicts(name, text).items() if verdict.outcome is not Outcome.PASS]


@pytest.mark.parametrize("name", NAMES)
def test_the_default_metrics_of_a_library_are_exact(name: str) -> None:
    found = verdicts(name, recording(name)["text"])
    wrong = {claim: verdict.reason for claim, verdict in found.items() if verdict.outcome is not Outcome.PASS}
    assert wrong == {}
    assert sum(claim.endswith("/exact") for claim in found) >= 2 or name == "express"


def counted(name: str, *kinds: str) -> list[Metric]:
    """The metrics of these kinds that count something here: nobody but the recorder asked for the metrics."""
    found = [metric for metric in contract_of(name).metrics if metric.truth.kind in (kinds or KINDS)]
    return [metric for metric in found if metric.name != "promhttp_metric_handler_requests_total"]


KINDS = ("requests", "durations")
LABELS = r'(?:\{(?:"[^"]*"|[^"{}])*\})?'


def scaled(text: str, sample: str, factor: float) -> str:
    """The exposition with all values of a sample so many times as large."""
    pattern = re.compile(rf"^({sample}{LABELS}) (\S+)", re.MULTILINE)
    return pattern.sub(lambda found: f"{found[1]} {factor * float(found[2])}", text)


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_that_was_renamed_fails(name: str) -> None:
    text = recording(name)["text"]
    for metric in counted(name):
        plain = metric.name.removesuffix("_total")
        renamed = re.sub(rf"\b{plain}(?=[\s{{_])", f"{plain}_new", text)
        assert {f"metric/{metric.name}/form", f"metric/{metric.name}/exact"} <= set(failed(name, renamed)), (
            metric
        )


@pytest.mark.parametrize("name", NAMES)
def test_a_counter_that_counts_twice_fails(name: str) -> None:
    text = recording(name)["text"]
    for metric in counted(name):
        assert f"metric/{metric.name}/exact" in failed(name, scaled(text, metric.sample, 2)), metric.name


@pytest.mark.parametrize("name", NAMES)
def test_a_method_that_stands_in_the_wrong_label_fails(name: str) -> None:
    text = recording(name)["text"]
    other = {"GET": "POST", "POST": "GET", "get": "post", "post": "get"}
    for metric in counted(name):
        labels = [label for label, about in metric.labels.items() if about.source == "method"]
        if labels:
            swapped = re.sub(
                rf'\b{labels[0]}="(\w+)"', lambda found: found[0].replace(found[1], other[found[1]]), text
            )
            assert f"metric/{metric.name}/exact" in failed(name, swapped), metric.name


@pytest.mark.parametrize("name", NAMES)
def test_a_status_that_stands_for_another_one_fails(name: str) -> None:
    text = recording(name)["text"]
    for metric in counted(name):
        labels = [
            label for label, about in metric.labels.items() if about.source in ("status", "status_class")
        ]
        if labels:
            swapped = re.sub(
                rf'\b({labels[0]}=")([24])', lambda at: at[1] + {"2": "4", "4": "2"}[at[2]], text
            )
            assert f"metric/{metric.name}/exact" in failed(name, swapped), metric.name


@pytest.mark.parametrize("name", NAMES)
def test_durations_a_thousand_times_as_long_fail(name: str) -> None:
    text = recording(name)["text"]
    for metric in counted(name, "durations"):
        assert f"metric/{metric.name}/sum" in failed(name, scaled(text, f"{metric.name}_sum", 1000)), (
            metric.name
        )


def documented(name: str, deployed: str, promised: str = "> 0.5") -> Verdict:
    """What is said of a rule about a library's own metric, promised as `init` drafts it, with another comparison."""
    sample = counted(name)[0].sample
    expression = f"sum(rate({sample}[5m])) {{}}"
    rule = Rule("Busy", expression.format(promised), 300.0, {"severity": "page"}, where="rules.yml:5")
    contract = contract_of(name).model_copy(update={"alerts": (Alert.model_validate(alert(rule, None, {})),)})
    history = History("by hand", 0.0, 1_700_000_000.0)
    now = replace(rule, expression=expression.format(deployed))
    history.records.append(Record(0, 0.0, RuleFiles(("rules.yml",), (now,))))
    history.records.append(record(1, 0.0, "routes", {}))
    [claim] = alert_documented.CHECK.claims(contract)
    return judge(alert_documented.CHECK, claim, Evidence(contract, history))


@pytest.mark.parametrize("name", NAMES)
def test_a_threshold_that_was_moved_in_the_rule_alone_fails(name: str) -> None:
    assert documented(name, "> 0.5").outcome is Outcome.PASS
    moved = documented(name, "> 0.6")
    assert (moved.outcome, moved.reason) == (
        Outcome.FAIL,
        "rules.yml:5: threshold is > 0.6, documented > 0.5",
    )
