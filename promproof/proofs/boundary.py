"""Where an alert really flips: synthetic series around its threshold, judged by `promtool test rules`.

The rule files are the deployed ones, unscaled. Each alert is first asked on a coarse grid around the documented
threshold; between the last silent and the first firing point the search goes on until the gap is below `RESOLUTION`
of the threshold. All points of a round share one promtool process. promtool (2.42) does not print test names, so the
number of a case stands in its expression as `+ 0 * n`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from promproof.checks.alert_boundary import RESOLUTION, Point, flip
from promproof.checks.boundary_worlds import is_possible
from promproof.config.arithmetic import evaluate
from promproof.contract.boundary import metric_of
from promproof.contract.model import Alert, Boundary, seconds
from promproof.exposition import matcher
from promproof.proofs.asking import Judge
from promproof.proofs.notation import number
from promproof.proofs.outcome import Alert as Rule
from promproof.proofs.pace import times
from promproof.proofs.prove import prove
from promproof.proofs.questions import Question, Reply
from promproof.proofs.recordings import Recordings, stripped
from promproof.proofs.rule_boundary import RuleBoundary, rule_boundary
from promproof.proofs.rulefiles import Rules, read
from promproof.proofs.tree import NotCovered, Selector, parse, walk

STEP = 15.0
"""Seconds between synthetic samples where no scrape interval is known."""
GRID = (
    0.02,
    0.1,
    0.25,
    0.5,
    0.8,
    0.9,
    0.95,
    0.98,
    0.99,
    0.995,
    1.005,
    1.01,
    1.02,
    1.05,
    1.1,
    1.25,
    1.5,
    2.0,
    4.0,
)
ROUNDS = 4
PATIENCE = 60.0
"""Seconds for a question whose rule is known to be answered: what takes longer is this machine's lateness."""
SIGHT = 285.0
"""How long (seconds) a sample is in sight of an expression: a little less than Prometheus' five minutes."""
LONGEST_HOLD = 3600.0
"""How long (seconds) is waited for an alert whose `for` nobody promised."""
Case = tuple[Alert, Boundary, float | None]
"""An alert, how its quantity is moved, and the quantity: None for no series at all."""


@dataclass(frozen=True)
class Probed:
    """The points that were asked, by alert and quantity. refused: by alert what promtool said of others instead."""

    points: list[Point]
    refused: dict[str, str] = field(default_factory=dict)


def probe(
    promtool: Path, rule_files: Sequence[Path], alerts: Sequence[Alert], scrape: float | None = None
) -> Probed:
    """Ask promtool where each alert flips.

    scrape: seconds between samples; None: not known.

    Raises:
        EvidenceError: promtool did not end, or was interrupted.
    """
    points: list[Point] = []
    refused: dict[str, str] = {}
    promised = [(alert, alert.boundary) for alert in alerts if alert.boundary is not None]
    cases: list[Case] = [(*pair, q) for pair in promised for q in _grid(*pair)]
    cases += [(*pair, None) for pair in promised]
    if not rule_files:  # without rules nothing fires
        return Probed(_sorted(Point(alert.name, q, False) for alert, _, q in cases))
    deployed = Deployed(read(list(rule_files)), scrape)
    judge = Judge(promtool, alone=PATIENCE)
    for _ in range(ROUNDS):
        if not cases:
            break
        replies = judge.ask([_question(deployed, *case) for case in cases])
        for (alert, _, q), reply in zip(cases, replies, strict=True):
            words = said_instead(reply)
            if words:
                refused.setdefault(alert.name, words)
            else:
                points.append(Point(alert.name, q, reply.values[0][0] > 0))
        asked = [pair for pair in promised if pair[0].name not in refused]
        by_alert: dict[str, list[Point]] = {}
        for point in points:
            by_alert.setdefault(point.alert, []).append(point)
        cases = [(*pair, q) for pair in asked for q in _refinement(*pair, by_alert.get(pair[0].name, []))]
    return Probed(_sorted(points), refused)


