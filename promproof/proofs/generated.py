"""Writes a proof as a test file for promtool: below, at and above, `for`, labels and annotations, resolved.

What an alert's labels and annotations say is asked of promtool itself: the file is run once without them. A file that
does not pass then is not written. Beside the points of the proof stand worlds that show small changes of the rules.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from promproof.config.durations import parse_duration
from promproof.config.yamlfile import dump
from promproof.proofs.asking import Judge, duration, steady
from promproof.proofs.copies import copy_of, first_line
from promproof.proofs.following import closely
from promproof.proofs.killers import Scene, answer, scenes
from promproof.proofs.outcome import PROVEN, Outcome, Staged
from promproof.proofs.plan import Plan
from promproof.proofs.questions import Course
from promproof.proofs.recordings import KNOWN, Recordings
from promproof.proofs.runs import has_passed, told
from promproof.proofs.search import Knobs
from promproof.proofs.shifted import postponed, shifted, shifts
from promproof.proofs.stepped import stepped
from promproof.proofs.timeline import Timeline
from promproof.proofs.world import LEVEL

TOGETHER = 40
_ALERT = re.compile(r"^\s+Labels:(?P<labels>\{.*\})\n\s+Annotations:(?P<annotations>\{.*\}),?$", re.MULTILINE)
_CASE = re.compile(r"^    alertname: .*, time: (\S+), *$", re.MULTILINE)
_PAIR = re.compile(r'([a-zA-Z_]\w*)=("(?:\\.|[^"\\])*")')


_REFUSED = re.compile(r'^\S*: group ".*?", rule \d+, ".*?": (?P<why>.+)$', re.MULTILINE)
UNPASSED = "no test of it passes as a file"


@dataclass
class _Answer:
    """What promtool says of one test: the alerts that fire, by the time of the case; or why it refuses the rule."""

    alerts: dict[float, list[dict[str, Any]]] = field(default_factory=dict)
    refused: str = ""


@dataclass(frozen=True)
class Written:
    """What was written, of which outcomes, and the alerts for which nothing was, with the reason."""

    files: tuple[Path, ...]
    outcomes: tuple[Outcome, ...]
    left: tuple[str, ...]


@dataclass
class _Draft:
    """A file to be: optional: the numbers of those tests that may be dropped; loose: the times of such cases."""

    outcome: Outcome
    name: str
    rules: dict[str, Any]
    document: dict[str, Any]
    optional: frozenset[int]
    loose: frozenset[str] = frozenset()


def write(
    outcomes: Sequence[Outcome], recordings: Sequence[Mapping[str, Any]], promtool: Path, folder: Path
) -> Written:
    """A test file with its rules beside it, for each proven alert."""
    folder.mkdir(parents=True, exist_ok=True)
    known = Recordings(recordings)
    proven = [outcome for outcome in outcomes if outcome.verdict == PROVEN]
    turning = [outcome for outcome in proven if outcome.staged is not None]
    courses = iter(closely(turning, known, Judge(promtool)))
    taken: set[str] = set()
    drafts: list[_Draft] = []
    left: list[str] = []
    for outcome in proven:
        name = _name(outcome.alert.name, taken)
        if outcome.staged is not None:
            drafts.append(_draft(outcome, next(courses), name, known))
        elif (plan := outcome.plan) is not None and (moments := _moments(plan, outcome.alert.hold)):
            drafts.append(_standing(outcome, plan, moments, name, known))
        else:
            left.append(f"{outcome.alert.name}: its way from a cause to healing was not followed")
            continue
        taken.add(f"{name}.test.yml")
    files: list[Path] = []
    made: list[Outcome] = []
    for start in range(0, len(drafts), TOGETHER):
        batch = drafts[start : start + TOGETHER]
        for draft, filled in zip(batch, _filled(batch, promtool), strict=True):
            if isinstance(filled, str):
                left.append(f"{draft.outcome.alert.name}: {filled}")
                continue
            file = folder / f"{draft.name}.test.yml"
            copy_of(file).write_text(dump(draft.rules), encoding="utf-8")
            file.write_text(_heading(draft.outcome) + dump(filled), encoding="utf-8")
            files.append(file)
            made.append(draft.outcome)
    return Written(tuple(files), tuple(made), tuple(left))


def _name(alert: str, taken: set[str]) -> str:
    name = re.sub(r"\W+", "-", alert).strip("-") or "alert"
    number = 1
    while f"{name if number == 1 else f'{name}-{number}'}.test.yml" in taken:
        number += 1
    return name if number == 1 else f"{name}-{number}"


def _heading(outcome: Outcome) -> str:
    dropped = sorted(set(outcome.alert.data) - set(KNOWN))
    without = f"# without {', '.join(dropped)}, which promtool 2.42 does not know\n" if dropped else ""
    return first_line(outcome.alert.name, outcome.flips) + without


def _rules(outcome: Outcome, recordings: Recordings) -> dict[str, Any]:
    assert outcome.plan is not None
    rules = recordings.needed(outcome.plan.problem.root)
    rules.append({key: value for key, value in outcome.alert.data.items() if key in KNOWN})
    return {"groups": [{"name": outcome.alert.group or "group", "rules": rules}]}


def _draft(outcome: Outcome, near: Sequence[Staged], name: str, recordings: Recordings) -> _Draft:
    plan, staged, alert = outcome.plan, outcome.staged, outcome.alert
    assert plan is not None
    assert staged is not None
    assert outcome.course is not None
    rules = _rules(outcome, recordings)
    step = plan.problem.step
    end = math.ceil((plan.problem.moment + alert.hold) / staged[1].every + 2) * staged[1].every
    points = [
        Scene(plan.problem.families, point.knobs, point.fires)
        for found in plan.boundaries
        for point in found.points
    ]
    beside = shifted(plan)
    further = [*scenes(plan, rules["groups"][0]["rules"]), *(stepped(plan) if alert.hold else ()), *beside]
    later = [(scene, postponed(scene, plan, end - alert.hold)) for scene in (*points, *further)]
    further += [late for scene, late in later if late is not scene]
    tests = [
        {
            "interval": duration(step),
            "input_series": _steady(scene, plan, end),
            "alert_rule_test": [_case(alert.name, end, fires=scene.fires)],
        }
        for scene in (*points, *further)
    ]
    tests += [
        {
            "interval": duration(step),
            "input_series": list(question.series),
            "alert_rule_test": _cases(alert.name, times, course),
        }
        for question, times, course in ((*staged, outcome.course), *near)
    ]
    document = {
        "rule_files": [copy_of(Path(f"{name}.test.yml")).name],
        "evaluation_interval": duration(staged[1].every),
        "tests": tests,
    }
    optional = {
        # what drifts or fades is on its side for a moment; what stands there is among the further ones
        *(range(len(points)) if beside or plan.problem.age else ()),
        *range(len(points), len(points) + len(further)),
        *range(len(points) + len(further) + 1, len(tests)),
    }
    # of what is compared with its own past the cause shows again later, after a break
    last = _lasting(staged[1], outcome.course)
    loose = [duration(moment) for moment in (last, last + staged[1].every)] if shifts(plan) else []
    return _Draft(outcome, name, rules, document, frozenset(optional), frozenset(loose))


def _moments(plan: Plan, hold: float) -> dict[float, bool]:
    """When an alert that no series turns is asked, and whether it fires then; nothing where that can't be told."""
    if plan.always:
        firing = math.ceil(hold / plan.every) * plan.every
        return {firing - plan.every: False, firing: True} if firing else {0.0: True}
    return {} if hold else dict(plan.moments)


