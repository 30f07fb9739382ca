"""What is wrong with a green test: a name that no rule has, samples that end too early, missing rule files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import promql_parser as promql

from promproof.config.durations import format_milliseconds, parse_milliseconds
from promproof.config.promql import parse, walk
from promproof.config.rules import Rule
from promproof.errors import meant
from promproof.proofs.coverage.testfile import AlertCase, TestCase, TestFile
from promproof.proofs.coverage.values import lifetime

LOOKBACK = 300_000
"""Milliseconds: so long a sample counts after its time (promtool's engine, 5 m)."""
_WITHOUT_DATA = ("absent", "absent_over_time", "vector", "time")


@dataclass(frozen=True)
class Noticed:
    """Something about a test: file:line, which alert, what, and what to do."""

    where: str
    alert: str
    what: str
    todo: str

    def __str__(self) -> str:
        return f"{self.where}: {self.alert}: {self.what}; {self.todo}"


@dataclass(frozen=True)
class Needs:
    """What a rule reads, through recording rules: metrics, and how far back in milliseconds."""

    metrics: frozenset[str]
    reach: int


def needs(expression: str, recorded: Mapping[str, Sequence[str]]) -> Needs | None:
    """What an expression reads; None when that can't be said, or when it can be true without any sample.

    recorded: the expressions of each recording rule by name.
    """
    metrics: set[str] = set()
    reach, waiting, seen = LOOKBACK, [expression], set()
    while waiting:
        text = waiting.pop()
        try:
            nodes = walk(parse(text))
        except ValueError:
            return None
        for node in nodes:
            if isinstance(node, promql.Call) and node.func.name in _WITHOUT_DATA:
                return None
            if isinstance(node, promql.VectorSelector):
                name = _metric(node)
                if not name or node.at is not None:
                    return None
                metrics.add(name)
                if name not in seen:
                    seen.add(name)
                    waiting += recorded.get(name, ())
            reach += _milliseconds(node)
    return Needs(frozenset(metrics), reach)


def is_constant(expression: str) -> bool:
    """Whether it asks neither a series nor the clock, as a watchdog's `vector(1)`: nothing makes it change sides."""
    try:
        nodes = walk(parse(expression))
    except ValueError:
        return False
    return not any(
        isinstance(node, promql.VectorSelector)
        or (isinstance(node, promql.Call) and node.func.name != "vector")
        for node in nodes
    )


def unknown_names(file: TestFile, loaded: Sequence[Rule]) -> Iterator[Noticed]:
    """Cases about an alert that no rule of the file has: without expected alerts they are green for ever."""
    names = {rule.name for rule in loaded}
    for t, case in enumerate(file.shape.tests or ()):
        for a, asked in enumerate(case.alert_rule_test or ()):
            if asked.alertname not in names:
                green = "" if asked.exp_alerts else ", so that this case is green whatever the rules say"
                yield Noticed(
                    file.document.where(("tests", t, "alert_rule_test", a, "alertname")),
                    asked.alertname,
                    f"no rule has this name{green}{meant(asked.alertname, names)}",
                    "correct the name, or delete the case",
                )


def missing_files(file: TestFile) -> Iterator[Noticed]:
    """Patterns that match no rule file: promtool only warns."""
    for index, pattern in enumerate(file.shape.rule_files):
        if not file.rule_files[pattern]:
            yield Noticed(
                file.document.where(("rule_files", index)),
                pattern,
                "matches no rule file, and promtool only warns",
                "correct the path, it starts at the test file's folder",
            )


def blind(file: TestFile, t: int, a: int, needed: Needs | None) -> Noticed | None:
    """A silent case that has nothing to look at: no series that the rule reads, or all have ended long before."""
    case = (file.shape.tests or [])[t]
    asked = (case.alert_rule_test or [])[a]
    if needed is None or asked.exp_alerts:
        return None
    what = _blindness(file, case, asked, needed)
    if not what:
        return None
    where = file.document.where(("tests", t, "alert_rule_test", a, "eval_time"))
    return Noticed(where, asked.alertname, what, "give it samples up to the time that it is asked at")


def _blindness(file: TestFile, case: TestCase, asked: AlertCase, needed: Needs) -> str:
    ends = []
    for series in case.input_series or ():
        name = _name_of(series.series)
        life = lifetime(series.values)
        if name is None or life is None or (name in needed.metrics and life.ended_on_purpose):
            return ""
        if name in needed.metrics and life.last is not None:
            ends.append(life.last * parse_milliseconds(file.interval(case)))
    if not ends:
        return "silence is expected without a sample of a metric that the rule reads"
    if max(ends) + needed.reach < parse_milliseconds(asked.eval_time):
        return (
            f"the samples end at {format_milliseconds(max(ends))}, and silence is expected at {asked.eval_time}, "
            "when nothing is left to look at"
        )
    return ""


def _metric(node: promql.VectorSelector) -> str:
    if node.name:
        return str(node.name)
    named = [matcher for matcher in node.matchers.matchers if matcher.name == "__name__"]
    return str(named[0].value) if named and str(named[0].op) == str(promql.MatchOp.Equal) else ""


def _name_of(series: str) -> str | None:
    try:
        node = parse(series)
    except ValueError:
        return None
    return _metric(node) if isinstance(node, promql.VectorSelector) else None


def _milliseconds(node: promql.Expr) -> int:
    found = 0
    for name in ("range", "offset"):
        duration = getattr(node, name, None)
        if duration is not None and not isinstance(node, promql.BinaryExpr):
            found += max(0, round(duration.total_seconds() * 1000))
    return found