def of_rules(
    promtool: Path, rule_files: Sequence[Path], alerts: Sequence[Alert], scrape: float | None = None
) -> dict[str, RuleBoundary]:
    """What the rules of those alerts do whose contract has no `boundary`; alerts without a rule, or with several, are
    left out.

    Raises:
        EvidenceError: promtool did not answer.
    """
    rules = read(list(rule_files))
    open_ones = [alert for alert in alerts if alert.boundary is None]
    deployed = Deployed(rules, scrape)
    asked = [alert for alert in open_ones if len(deployed.named(alert.name)) == 1]
    outcomes = prove(
        [deployed.named(alert.name)[0] for alert in asked], rules.recordings, Judge(promtool), scrape=scrape
    )
    return {
        alert.name: rule_boundary(outcome, alert.threshold)
        for alert, outcome in zip(asked, outcomes, strict=True)
    }


def _sorted(points: Iterable[Point]) -> list[Point]:
    return sorted(points, key=lambda point: (point.alert, -1.0 if point.q is None else point.q))


def _grid(alert: Alert, boundary: Boundary) -> list[float]:
    if alert.unit == "state":
        return [0.0, 1.0]
    return [q for factor in GRID if is_possible(boundary, q := boundary.threshold * factor)]


def _refinement(alert: Alert, boundary: Boundary, points: list[Point]) -> list[float]:
    """points: those of this alert."""
    if alert.unit == "state":
        return []
    low, high = flip(points)
    if low is None or high is None or high - low <= 2 * RESOLUTION * boundary.threshold * 1.001:
        return []
    return [low + (high - low) * part / 6 for part in range(1, 6)]


@dataclass(frozen=True)
class Deployed:
    """The rules that are asked, and the seconds between samples."""

    rules: Rules
    scrape: float | None

    @cached_property
    def recordings(self) -> Recordings:
        return Recordings(self.rules.recordings)

    @cached_property
    def _memo(self) -> dict[tuple[str, str], Any]:
        """What was worked out of an alert, of which many points are asked."""
        return {}

    @cached_property
    def _by_name(self) -> Mapping[str, list[Rule]]:
        found: dict[str, list[Rule]] = {}
        for rule in self.rules.alerts:
            found.setdefault(rule.name, []).append(rule)
        return found

    @cached_property
    def _unread(self) -> bool:
        """Whether a recording rule is none that can be read."""
        trees, names = self.recordings.trees, self.recordings.by_name
        return any(len(trees.get(record, ())) < len(rules) for record, rules in names.items())

    def named(self, name: str) -> Sequence[Rule]:
        """The rules that have a name."""
        return self._by_name.get(name, ())

    def of(self, name: str) -> list[dict[str, Any]]:
        """The rules of an alert and those that it reads; all where that can't be told."""
        if ("of", name) not in self._memo:
            self._memo["of", name] = self._of(name)
        found: list[dict[str, Any]] = self._memo["of", name]
        return found

    def _of(self, name: str) -> list[dict[str, Any]]:
        own = self.named(name)
        try:
            trees = [parse(rule.expression) for rule in own]
        except NotCovered:
            return self._all()
        known = {part.name for tree in trees for part in walk(tree) if isinstance(part, Selector)}
        if known & {"", "ALERTS", "ALERTS_FOR_STATE"} or self._unread:
            return self._all()
        read: dict[int, dict[str, Any]] = {}
        for tree in trees:
            read |= {id(rule["expr"]): rule for rule in self.recordings.needed(tree)}
        return [*read.values(), *(stripped(rule.data) for rule in own)]

    def _all(self) -> list[dict[str, Any]]:
        alerts = [rule.data for rule in self.rules.alerts]
        return [stripped(data) for data in (*self.rules.recordings, *alerts)]

    def reads(self, alert: Alert, boundary: Boundary) -> frozenset[str] | None:
        """All metrics of an alert's series and rules, and itself; None where there may be others."""
        key = ("reads", alert.name)
        if key not in self._memo:
            self._memo[key] = self._reads(alert, boundary)
        found: frozenset[str] | None = self._memo[key]
        return found

    def _reads(self, alert: Alert, boundary: Boundary) -> frozenset[str] | None:
        names = {metric_of(series.series) for series in boundary.series} | {f"alert {alert.name}"}
        for rule in self.of(alert.name):
            try:
                nodes = list(walk(parse(str(rule["expr"]))))
            except NotCovered:
                return None
            names |= {node.name for node in nodes if isinstance(node, Selector)}
            if "record" in rule:
                names.add(str(rule["record"]))
        return None if names & {"", "ALERTS", "ALERTS_FOR_STATE"} else frozenset(names)

    def pace(
        self, alert: Alert, boundary: Boundary, every: float, full: float, hold: float, end: float
    ) -> float:
        """Seconds between evaluations of an alert that is asked at the end alone, in a world that stays as it is.

        The usual pace for what waits longer than promised, and for what reads other rules: perhaps their past.
        """
        alone = self.reads(alert, boundary) and not any("record" in rule for rule in self.of(alert.name))
        return paced(every, full, hold, end) if full and alone else every

    def times(self, name: str, hold: float) -> tuple[float, float, float]:
        """Seconds between samples and between evaluations, and until all windows of an alert are full.

        A rule that waits longer than promised is not given the time to hide it.
        """
        usual = self.scrape or STEP
        own = self.named(name)
        if len(own) != 1 or own[0].hold > hold:
            return usual, usual, 0.0
        if ("times", name) not in self._memo:
            try:
                found = times(parse(own[0].expression), self.recordings.trees, self.scrape)
            except (NotCovered, ValueError):
                found = usual, usual, 0.0
            self._memo["times", name] = found
        known: tuple[float, float, float] = self._memo["times", name]
        return known


