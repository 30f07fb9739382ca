"""page/…: what the documentation page says beside its tables is what the contract and the files say.

Expressions, values of labels, buckets, settings, examples, excerpts, commands, addresses, variables, names, numbers in
sentences, links. What leaves a doubt is not verified.
"""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from promproof.checks.base import Check, Claim, findings, not_verified, register
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence, NotShown
from promproof.evidence.records import PageRead
from promproof.promises.promise import Promise
from promproof.promises.reading import AGREES, of_claim, promises
from promproof.promises.sentences import CLAIM as SENTENCES
from promproof.verdict import Outcome, Verdict

WHOLE = {
    "page/settings": "settings as in the files",
    "page/samples": "examples as in the contract",
    "page/excerpts": "excerpts as in the files",
    "page/configurations": "configurations that the tools take",
    "page/rules": "rules that promtool takes and proves",
    "page/commands": "commands whose words, services and files are there",
    "page/addresses": "addresses as in the files",
    "page/variables": "variables as in the compose file",
    "page/names": "names that are there",
    "page/counts": "as many as there are",
    "page/links": "links that lead somewhere",
    AGREES: "the same everywhere",
    SENTENCES: "sentences as in the contract",
}
"""Claims about the page as a whole, with what they expect."""
_read: WeakKeyDictionary[Evidence, list[Promise]] = WeakKeyDictionary()


def claims(contract: Contract) -> list[Claim]:
    """What every page may promise, and what this contract names."""
    if contract.documentation is None:
        return []
    return [
        *(Claim(f"page/expression/{alert.name}", alert.name) for alert in contract.alerts),
        *(Claim(f"page/alert/{alert.name}", alert.name) for alert in contract.alerts),
        *(Claim(f"page/labels/{metric.name}", metric.name) for metric in contract.metrics if metric.labels),
        *(Claim(f"page/buckets/{metric.name}", metric.name) for metric in contract.metrics if metric.buckets),
        *(Claim(f"page/dashboard/{board.uid}", board.uid) for board in contract.dashboards),
        *(Claim(f"page/figure/{figure.name}", figure.name) for figure in contract.page.figures),
        *(Claim(name) for name in WHOLE if name != SENTENCES or contract.page.sentences),
    ]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """The promises of the page that belong to the claim."""
    record = evidence.history.last(PageRead)
    if record is None:
        raise NotShown("the run kept no page")
    mine = of_claim(read_of(evidence), claim.id)
    wrong = [promise for promise in mine if promise.outcome is Outcome.FAIL]
    right = [promise for promise in mine if promise.outcome is Outcome.PASS]
    if not wrong and not right:
        return not_verified(claim, _open(mine))
    path = record.data.path
    return findings(
        claim,
        [f"{path}:{promise.line}: {promise.text}: {promise.reason}" for promise in wrong],
        good=f"{len(right)} place{'s' if len(right) != 1 else ''} of {path} as promised",
        expected=WHOLE.get(claim.id, "the contract's and the files'"),
        evidence=[record.number],
    )


def _open(mine: Sequence[Promise]) -> str:
    return (
        f"the page leaves it open: {mine[0].reason}"
        if mine
        else "the page says nothing of it that can be told for sure"
    )


def read_of(evidence: Evidence) -> list[Promise]:
    """The promises of a run's page, read once."""
    if evidence not in _read:
        record = evidence.history.last(PageRead)
        _read[evidence] = promises(record.data, evidence.contract) if record is not None else []
    return _read[evidence]


CHECK = register(Check("page", claims, judge, order=930))
