"""Conditions of alerts that are true or false whatever the data are, and those that one sample decides."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alert, register
from promproof.findings.rule.expressions import SERIES
from promproof.findings.rules import IS_WATCHDOG, asking
from promproof.findings.setup import Rule, Setup
from promproof.promql.mistakes import of_alert
from promproof.promql.tree import is_alternative

ALWAYS = register(
    Kind(
        id="rule/always-fires",
        severity=Severity.ERROR,
        title="an alert that fires whatever the value is",
        why="An alert fires for each sample that its expression gives, a 0 as well. `> bool` gives 0 or 1 for every "
        "series, and `or vector(0)` a sample when the rest has none.",
        example="rate(http_errors_total[5m]) > bool 5",
        instead="rate(http_errors_total[5m]) > 5",
    )
)
NEVER = register(
    Kind(
        id="rule/never-fires",
        severity=Severity.ERROR,
        title="an alert that no data can make fire",
        why="What is compared can't reach the threshold: a count of nothing is no 0 but nothing at all, a share is at "
        "most 1, a rate at least 0. Nobody is told when it happens.",
        example="count(up == 1) == 0",
        instead="absent(up == 1)",
    )
)
IRATE = register(
    Kind(
        id="rule/irate-in-alert",
        severity=Severity.INFO,
        title="`irate` in an alert",
        why="irate() looks at the last two samples only. What happens between two evaluations is not seen, and one "
        "quiet scrape interval ends the alert and starts its `for` again.",
        example="irate(http_errors_total[5m]) > 5",
        instead="rate(http_errors_total[5m]) > 5",
    )
)
_SAID = {
    ALWAYS.id: (ALWAYS, "it fires whatever the value is", "write a condition that not every value meets"),
    NEVER.id: (NEVER, "it never fires", "write a threshold that the value can reach, or absent()"),
    IRATE.id: (IRATE, "a short peak decides, another one is missed", "use rate()"),
}


_SAID[SERIES.id] = (
    SERIES,
    "what share it is of the whole plays no part",
    "sum both sides, and compare the sums",
)


@each_alert(*(kind for kind, _, _ in _SAID.values()))
def judge(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Say each mistake of a condition once."""
    if rule.tree is None:
        return
    for mistake in dict.fromkeys(of_alert(rule.tree)):
        kind, effect, todo = _SAID[mistake.kind]
        if kind is ALWAYS and IS_WATCHDOG.search(rule.name):  # it is meant to
            continue
        if kind is NEVER and is_alternative(rule.tree):
            effect = "it never fires by this side of the `or`"
        yield kind.at(rule.at("expr"), mistake.message, effect=effect, todo=todo, see=asking(rule.expression))
