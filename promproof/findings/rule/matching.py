"""Operations of two sides whose labels never agree."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_rule, register
from promproof.findings.rules import asking, one_line, recorded_by
from promproof.findings.setup import Rule, Setup
from promproof.promql.labels import Labels, Recorded
from promproof.promql.matches import Mismatch, described, mismatch

NEVER = register(
    Kind(
        id="rule/labels-never-match",
        severity=Severity.ERROR,
        title="two sides that no label set can bring together",
        why="Prometheus matches the samples of two sides by all their labels, or by those of on(). When one side has a "
        "label that the other lacks, nothing matches: the result is empty, and the alert never fires.",
        example='sum by (job, code) (rate(http_requests_total{code=~"5.."}[5m]))'
        " / sum by (job) (rate(http_requests_total[5m])) > 0.1",
        instead='sum by (job) (rate(http_requests_total{code=~"5.."}[5m]))'
        " / sum by (job) (rate(http_requests_total[5m])) > 0.1",
    )
)
TARGET = Labels(has=frozenset(("job", "instance")))
"""What every scraped series has."""


@each_rule(NEVER)
def judge(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Look at every operation, the inner ones first: an empty inner one is why an outer one is empty."""
    recorded = recorded_by(setup)
    sure = next(_found(rule, recorded), None)
    found = sure or next(_found(rule, _of_targets(recorded, setup)), None)
    if found is None:
        return
    effect = "nothing is ever left out" if found.sign == "unless" else "the result is always empty"
    yield NEVER.at(
        rule.at("expr"),
        one_line(described(found)),
        effect=effect,
        todo="sum both sides by the same labels, or name those that count: on(...), ignoring(...)",
        see=asking(rule.expression),
        severity=None if sure else Severity.WARNING,
    )


def _found(rule: Rule, recorded: Recorded) -> Iterator[Mismatch]:
    return (found for node in reversed(rule.nodes) if (found := mismatch(node, recorded)) is not None)


def _of_targets(recorded: Recorded, setup: Setup) -> Recorded:
    """The same for series of targets, which have the labels job and instance."""

    def known(name: str) -> Labels | None:
        is_scraped = (
            bool(name) and ":" not in name and name not in setup.recorded and not name.startswith("ALERTS")
        )
        return TARGET if is_scraped else recorded(name)

    return known