def _standing(
    outcome: Outcome, plan: Plan, moments: Mapping[float, bool], name: str, recordings: Recordings
) -> _Draft:
    """Of an alert that always fires, or that only the clock turns."""
    case = [_case(outcome.alert.name, moment, fires=fires) for moment, fires in sorted(moments.items())]
    tests = [
        {
            "interval": duration(plan.problem.step),
            "input_series": _steady(Scene(plan.problem.families, knobs, fires=True), plan, max(moments)),
            "alert_rule_test": case,
        }
        for knobs in plan.worlds or [{}]
    ]
    document = {
        "rule_files": [copy_of(Path(f"{name}.test.yml")).name],
        "evaluation_interval": duration(plan.every),
        "tests": tests,
    }
    return _Draft(outcome, name, _rules(outcome, recordings), document, frozenset())


def _steady(scene: Scene, plan: Plan, end: float) -> list[dict[str, str]]:
    """Its series. A gauge on a slope is where it fires before `for` begins, and where it does not at the end."""
    at = None if scene.fires else plan.problem.moment
    knobs = scene.knobs if scene.fires else _still_silent(scene, plan, end)
    return steady(scene.families, knobs, plan.problem.step, end, at)


def _still_silent(scene: Scene, plan: Plan, end: float) -> Knobs:
    """The knobs with which it is silent at the end too.

    What goes with the clock has the same age then, and another value: where the value silences, it is taken lower.
    """
    later = replace(plan.problem, moment=end)
    followed = {
        (family.number, LEVEL): family.follows_time for family in scene.families if family.follows_time
    }
    if not followed:
        return scene.knobs
    late = end - plan.problem.moment
    lower = {key: value - late * followed.get(key, 0.0) for key, value in scene.knobs.items()}
    for knobs in (scene.knobs, lower):
        if not answer(later, replace(scene, knobs=knobs), plan.problem.root, plan.problem.recorded):
            return knobs
    return scene.knobs


