"""Writes a proof as a test file for promtool: below, at and above, `for`, labels and annotations, resolved.

What an alert's labels and annotations say is asked of promtool itself: the file is run once without them. A file that
does not pass then is not written.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from promproof.config.durations import parse_duration
from promproof.config.yamlfile import dump
from promproof.proofs.asking import duration, steady
from promproof.proofs.prove import KNOWN, PROVEN, Outcome, needed
from promproof.stack.children import run_to_end

SECONDS = 60
_ALERT = re.compile(r"^\s+Labels:(?P<labels>\{.*\})\n\s+Annotations:(?P<annotations>\{.*\}),?$", re.MULTILINE)
_FILE = re.compile(r"^Unit Testing:\s+\S*?(\d+)\.json$", re.MULTILINE)
_CASE = re.compile(r"^    alertname: .*, time: (\S+), *$", re.MULTILINE)
_PAIR = re.compile(r'([a-zA-Z_]\w*)=("(?:\\.|[^"\\])*")')


@dataclass(frozen=True)
class Written:
    """What was written, and the alerts for which nothing was, with the reason."""

    files: tuple[Path, ...]
    left: tuple[str, ...]


def write(
    outcomes: Sequence[Outcome], recordings: Sequence[Mapping[str, Any]], promtool: Path, folder: Path
) -> Written:
    """A test file with its rules beside it, for each proven alert."""
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    left: list[str] = []
    for outcome in outcomes:
        if outcome.verdict != PROVEN or outcome.staged is None:
            continue
        name = _name(outcome.alert.name, {file.name for file in files})
        rules = _rules(outcome, recordings)
        document = _document(outcome, f"{name}.rules.yml")
        filled = _filled(document, rules, outcome, promtool)
        if filled is None:
            left.append(f"{outcome.alert.name}: no test of it passes as a file")
            continue
        (folder / f"{name}.rules.yml").write_text(dump(rules), encoding="utf-8")
        file = folder / f"{name}.test.yml"
        file.write_text(_heading(outcome) + dump(filled), encoding="utf-8")
        files.append(file)
    return Written(tuple(files), tuple(left))


def _name(alert: str, taken: set[str]) -> str:
    name = re.sub(r"\W+", "-", alert).strip("-") or "alert"
    number = 1
    while f"{name if number == 1 else f'{name}-{number}'}.test.yml" in taken:
        number += 1
    return name if number == 1 else f"{name}-{number}"


def _heading(outcome: Outcome) -> str:
    dropped = sorted(set(outcome.alert.data) - set(KNOWN))
    lines = [f"{outcome.alert.name}: flips at {outcome.flips}"]
    lines += [f"without {', '.join(dropped)}, which promtool 2.42 does not know"] if dropped else []
    return "".join(f"# {line}\n" for line in lines)


def _rules(outcome: Outcome, recordings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    assert outcome.plan is not None
    rules = needed(outcome.plan.problem.root, recordings)
    rules.append({key: value for key, value in outcome.alert.data.items() if key in KNOWN})
    return {"groups": [{"name": outcome.alert.group or "group", "rules": rules}]}


def _document(outcome: Outcome, rules: str) -> dict[str, Any]:
    plan, staged, alert = outcome.plan, outcome.staged, outcome.alert
    assert plan is not None
    assert staged is not None
    assert outcome.course is not None
    question, times = staged
    step = plan.problem.step
    end = math.ceil((plan.problem.moment + alert.hold) / times.every + 2) * times.every
    tests = []
    for found in plan.boundaries:
        for point in found.points:
            case = _case(alert.name, end)
            if point.fires:
                case["exp_alerts"] = [{}]
            tests.append(
                {
                    "interval": duration(step),
                    "input_series": steady(plan.problem.families, point.knobs, step, end),
                    "alert_rule_test": [case],
                }
            )
    firing = times.cause + outcome.course.latency
    moments = dict.fromkeys([times.cause - times.every, firing - times.every, firing, times.end])
    cases = [_case(alert.name, moment) for moment in moments if moment >= 0]
    for case in cases:
        if case["eval_time"] == duration(firing):
            case["exp_alerts"] = [{}]
    tests.append(
        {"interval": duration(step), "input_series": list(question.series), "alert_rule_test": cases}
    )
    return {"rule_files": [rules], "evaluation_interval": duration(times.every), "tests": tests}


def _case(name: str, moment: float) -> dict[str, Any]:
    return {"eval_time": duration(moment), "alertname": name, "exp_alerts": []}


def _filled(
    document: dict[str, Any], rules: dict[str, Any], outcome: Outcome, promtool: Path
) -> dict[str, Any] | None:
    """The document with what promtool answers; None when sides are not as expected, or it does not pass then."""
    with TemporaryDirectory(prefix="generated-") as name:
        folder = Path(name)
        (folder / document["rule_files"][0]).write_text(json.dumps(rules), encoding="utf-8")
        cases = [
            [(case, bool(case["exp_alerts"])) for case in test["alert_rule_test"]]
            for test in document["tests"]
        ]
        for case, _ in (pair for pairs in cases for pair in pairs):
            case["exp_alerts"] = []
        answers = _answers(folder, promtool, [{**document, "tests": [test]} for test in document["tests"]])
        for pairs, answer in zip(cases, answers, strict=True):
            for case, wanted in pairs:
                case["exp_alerts"] = answer.get(parse_duration(case["eval_time"]), [])
                if bool(case["exp_alerts"]) != wanted:
                    return None
        return document if _run(folder, promtool, [document])[0] == 0 else None


def _run(folder: Path, promtool: Path, documents: Sequence[Mapping[str, Any]]) -> tuple[int, str]:
    files = [folder / f"{number}.json" for number in range(len(documents))]
    for file, document in zip(files, documents, strict=True):
        file.write_text(json.dumps(document), encoding="utf-8")
    memory = Path("/dev/shm")
    env = {"TMPDIR": str(memory)} if memory.is_dir() and os.access(memory, os.W_OK) else {}
    log = folder / "log"
    log.unlink(missing_ok=True)
    try:
        done = run_to_end(
            [str(promtool), "test", "rules", *map(str, files)], log=log, seconds=SECONDS, env=env
        )
    except TimeoutError:
        return 1, ""
    return done.exit_status, done.output


def _answers(
    folder: Path, promtool: Path, documents: Sequence[Mapping[str, Any]]
) -> list[dict[float, list[dict[str, Any]]]]:
    """For each document the alerts that fire, by the time of the case, although none are expected."""
    parts = _FILE.split(_run(folder, promtool, documents)[1])
    found: list[dict[float, list[dict[str, Any]]]] = [{} for _ in documents]
    for number, output in zip(parts[1::2], parts[2::2], strict=True):
        cases = _CASE.split(output)
        for moment, got in zip(cases[1::2], cases[2::2], strict=True):
            found[int(number)][_seconds(moment)] = [_alert(match) for match in _ALERT.finditer(got)]
    return found


def _alert(match: re.Match[str]) -> dict[str, Any]:
    labels, annotations = _pairs(match["labels"]), _pairs(match["annotations"])
    labels.pop("alertname", None)
    return {"exp_labels": labels, **({"exp_annotations": annotations} if annotations else {})}


def _seconds(duration: str) -> float:
    """What Go prints: 690h0m0s, 1.5s, 20ms; and Prometheus: 1d2h."""
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
    return round(sum(float(n) * units[unit] for n, unit in re.findall(r"([\d.]+)(ms|[smhdwy])", duration)), 3)


def _pairs(text: str) -> dict[str, str]:
    return {name: _unquoted(quoted) for name, quoted in _PAIR.findall(text)}


def _unquoted(quoted: str) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:
        return quoted[1:-1].encode("latin-1", "backslashreplace").decode("unicode_escape")
