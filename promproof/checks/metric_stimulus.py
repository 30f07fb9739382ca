"""metric/NAME/stimulus: a process figure follows what was done to the process: CPU work, allocation, held connections.

What was done is known in amount: so many connections held, so many bytes touched. CPU work is the traffic itself.
"""

from __future__ import annotations

from math import inf

from promproof.checks.base import Check, Claim, findings, for_metrics, not_verified, register, unknown
from promproof.contract.truths import ProcessTruth
from promproof.evidence.evidence import Evidence
from promproof.evidence.figures import BATCH, TICK, Figures
from promproof.evidence.records import (
    Kernel,
    Phase,
    Stimulus,
    StimulusConnections,
    StimulusCpu,
    StimulusMemory,
)
from promproof.verdict import Verdict

STIMULI: dict[str, type[Stimulus]] = {
    "cpu_seconds": StimulusCpu,
    "resident_bytes": StimulusMemory,
    "open_descriptors": StimulusConnections,
}
"""What must make a figure of the process rise."""


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """The stored figure must rise by at least the amount while the stimulus lasts."""
    metric = evidence.contract.metric(claim.subject)
    truth = metric.truth
    assert isinstance(truth, ProcessTruth)
    kind = STIMULI[truth.figure]
    stimulus = kind.kind.removeprefix("stimulus_")
    given = evidence.history.last(kind)
    if given is None:
        return unknown(claim, f"the stimulus '{stimulus}' was not given")
    if given.data.unavailable:
        return not_verified(claim, given.data.unavailable)
    begin, end, amount = given.data.begin, given.data.end, given.data.amount
    asked = inf if given.data.asked is None else given.data.asked
    points = sorted(point for samples in evidence.stored(metric.name).values() for point in samples)
    # A scrape while the stimulus is being applied has seen part of it already. One from before the pause that comes
    # first may have seen another level, where those of the pause failed; a counter has none to come down to.
    since = -inf if truth.figure == "cpu_seconds" else _pause(evidence)
    before = [
        value
        for t, value in points
        if (scrape := evidence.scrape_at(t)) and since <= scrape.begin and scrape.end < asked
    ]
    during = [
        (scrape.begin, value)
        for t, value in points
        if (scrape := evidence.scrape_at(t)) and begin <= scrape.begin and scrape.end <= end
    ]
    records = [given.number, *evidence.stored_records]
    if not before or not during:
        return unknown(claim, f"no scrape before or during the stimulus '{stimulus}'", records)
    rise = max(value for _, value in during) - before[-1]
    if truth.figure == "resident_bytes":
        amount -= _batched(evidence)
    if truth.figure == "cpu_seconds":  # what was done after the last scrape is in none
        amount = _charged(evidence, begin, max(t for t, _ in during))
        if amount <= 0:
            return unknown(
                claim, "the kernel charged no CPU time before the last scrape of the stimulus", records
            )
    if truth.figure == "open_descriptors" and rise < amount:
        taken = _accepted(evidence, min(asked, begin), max(scrape for scrape, _ in during))
        if taken is not None and taken < amount:
            return unknown(
                claim, f"the target had taken {taken} of {given.data.what} by the last scrape", records
            )
    expected = f"a rise of at least {amount:g} {metric.unit}"
    return findings(
        claim,
        [] if rise >= amount else [f"rose by {rise:g} {metric.unit} under {given.data.what}"],
        good=f"rose by {rise:g} {metric.unit} under {given.data.what}",
        expected=expected,
        tolerance="none, the amount is a lower bound; two ticks of CPU time, 64 pages of memory per thread",
        evidence=records,
    )


def _pause(evidence: Evidence) -> float:
    """When the pause began that comes before the stimuli (run time); any time where none is recorded."""
    return next(
        (
            record.t
            for record in evidence.history.of(Phase)
            if (record.data.name, record.data.edge) == ("stimuli", "begin")
        ),
        -inf,
    )


def _accepted(evidence: Evidence, begin: float, end: float) -> int | None:
    """By how many descriptors the kernel saw the process rise between two instants; None where nobody looked.

    A connection is held as soon as the kernel has it, and costs a descriptor once the process has taken it.
    """
    record = evidence.history.last(Kernel)
    rows = record.data.figures if record is not None else ()
    before = [row.open_descriptors for row in rows if row.after <= begin]
    inside = [row.open_descriptors for row in rows if begin <= row.before <= end]
    return max(inside) - before[-1] if before and inside else None


def _batched(evidence: Evidence) -> int:
    """Bytes that the kernel may not have added up yet, at either end of the rise."""
    rows = evidence.need(Kernel).data.figures
    return 2 * BATCH * max((reading.threads for reading in rows), default=1)


def _charged(evidence: Evidence, begin: float, end: float) -> float:
    """CPU seconds that the kernel surely charged between two instants: its readings inside, less a tick at each end."""
    readings = [Figures(*row) for row in evidence.need(Kernel).data.readings]
    inside = [reading.cpu_seconds for reading in readings if begin <= reading.before and reading.after <= end]
    return inside[-1] - inside[0] - 2 * TICK if inside else 0.0


CHECK = register(
    Check(
        "stimulus",
        for_metrics("stimulus", lambda metric: metric.truth.kind == "process"),
        judge,
        order=540,
        scope="first",
    )
)
