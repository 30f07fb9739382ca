"""How proving and judging alerts grows: `python -m benchmarks.rules 50` proves 50, then 100 rules with promtool.

Half of the rules are rates, half levels, each of a metric of its own. Asked is what a run asks: where each flips, its
further worlds (`boundary`), and where amtool routes it; judged are `documented` and `boundary`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml

from benchmarks.growing import compare, peak, timed
from promproof.checks import alert_boundary, alert_documented
from promproof.checks.base import Check, judge
from promproof.config.rules import read
from promproof.config.yamlfile import load
from promproof.contract.model import Contract
from promproof.evidence import records
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History, Record
from promproof.evidence.records.base import Kind
from promproof.proofs.boundary import probe
from promproof.proofs.boundary_worlds import ask_worlds
from promproof.stack.binaries import find_binaries
from promproof.verdict import Outcome

SCRAPE, GROUP = 15.0, 20
RECEIVER = "operator"


def alert(number: int) -> dict[str, Any]:
    """What a contract says of one alert."""
    metric, threshold, rising = f"app_{number}_total", 1.0 + number % 7, number % 2 == 0
    moves = {"rate": "q"} if rising else {"value": "q"}
    return {
        "name": f"Alert{number}",
        "comparator": ">",
        "threshold": threshold,
        **({"window": "5m"} if rising else {}),
        "for": "2m",
        "severity": "warning",
        "receivers": [RECEIVER],
        "metrics": [metric],
        "boundary": {"threshold": threshold, "series": [{"series": f'{metric}{{job="app"}}', **moves}]},
    }


def rule(promised: dict[str, Any]) -> dict[str, Any]:
    """The rule that does what is promised."""
    metric = f'{promised["metrics"][0]}{{job="app"}}'
    quantity = f"rate({metric}[{promised['window']}])" if "window" in promised else metric
    return {
        "alert": promised["name"],
        "expr": f"{quantity} > {promised['threshold']:g}",
        "for": promised["for"],
        "labels": {"severity": promised["severity"]},
    }


def judged(check: Check, evidence: Evidence) -> int:
    """How many claims a check passed.

    Raises:
        AssertionError: one is not a pass, so that something else was measured.
    """
    count = 0
    for claim in check.claims(evidence.contract):
        verdict = judge(check, claim, evidence)
        assert verdict.outcome is Outcome.PASS, f"{verdict.claim}: {verdict.reason:.300}"
        count += 1
    return count


def measured(size: int) -> dict[str, float]:
    """In this process: CPU seconds by what is asked and judged, programs included, and the peak of memory in MB."""
    promised = [alert(number) for number in range(size)]
    contract = Contract.model_validate(
        {"contract": 1, "service": "app", "target": {"job": "app"}, "metrics": [], "alerts": promised}
    )
    groups = [
        {"name": f"group{first}", "rules": [rule(each) for each in promised[first : first + GROUP]]}
        for first in range(0, size, GROUP)
    ]
    promtool = find_binaries().promtool.path
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rules.yml"
        file.write_text(yaml.safe_dump({"groups": groups}), encoding="utf-8")
        rules, reading = timed(lambda: read([load(file, "a rule file")]))
        probed, probing = timed(lambda: probe(promtool, [file], contract.alerts, SCRAPE))
        worlds, asking = timed(lambda: ask_worlds(promtool, [file], contract.alerts, SCRAPE))
    points = tuple((point.alert, point.q, point.fired) for point in probed.points)
    told: tuple[Kind, ...] = (
        records.RuleFiles(("rules.yml",), tuple(rules)),
        records.Routes({each["name"]: (RECEIVER,) for each in promised}),
        records.Boundary(points, worlds=tuple(worlds), refused=probed.refused),
    )
    history = History("by hand", 0.0, 0.0, [Record(n, 0.0, data) for n, data in enumerate(told)])
    evidence = Evidence(contract, history)
    _, documented = timed(lambda: judged(alert_documented.CHECK, evidence))
    _, boundary = timed(lambda: judged(alert_boundary.CHECK, evidence))
    return {
        "reading rules": reading,
        "asking where they flip": probing,
        "asking further worlds": asking,
        "judging documented": documented,
        "judging boundary": boundary,
        "MB": peak(),
    }


if __name__ == "__main__":
    compare("benchmarks.rules", __doc__, measured)