def _cases(name: str, times: Timeline, seen: Course) -> list[dict[str, Any]]:
    """Before the cause, on both sides of firing and of resolving, and at the end."""
    firing = times.cause + seen.latency
    lasting = _lasting(times, seen)
    moments = {
        times.cause - times.every: False,
        firing - times.every: False,
        firing: True,
        lasting: True,
        lasting + times.every: False,
        times.end: False,
    }
    return [_case(name, moment, fires=fires) for moment, fires in sorted(moments.items()) if moment >= 0]


def _lasting(times: Timeline, seen: Course) -> float:
    """When it fires for the last time, if it does so without a break."""
    return times.healed - times.every + seen.lasting


def _case(name: str, moment: float, *, fires: bool) -> dict[str, Any]:
    return {"eval_time": duration(moment), "alertname": name, "exp_alerts": [{}] if fires else []}


def _filled(drafts: Sequence[_Draft], promtool: Path) -> list[dict[str, Any] | str]:
    """The documents with what promtool answers; the reason where promtool refuses the rule, or no test passes then."""
    with TemporaryDirectory(prefix="generated-") as name:
        folder = Path(name)
        asked = []
        for draft in drafts:
            (folder / draft.document["rule_files"][0]).write_text(json.dumps(draft.rules), encoding="utf-8")
            asked += [{**draft.document, "tests": [_unfilled(test)]} for test in draft.document["tests"]]
        answers = iter(_answers(folder, promtool, asked))
        filled = [_expecting(draft, [next(answers) for _ in draft.document["tests"]]) for draft in drafts]
        ready = [document for document in filled if not isinstance(document, str)]
        passed = iter(_passed(folder, promtool, ready))
        return [document if isinstance(document, str) or next(passed) else UNPASSED for document in filled]


def _unfilled(test: dict[str, Any]) -> dict[str, Any]:
    return {**test, "alert_rule_test": [{**case, "exp_alerts": []} for case in test["alert_rule_test"]]}


def _expecting(draft: _Draft, answers: Sequence[_Answer]) -> dict[str, Any] | str:
    """The document with the alerts that promtool sees, without optional tests that it sees otherwise; or the reason."""
    tests = []
    refused = next((seen.refused for seen in answers if seen.refused), "")
    if refused:
        return f"promtool refuses the rule: {refused}"
    for number, (test, seen) in enumerate(zip(draft.document["tests"], answers, strict=True)):
        cases, agrees = [], True
        for case in test["alert_rule_test"]:
            got = seen.alerts.get(parse_duration(case["eval_time"]), [])
            is_as_said = bool(got) == bool(case["exp_alerts"])
            if not is_as_said and case["eval_time"] in draft.loose and number not in draft.optional:
                continue
            agrees = agrees and is_as_said
            cases.append({**case, "exp_alerts": got})
        if agrees:
            tests.append({**test, "alert_rule_test": cases})
        elif number not in draft.optional:
            return UNPASSED
    return {**draft.document, "tests": tests}


def _passed(folder: Path, promtool: Path, documents: Sequence[Mapping[str, Any]]) -> list[bool]:
    said = _said(folder, promtool, documents)
    return [has_passed(said.get(number, "")) for number in range(len(documents))]


def _said(folder: Path, promtool: Path, documents: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """What promtool says of each."""
    files = [folder / f"{number}.json" for number in range(len(documents))]
    for file, document in zip(files, documents, strict=True):
        file.write_text(json.dumps(document), encoding="utf-8")
    return told(files, folder, promtool)


def _answers(folder: Path, promtool: Path, documents: Sequence[Mapping[str, Any]]) -> list[_Answer]:
    """For each document what fires although no alert is expected."""
    found = [_Answer() for _ in documents]
    for number, output in _said(folder, promtool, documents).items():
        refused = _REFUSED.search(output)
        found[number].refused = refused["why"] if refused is not None else ""
        cases = _CASE.split(output)
        for moment, got in zip(cases[1::2], cases[2::2], strict=True):
            found[number].alerts[_seconds(moment)] = [_alert(match) for match in _ALERT.finditer(got)]
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
