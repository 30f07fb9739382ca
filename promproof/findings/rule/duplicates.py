"""Rules of one name whose alerts or samples can't be told apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from promproof.config.promql import bare
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, register, whole_setup
from promproof.findings.rules import recorded_by
from promproof.findings.setup import Rule, Setup
from promproof.promql.labels import Labels, Recorded, labels_of
from promproof.promql.tree import matchers, metric, selectors, text
from promproof.promql.values import comparison

_RULE = "  - alert: Slow\n    expr: http_latency_seconds > "
ALERTS = register(
    Kind(
        id="rule/alert-twice",
        severity=Severity.WARNING,
        title="two alerts that can't be told apart",
        why="Alertmanager knows an alert by its labels. Of two rules of one name and the same labels it keeps what "
        "came last: one text hides the other, and when one condition ends, the other one counts as resolved.",
        example=f"groups:\n- name: api\n  rules:\n{_RULE}1\n{_RULE}5\n",
        instead=f"groups:\n- name: api\n  rules:\n{_RULE}1\n    labels: {{severity: warning}}\n"
        f"{_RULE}5\n    labels: {{severity: critical}}\n",
    )
)
RECORDS = register(
    Kind(
        id="rule/recorded-twice",
        severity=Severity.WARNING,
        title="two rules that record the same series",
        why="The second sample of a series at one moment is dropped: which of the two rules wins is chance.",
        example="- record: job:up:sum\n  expr: sum by (job) (up)\n- record: job:up:sum\n  expr: count by (job) (up)",
        instead="- record: job:up:sum\n  expr: sum by (job) (up)\n- record: job:up:count\n  expr: count by (job) (up)",
    )
)


@whole_setup(ALERTS, RECORDS)
def judge(setup: Setup) -> Iterator[Finding]:
    """Compare the rules of one name with each other."""
    recorded = recorded_by(setup)
    named: dict[tuple[bool, str], list[Rule]] = {}
    for rule in setup.rules:
        named.setdefault((rule.is_alert, rule.name), []).append(rule)
    for rules in named.values():
        told = set()
        for first, second in combinations(rules, 2):
            if second not in told and _are_together(first, second) and _are_one(first, second, recorded):
                told.add(second)
                yield _finding(first, second)


def _are_together(first: Rule, second: Rule) -> bool:
    """Whether one Prometheus loads both; of files that nobody is known to load only rules of one file count."""
    servers, others = first.group.prometheuses, second.group.prometheuses
    if servers or others:
        return any(server in others for server in servers)
    return first.part.document is second.part.document


def _are_one(first: Rule, second: Rule, recorded: Recorded) -> bool:
    """Whether both surely give one label set at times: alerts that compare one quantity, records of one metric."""
    if first.tree is None or second.tree is None or dict(first.labels) != dict(second.labels):
        return False
    left, right = labels_of(first.tree, recorded), labels_of(second.tree, recorded)
    labels = {
        label for label in {*left.has, *right.has} if not (left.can_have(label) and right.can_have(label))
    }
    if labels or any(right.fixed.get(label, value) != value for label, value in left.fixed.items()):
        return False
    if _chosen(first, left) != _chosen(second, right):
        return False
    if first.is_alert:
        return _quantity(first) == _quantity(second)
    return bool(_metrics(first) & _metrics(second)) or left.may == right.may == frozenset()


def _quantity(rule: Rule) -> tuple[str, str]:
    """What an alert compares, and whether it looks upwards or downwards: `x > 1` is true wherever `x > 5` is."""
    found = comparison(bare(rule.tree))
    return (text(found[0]), found[1][:1]) if found else (text(rule.tree), "")


def _chosen(rule: Rule, labels: Labels) -> frozenset[tuple[str, str, str]]:
    """The matchers on labels that the result keeps: where they differ, the series do."""
    found = (matcher for selector in selectors(rule.tree) for matcher in matchers(selector))
    return frozenset(matcher for matcher in found if matcher[0] != "__name__" and labels.can_have(matcher[0]))


def _metrics(rule: Rule) -> frozenset[str]:
    return frozenset(metric(selector) for selector in selectors(rule.tree)) - {""}


def _finding(first: Rule, second: Rule) -> Finding:
    where = str(first.at()) if first.file != second.file else f"line {first.at().line}"
    if second.is_alert:
        return ALERTS.at(
            second.at(),
            f"{second.name} is in {where} too, with the same labels",
            effect="one of the two hides the other",
            todo="give one another name or another label, or make one rule of both with `or`",
            see=f"a promtool test of {second.name} in which both are true has two equal alerts",
        )
    return RECORDS.at(
        second.at(),
        f"{second.name} is recorded in {where} too, with the same labels",
        effect="one of the two samples is dropped",
        todo="give one another name or another label",
        see="the log of Prometheus: Error on ingesting out-of-order result from rule evaluation",
    )