def paced(every: float, full: float, hold: float, end: float) -> float:
    """Seconds between evaluations, as many as still show whether an alert fires at the end.

    Two of them decide: one when all windows are full, and one when `for` has passed since. What the last one says has
    to be in sight at the end.
    """
    for factor in range(int(SIGHT / every), 1, -1):
        slower = factor * every
        begun = math.ceil(full / slower) * slower
        if begun + math.ceil(hold / slower) * slower <= end:
            return slower
    return every


def _question(deployed: Deployed, alert: Alert, boundary: Boundary, q: float | None) -> Question:
    # A rate needs two samples: the alert must fire `for` after the second, and a longer `for` must show.
    hold = seconds(alert.hold) if alert.hold else LONGEST_HOLD
    step, every, full = deployed.times(alert.name, hold)
    end = math.ceil((full + hold) / every + 3) * every
    count = int(end / step) + 1
    series = (
        []
        if q is None
        else [_series(series.series, series.rate, series.value, q, step, count) for series in boundary.series]
    )
    every = deployed.pace(alert, boundary, every, full, hold, end)
    name = matcher("alertname", alert.name)
    firing = f'count(ALERTS{{{name},alertstate="firing"}}) or vector(0)'
    rules = deployed.of(alert.name)
    return Question(series, [(firing, end)], rules, step, every, deployed.reads(alert, boundary))


def said_instead(reply: Reply) -> str:
    """What promtool said instead of an answer; empty where there is one."""
    if any(reply.errors) or not reply.values or not all(reply.values):
        return next((error for error in reply.errors if error), "promtool: no answer")
    return ""


def _series(
    name: str, rate: str | None, value: str | None, q: float, step: float, count: int
) -> dict[str, str]:
    if rate is not None:
        slope = evaluate(rate, q) * step
        return {"series": name, "values": f"0{'-' if slope < 0 else '+'}{number(abs(slope))}x{count}"}
    return {"series": name, "values": f"{number(evaluate(value or '0', q))}x{count}"}
