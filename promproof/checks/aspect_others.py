"""Alerts that are not drilled stay silent, unless the machine or somebody else's target is behind them."""

from __future__ import annotations

from collections.abc import Sequence

from promproof.checks.base import Claim, unknown
from promproof.checks.drill_findings import verdict_of
from promproof.config.promql import parse
from promproof.contract.model import Alert, Contract, seconds
from promproof.drills import membership
from promproof.drills.aging import memory, unsettled
from promproof.drills.case import Case, observations, unplanned_failures
from promproof.drills.deliveries import delivered
from promproof.drills.membership import Finding
from promproof.drills.states import Life, Pace, Quantity, Rule, State, live
from promproof.evidence.evidence import Evidence
from promproof.evidence.instances import idle
from promproof.evidence.records import AlertsPoll, DrillDriven, Phase, ProcFolder, RuleFiles
from promproof.faults.procfs import METRICS as PROC_METRICS
from promproof.promql.tree import matchers, metric, selectors
from promproof.verdict import Verdict


def judge_others(claim: Claim, case: Case) -> Verdict:
    """No alert that is not drilled becomes active, unless the drill says that it may."""
    evidence = case.evidence
    batch = evidence.need(DrillDriven, name=case.drill.name).data.batch
    together = [driven.data for driven in evidence.history.of(DrillDriven) if driven.data.batch == batch]
    excused = {name for driven in together for name in (driven.alert, *driven.plan["may"])}
    excused |= of_the_machine(evidence.contract, evidence.history.last(ProcFolder) is not None)
    excused |= _of_other_targets(evidence)
    excused |= _of_earlier_traffic(case)
    excused |= _of_idle_instances(evidence)
    others = [alert for alert in evidence.contract.alerts if alert.name not in excused and not alert.always]
    found: list[Finding] = []
    failures = unplanned_failures(case)
    doubt = ""
    for alert in others:
        # an alert on `up` looks at whether scrapes succeed, whoever is to blame for one that fails
        blind = failures if "up" in alert.metrics else []
        seen = observations(evidence, alert.name, case.begun, case.ended)
        told = delivered(evidence, alert.name, case.begun, case.ended)
        if blind and (told or any(observation.state is State.FIRING for observation in seen)):
            doubt = f"{len(failures)} scrapes failed by themselves, and {alert.name} fired"
            continue
        found += membership.states(idle_life(case, alert, blind), seen, alert.name)
        found += [
            Finding(
                membership.Kind.UNEXPECTED,
                delivery.t,
                f"{delivery.receiver} got '{delivery.status}' of {alert.name}",
            )
            for delivery in told
        ]
    if doubt and not found:
        return unknown(claim, doubt, case.records)
    failed = f"; {len(failures)} scrapes failed by themselves" if failures else ""
    return verdict_of(
        claim,
        case,
        found,
        good=f"{len(others)} other alerts were silent{failed}",
        expected=f"silent: {', '.join(alert.name for alert in others)}",
        tolerance="an alert on up may be pending after a scrape that failed by itself",
    )


def of_the_machine(contract: Contract, written: bool) -> set[str]:
    """Alerts about neither the target's metrics nor `up`, nor about what the drill has written.

    Whether they are silent is the machine's business: two busy cores are over 80 %, and its disk fills as it likes.
    written: whether Node Exporter reads a folder that the drill writes.
    """
    own = {"up", *(promised.name for promised in contract.metrics)}

    def is_known(name: str) -> bool:
        return name in own or (written and name.startswith(PROC_METRICS))

    return {alert.name for alert in contract.alerts if not any(map(is_known, alert.metrics))}


def _of_other_targets(evidence: Evidence) -> set[str]:
    """Alerts on `up` of other jobs than the target's: whether those scrapes succeeded is nowhere written down."""
    files = evidence.history.last(RuleFiles)
    if files is None:
        return set()
    found = set()
    for rule in files.data.rules:
        try:
            looked_at = selectors(parse(rule.expression))
        except ValueError:
            continue
        for selector in looked_at:
            job = next(
                (value for name, sign, value in matchers(selector) if (name, sign) == ("job", "=")), ""
            )
            if metric(selector) == "up" and job != evidence.contract.target.job:
                found.add(rule.name)
    return found


def _of_idle_instances(evidence: Evidence) -> set[str]:
    """Alerts about another instance of the service, which has no traffic in a drill: few requests are what it shows."""
    others = idle(evidence)
    return {
        str(alert["labels"]["alertname"])
        for record in evidence.history.of(AlertsPoll)
        for alert in record.data.alerts
        if alert["labels"].get("instance") in others
    }


def _of_earlier_traffic(case: Case) -> set[str]:
    """Alerts that may still see what was done on purpose before this drill, and then are right to fire."""
    evidence = case.evidence
    files = evidence.history.last(RuleFiles)
    rules = files.data.rules if files is not None else ()
    found = unsettled(evidence.contract, rules) if evidence.history.last(Phase) is not None else set()
    sees = memory(evidence.contract, rules)
    for driven in (record.data for record in evidence.history.of(DrillDriven)):
        if driven.ended <= case.begun:
            found |= {
                name
                for name in driven.plan["may"]
                if evidence.scale.seconds(sees.get(name, 0.0)) > case.begun - driven.ended
            }
    return found


def idle_life(case: Case, alert: Alert, blind: Sequence[tuple[float, float]]) -> Life:
    """What is admissible for an alert that is not drilled: nothing, but while nobody can tell."""
    hold = case.evidence.scale.seconds(seconds(alert.hold)) if alert.hold is not None else 0.0
    quiet = Quantity(threshold=0.5, changes=(), blind=tuple(blind))
    pace = Pace(case.timing.scrape, case.timing.evaluation, case.slack)
    rule = Rule(hold, case.timing.group_wait, case.timing.group_interval)
    return live(quiet, rule, pace, case.begun, case.ended)
