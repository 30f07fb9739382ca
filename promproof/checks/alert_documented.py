"""alert/NAME/documented: the deployed rule says what the documentation says.

Threshold and comparator (guards apart), window, `for`, severity, the metrics it is about, and the receivers that
Alertmanager's routing gives it. Read from the files as deployed, unscaled. A label that it selects the target's metrics
by must be one that their series have, as the run's Prometheus has stored them.
"""

from __future__ import annotations

from collections.abc import Sequence

from promproof.checks import lacking_labels
from promproof.checks.base import Check, Claim, findings, not_verified, register, unknown
from promproof.checks.target_metrics import stored_labels, unlabelled
from promproof.config.guards import guards, is_documented, operands, printed, same, unguarded
from promproof.config.patterns import Domains
from promproof.config.promql import TooLarge, parse
from promproof.config.rules import Rule, facts
from promproof.config.sameness import in_one_form, is_same
from promproof.config.writtenout import left_open, written_out
from promproof.contract.domains import domains
from promproof.contract.model import Alert, Contract, seconds
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.records import Routes, RuleFiles
from promproof.promql.branches import sides
from promproof.promql.tree import is_call
from promproof.promql.tree import text as written
from promproof.verdict import Verdict

UP = "up"
"""What Prometheus itself writes for each target."""


