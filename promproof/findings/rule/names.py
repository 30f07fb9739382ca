"""Names of recorded metrics that say something else than the rule does."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_record, register
from promproof.findings.rules import asking
from promproof.findings.setup import Rule, Setup
from promproof.promql.mistakes import of_record

WINDOW = register(
    Kind(
        id="rule/recorded-window",
        severity=Severity.WARNING,
        title="a recorded name with another window than its rule",
        why="Names are level:metric:operation_window: who reads job:http_requests:rate5m in an alert or a panel takes "
        "it for five minutes.",
        example="- record: job:http_requests:rate5m\n  expr: sum by (job) (rate(http_requests_total[1m]))",
        instead="- record: job:http_requests:rate5m\n  expr: sum by (job) (rate(http_requests_total[5m]))",
    )
)


@each_record(WINDOW)
def judge(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Compare the name with the windows of the expression."""
    for mistake in of_record(rule.name, rule.tree) if rule.tree is not None else ():
        yield WINDOW.at(
            rule.at("record"),
            f"{rule.name}: {mistake.message}",
            effect="alerts and panels judge another time than they say",
            todo="correct the window or the name",
            see=asking(rule.expression),
        )
