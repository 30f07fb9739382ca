"""metric/NAME/born: the label sets that are promised from the start exist before the first request, at 0.

A counter that is born with its first event loses it: `rate()` and `increase()` see no rise.
"""

from __future__ import annotations

from itertools import product

from promproof.checks.base import Check, Claim, findings, for_metrics, register
from promproof.contract.labels import RequestTruth
from promproof.contract.model import Metric
from promproof.evidence.evidence import Evidence
from promproof.evidence.senders import ledger_of
from promproof.exposition import Labels, label_set, series_text
from promproof.truth.metrics import ZERO, between
from promproof.verdict import Verdict


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Look for each label set in the reading before the first request.

    What a target that ran already has counted is nobody's business; of one that the run started, only what the harness
    itself had sent by then may be there.
    """
    metric = evidence.contract.metric(claim.subject)
    shot = evidence.shot("baseline")
    exposed = shot.exposition.series(metric.sample)
    sent = {}
    if isinstance(metric.truth, RequestTruth):
        offset = evidence.history.monotonic
        sent = between(metric, ledger_of(evidence, metric, shot), shot.begin + offset, shot.end + offset)
    found = []
    promised = list(_promised(metric))
    for labels in promised:
        shown = series_text(metric.sample, labels)
        value = exposed.get(labels)
        if value is None:
            found.append(f"{shown} does not exist before its first event")
        elif evidence.run.managed and value not in sent.get(labels, ZERO):
            found.append(f"{shown} begins at {value:g}, truth {sent.get(labels, ZERO)}")
    return findings(
        claim,
        found,
        good=f"{len(promised)} label sets are there before their first event",
        expected="each label set under `born` of the contract, at 0",
        evidence=[shot.record],
    )


def _promised(metric: Metric) -> list[Labels]:
    return [
        label_set(dict(zip(named, values, strict=True)))
        for named in metric.born
        for values in product(*named.values())
    ]


CHECK = register(
    Check("born", for_metrics("born", lambda metric: bool(metric.born)), judge, order=485, scope="split")
)
