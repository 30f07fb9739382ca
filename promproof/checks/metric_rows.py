"""metric/NAME/rows and metric/NAME/restart: the gauge equals the rows in the database, also after a restart.

Where the scenario counts what makes and deletes rows, each scrape is judged as well, from the number at rest backwards:
a number that is kept for some seconds is right at rest.
"""

from __future__ import annotations

from math import inf

from promproof.checks.base import Check, Claim, findings, for_metrics, not_verified, register
from promproof.contract.model import Metric
from promproof.contract.truths import RowsTruth
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Rows
from promproof.evidence.senders import longest_wait
from promproof.evidence.view import LedgerView
from promproof.truth.metrics import Interval
from promproof.verdict import Verdict


def judge_rest(claim: Claim, evidence: Evidence) -> Verdict:
    """The gauge at rest against the database, asked at rest, and each scrape before."""
    return _judge(claim, evidence, "rest")


def judge_restart(claim: Claim, evidence: Evidence) -> Verdict:
    """The gauge of the restarted target against the database."""
    if not evidence.run.managed:
        return not_verified(claim, "the run did not start the target, so it does not restart it")
    return _judge(claim, evidence, "restart")


def stale(metric: Metric, evidence: Evidence, rest: float) -> list[str]:
    """The scrapes that stored another number than that of the rows which were there. rest: how many there are at last.

    None where the scenario's events do not explain all rows at rest.
    """
    truth, ledger = metric.truth, evidence.ledger
    assert isinstance(truth, RowsTruth)
    if not truth.created or ledger.tallies_lost or any(ledger.open.values()):
        return []
    made, gone = _Events(ledger, truth.created), _Events(ledger, truth.deleted)
    if not evidence.run.managed or rest != made.begun(inf) - gone.begun(inf):
        return []
    found = []
    offset, settle, wait = evidence.history.monotonic, evidence.longest_handler, longest_wait(evidence)
    for t, value in sorted(point for samples in evidence.stored(metric.name).values() for point in samples):
        scrape = evidence.scrape_at(t)
        if scrape is None or not scrape.up or scrape.end > evidence.rest.end:
            continue
        # Prometheus may stand still between the time stamp and the request
        begin, end = scrape.begin + offset, scrape.end + wait + offset
        low = made.over(begin, settle) - gone.begun(end)
        interval = Interval(low, made.begun(end) - gone.over(begin, settle))
        if value not in interval:
            found.append(f"at {t:.2f} s {metric.name} is {value:g}, there were {interval} rows")
    return found


class _Events:
    """How often something happened, under all of its labels; none for a tally without a name."""

    def __init__(self, ledger: LedgerView, name: str) -> None:
        self._ledger = ledger
        self._keys = [key for key in ledger.tallies if key[0] == name] if name else []

    def begun(self, t: float) -> int:
        return sum(self._ledger.tally_started_before(key, t) for key in self._keys)

    def over(self, t: float, settle: float) -> int:
        return sum(self._ledger.tally_completed_before(key, t, settle) for key in self._keys)


def _judge(claim: Claim, evidence: Evidence, label: str) -> Verdict:
    metric = evidence.contract.metric(claim.subject)
    if not evidence.run.database:
        return not_verified(claim, "no database is named in the contract for this target")
    rows = evidence.need(Rows, what=metric.name, label=label)
    shot = evidence.shot(label)
    value = shot.exposition.series(metric.name).get(())
    count = float(rows.data.values[0])
    found = [] if value == count else [f"{metric.name} is {value}, the database has {count:g}"]
    if label == "rest":
        found += stale(metric, evidence, count)
    if not found and count == 0:
        found = ["the database has no rows: nothing was shown"]
    return findings(
        claim,
        found,
        good=f"{count:g}, as in the database",
        expected=f"{count:g} (rows in the database)",
        observed=str(value),
        evidence=[shot.record, rows.number],
    )


def _wanted(metric: Metric) -> bool:
    return metric.truth.kind == "rows"


REST = register(Check("rows", for_metrics("rows", _wanted), judge_rest, order=510, scope="each"))
RESTART = register(Check("restart", for_metrics("restart", _wanted), judge_restart, order=510, scope="first"))
