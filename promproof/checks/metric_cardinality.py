"""metric/NAME/cardinality: unknown paths do not multiply series: at most one for each method and status."""

from __future__ import annotations

from collections.abc import Collection

from promproof.checks.base import Check, Claim, findings, for_metrics, not_verified, register, unknown
from promproof.contract.labels import RequestsTruth
from promproof.contract.model import Metric
from promproof.evidence.evidence import Evidence
from promproof.evidence.senders import ledger_of
from promproof.truth.requests import labels_from
from promproof.verdict import Verdict

ENOUGH = 1000


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Count the endpoints of the exposition that no sender named, after many unknown paths."""
    metric = evidence.contract.metric(claim.subject)
    truth = metric.truth
    assert isinstance(truth, RequestsTruth)
    sent = sum(
        count
        for (_, endpoint, _), count in ledger_of(evidence, metric).counts.items()
        if endpoint == truth.unmatched
    )
    names = labels_from(metric, "route")
    routes = {endpoint for _, endpoint, _ in ledger_of(evidence, metric).counts} | {truth.unmatched}
    strange = {value for name in names for value in _strange(metric, name, routes, evidence)}
    records = [evidence.rest.record, *evidence.ledger_records]
    found = [f"{len(strange)} endpoints that are no route, such as {min(strange)!r}"] if strange else []
    if not found and not sent:
        return not_verified(
            claim,
            f"the scenario sends no requests to unknown paths ({truth.unmatched!r}); {ENOUGH} are needed",
        )
    spelt = [metric.labels[name].spelt(truth.unmatched) for name in names]
    own = next((value for value in spelt if value.startswith("/")), "")
    if not found and sent < ENOUGH and own:
        return not_verified(
            claim, f"the contract gives an unknown path a value of its own ({own!r}): each makes a series"
        )
    if not found and sent < ENOUGH:
        return unknown(
            claim, f"only {sent} requests to unknown paths were sent, {ENOUGH} are needed", records
        )
    return findings(
        claim,
        found,
        good=f"{sent} requests to unknown paths share {truth.unmatched!r}",
        expected=f"one endpoint, {truth.unmatched!r}, for all unknown paths",
        evidence=records,
    )


def _strange(metric: Metric, name: str, routes: Collection[str], evidence: Evidence) -> set[str]:
    """What a label says that is no route."""
    label = metric.labels[name]
    known = {label.spelt(route) for route in routes}
    return {
        dict(labels).get(name, "")
        for labels, value in evidence.rest.exposition.series(metric.name).items()
        # a route that a service shows at 0 from the start is none that an unknown path has made
        if dict(labels).get(name) not in known and value != evidence.baseline.get((metric.name, labels), 0.0)
    } - set(label.values or ())


def _names_endpoints(metric: Metric) -> bool:
    return isinstance(metric.truth, RequestsTruth) and bool(labels_from(metric, "route"))


CHECK = register(
    Check(
        "cardinality",
        for_metrics("cardinality", _names_endpoints),
        judge,
        order=480,
        scope="together",
    )
)
