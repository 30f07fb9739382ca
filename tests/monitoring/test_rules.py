"""The alerting rules, judged by promtool on typed series: each entry of rules/*.yml is a test of its own.

promtool accepts a test for an alert that does not exist, so the entries themselves are checked too, and every
entry that guards a number or a clause is seen red under the smallest change of the rule.
"""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.stack

HERE = Path(__file__).parent
RULES = HERE.parents[1] / "monitoring" / "prometheus" / "rules"


@dataclass(frozen=True)
class Case:
    """One entry of a promtool test file, with the rule file that it judges, evaluated `every` so often."""

    entry: Mapping[str, Any]
    rules: Path
    every: str

    @property
    def name(self) -> str:
        return str(self.entry["name"])


def _cases() -> list[Case]:
    cases = []
    for path in sorted((HERE / "rules").glob("*.yml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        (rules,) = document["rule_files"]
        every = document["evaluation_interval"]
        cases += [Case(entry, (path.parent / rules).resolve(), every) for entry in document["tests"]]
    return cases


CASES = {case.name: case for case in _cases()}


def _run(promtool: Path, case: Case, rules: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    document = {"rule_files": [str(rules)], "evaluation_interval": case.every, "tests": [dict(case.entry)]}
    path = folder / "case.yml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return subprocess.run(
        [promtool, "test", "rules", path], capture_output=True, text=True, timeout=60, check=False
    )


def _alerts() -> dict[str, tuple[Path, Mapping[str, Any]]]:
    """File and rule of every shipped alert by its name."""
    found: dict[str, tuple[Path, Mapping[str, Any]]] = {}
    for path in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            found |= {rule["alert"]: (path, rule) for rule in group["rules"] if "alert" in rule}
    return found


def _recorded(path: Path) -> list[Mapping[str, Any]]:
    """The recording rules of a file, which its alerts read."""
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"] if "record" in rule]


@pytest.mark.parametrize("name", CASES)
def test_the_rule_does_what_the_entry_says(name: str, promtool: Path, tmp_path: Path) -> None:
    outcome = _run(promtool, CASES[name], CASES[name].rules, tmp_path)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_every_alert_has_a_silent_a_firing_and_a_resolved_entry() -> None:
    seen: dict[str, set[str]] = {name: set() for name in _alerts()}
    for case in CASES.values():
        fired: set[str] = set()
        for want in case.entry["alert_rule_test"]:
            name = want["alertname"]
            assert name in seen, f"{case.name!r} tests {name}, which no rule file has: promtool would pass it"
            seen[name].add("firing" if want["exp_alerts"] else "resolved" if name in fired else "silent")
            if want["exp_alerts"]:
                fired.add(name)
    assert seen == {
        name: {"firing"} if name == "Watchdog" else {"silent", "firing", "resolved"} for name in seen
    }


def test_no_two_entries_share_a_name() -> None:
    assert len(CASES) == len(_cases())


@dataclass(frozen=True)
class Change:
    """A change of one rule: `old` becomes `new` in its `field`, and the entry `red` must notice."""

    alert: str
    field: str
    old: str
    new: str
    red: str

    def __str__(self) -> str:
        return f"{self.alert}: {self.old!r} -> {self.new!r}"


CHANGES = [Change(**entry) for entry in yaml.safe_load((HERE / "changes.yml").read_text(encoding="utf-8"))]


def _replaced(value: Any, change: Change) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(item, change) for key, item in value.items()}
    return value.replace(change.old, change.new)


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_changed_rule_turns_its_entry_red(change: Change, promtool: Path, tmp_path: Path) -> None:
    path, shipped = _alerts()[change.alert]
    rule = {**shipped, change.field: _replaced(shipped[change.field], change)}
    assert rule != shipped, "the change does not apply: the rule was rewritten"
    changed = tmp_path / "changed.yml"
    groups = [{"name": path.stem, "rules": [*_recorded(path), rule]}]
    changed.write_text(yaml.safe_dump({"groups": groups}), encoding="utf-8")

    outcome = _run(promtool, CASES[change.red], changed, tmp_path)

    said = outcome.stdout + outcome.stderr
    assert outcome.returncode != 0, f"{change.red!r} is still green"
    assert "FAILED" in said, said
    assert change.alert in said, said