def claims(contract: Contract) -> list[Claim]:
    """One claim for each alert."""
    return [Claim(f"alert/{alert.name}/documented", alert.name) for alert in contract.alerts]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Compare rule and route with the contract."""
    alert = evidence.contract.alert(claim.subject)
    record = evidence.need(RuleFiles)
    rules = [rule for rule in record.data.rules if rule.name == alert.name]
    expected = _expected(alert)
    if len(rules) != 1:
        text = f"{len(rules)} rules have this name in {', '.join(record.data.files) or 'no rule file'}"
        return findings(claim, [text], good="", expected=expected, evidence=[record.number])
    rule = rules[0]
    recordings, values = record.data.recordings, domains(evidence.contract)
    texts = _rule_findings(alert, rule, recordings, values)
    if not lacking_labels.asked(rule.expression, evidence):
        texts += unlabelled(rule.expression, evidence.contract.target.job, stored_labels(evidence))
    found = [f"{rule.where}: {text}" for text in dict.fromkeys(texts)]
    found += recorded_as_well(alert, recordings, evidence.contract)
    routes = evidence.need(Routes)
    refused = routes.data.errors.get(alert.name)
    if refused:
        return unknown(claim, refused, [routes.number])
    receivers = routes.data.receivers.get(alert.name, ())
    promised = set(alert.receivers)
    if promised and not found and not routes.data.receivers and _is_elsewhere(evidence):
        return not_verified(
            claim,
            f"the rule is as documented ({rule.where}); who is told is in an alertmanager.yml that isn't here",
        )
    missing = sorted(promised - set(receivers))
    extra = sorted(set(receivers) - promised) if promised else []
    found += [f"not routed to receiver {name!r}" for name in missing]
    found += [f"also routed to receiver {name!r}" for name in extra]
    why = _otherwise(alert, rule.expression, recordings, values)[1]
    if why and not found:
        return not_verified(claim, f"all but the expression is as documented ({rule.where}); {why}")
    return findings(
        claim,
        found,
        good=f"as documented ({rule.where})",
        expected=expected,
        evidence=[record.number, routes.number],
    )


def recorded_as_well(alert: Alert, recordings: Sequence[tuple[str, str]], contract: Contract) -> list[str]:
    """Metrics of the alert that targets expose, and that a rule writes under the same name: it reads both."""
    exposed = {metric.name for metric in contract.metrics} | {UP}
    recorded = {name for name, _ in recordings}
    return [
        f"reads {name}, and a recording rule writes series of that name as well"
        for name in alert.metrics
        if name in exposed and name in recorded
    ]


def _is_elsewhere(evidence: Evidence) -> bool:
    """Whether the stack runs already, so that its Alertmanager may have a file that this folder lacks."""
    try:
        return evidence.run.is_external
    except Gap:  # files alone are judged: there is no run
        return False


def _expected(alert: Alert) -> str:
    """What the contract promises of the alert, in a line."""
    told = f"to {', '.join(alert.receivers)}" if alert.receivers else ""
    parts = (alert.promised, alert.severity, told)
    return ", ".join(part for part in parts if part) or "a rule of this name"


def _rule_findings(
    alert: Alert, rule: Rule, recordings: Sequence[tuple[str, str]], values: Domains
) -> list[str]:
    try:
        said = facts(rule.expression, recordings)
        own = facts(rule.expression)
    except TooLarge as error:
        raise Gap(f"{rule.where}: the expression {error}") from error
    except ValueError as error:
        return [f"the expression cannot be parsed: {error}"]
    found = []
    if alert.threshold is not None:
        found += _threshold_findings(rule.expression, alert, alert.comparator, alert.threshold)
    window = set(alert.windows) - {0.0}
    windows = said.windows if alert.window else own.windows
    if (alert.window or alert.unit == "state") and set(windows) != window:
        shown = ", ".join(f"{window:g} s" for window in windows) or "none"
        found.append(f"window is {shown}, documented {_windows(alert)}")
    if alert.hold is not None and rule.hold != seconds(alert.hold):
        found.append(f"for is {rule.hold:g} s, documented {alert.hold}")
    if alert.severity not in (None, rule.labels.get("severity")):
        found.append(f"severity is {rule.labels.get('severity')!r}, documented {alert.severity!r}")
    found += [
        f"the label {label} is {rule.labels.get(label, 'not there')!r}, documented {value!r}"
        for label, value in alert.labels.items()
        if rule.labels.get(label) != value
    ]
    if alert.short_window:
        found += _either_window(alert, rule.expression, recordings)
    missing = [name for name in alert.metrics if not any(metric.startswith(name) for metric in said.metrics)]
    found += [f"does not use the metric {name}" for name in missing]
    found += _otherwise(alert, rule.expression, recordings, values)[0]
    if alert.vanished and "absent" not in said.functions:
        found.append("has no absent(): a target that left discovery would stay silent")
    return found


def _otherwise(
    alert: Alert, expression: str, recordings: Sequence[tuple[str, str]], values: Domains
) -> tuple[list[str], str]:
    """The documented expression, where the rule, with what it reads of recording rules, means another one.

    And why nobody can tell that here; empty where it is plain.
    """
    if alert.expression is None:
        return [], ""
    wanted, there = (written_out(text, recordings) for text in (alert.expression, expression))
    if is_same(wanted, there, values):
        return [], ""
    if names := sorted(set(left_open(wanted, recordings)) ^ set(left_open(there, recordings))):
        return [], f"what {', '.join(names)} asks of scraped series is not known here"
    return [f"means {_line(there)}, documented {_line(wanted)}"], ""


def _line(expression: str) -> str:
    return " ".join(expression.split())


def _either_window(alert: Alert, expression: str, recordings: Sequence[tuple[str, str]]) -> list[str]:
    """One side of an `or` asks for one of the two documented windows alone, where both must be beyond the threshold."""
    promised = set(alert.windows)
    for side in sides(parse(expression)):
        asked = set(facts(written(side), recordings).windows) & promised
        if asked and asked != promised and not is_call(side, "absent", "absent_over_time"):
            return [f"fires over {min(asked):g} s alone, documented over {_windows(alert)} at once"]
    return []


def _windows(alert: Alert) -> str:
    told = [window for window in (alert.window, alert.short_window) if window and seconds(window)]
    return " and ".join(told) or "none"


def _threshold_findings(expression: str, alert: Alert, comparator: str | None, threshold: float) -> list[str]:
    """Its comparisons and guards against the documented ones, in any of the ways in which they may be written."""
    written = operands(expression)
    for conditions in (written, operands(in_one_form(expression))):
        if is_documented(unguarded(conditions, comparator, threshold), comparator, threshold):
            return _guard_findings(alert, guards(conditions, comparator, threshold))
    shown = ", ".join(f"{op} {value:g}" for op, value in unguarded(written, comparator, threshold)) or "none"
    return [f"threshold is {shown}, documented {comparator} {threshold:g}"]


def _guard_findings(alert: Alert, deployed: Sequence[str]) -> list[str]:
    """A guard that nobody documented keeps the alert silent when it matters; where none are promised any may be."""
    if alert.guards is None:
        return []
    promised = [printed(guard) for guard in alert.guards]
    return [
        *(
            f"fires only with `{guard}`, which the contract does not name under `guards`"
            for guard in deployed
            if not any(same(guard, other) for other in promised)
        ),
        *(
            f"fires without the documented guard `{guard}`"
            for guard in promised
            if not any(same(guard, other) for other in deployed)
        ),
    ]


CHECK = register(Check("documented", claims, judge, order=610))
