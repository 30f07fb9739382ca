"""metric/NAME/kernel: at rest, each stored process figure lies between the kernel's readings around its scrape.

Tolerances: CPU time is counted in clock ticks, so one tick either way. Listing a process's descriptors opens one,
so the target's own count holds one more than an outsider sees, and a scraper's connection may come and go. Resident
memory is updated by the kernel in batches for each thread (`BATCH`).
"""

from __future__ import annotations

from dataclasses import dataclass

from promproof.checks.base import Check, Claim, findings, for_metrics, not_verified, register, unknown
from promproof.contract.truths import ProcessTruth
from promproof.evidence.evidence import Evidence, Scrape
from promproof.evidence.figures import BATCH, TICK, Figures
from promproof.evidence.records import Kernel
from promproof.verdict import Verdict


@dataclass(frozen=True)
class Bound:
    """What the kernel's readings allow for one stored value."""

    low: float
    high: float


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Bracket each scrape of the stimulus phases with kernel readings."""
    metric = evidence.contract.metric(claim.subject)
    truth = metric.truth
    assert isinstance(truth, ProcessTruth)
    if evidence.run.pid is None:
        return not_verified(
            claim, "the target's process is not on this machine, so the kernel cannot be asked"
        )
    record = evidence.need(Kernel)
    readings = [Figures(*row) for row in record.data.readings]
    begin, end = evidence.phase("stimuli")
    found, judged = [], 0
    series = evidence.stored(metric.name)
    for t, value in (point for samples in series.values() for point in samples):
        scrape = evidence.scrape_at(t)
        if scrape is None or not scrape.up or not begin <= scrape.begin <= scrape.end <= end:
            continue
        bound = _bound(truth.figure, readings, scrape)
        if bound is None:
            continue
        judged += 1
        if not bound.low <= value <= bound.high:
            found.append(f"at {t:.2f} s stored {value:g}, the kernel says {bound.low:g} to {bound.high:g}")
    records = [record.number, *evidence.stored_records]
    if judged < 3 and not found:
        if not series:
            return findings(
                claim, [f"{metric.name} was never stored"], good="", expected="a series", evidence=records
            )
        return unknown(claim, f"only {judged} scrapes lie between kernel readings", records)
    return findings(
        claim,
        found,
        good=f"{judged} scrapes agree with the kernel's figures for pid {evidence.run.pid}",
        expected="the kernel's reading before and after the scrape",
        tolerance="one clock tick; the listing's own descriptor; 64 pages per thread",
        evidence=records,
    )


def _bound(figure: str, readings: list[Figures], scrape: Scrape) -> Bound | None:
    before = [reading for reading in readings if reading.after <= scrape.begin]
    after = [reading for reading in readings if reading.before >= scrape.end]
    if not before or not after:
        return None
    first, last = before[-1], after[0]
    around = [reading for reading in readings if first.before <= reading.before <= last.before]
    if figure == "cpu_seconds":
        return Bound(first.cpu_seconds - TICK, last.cpu_seconds + TICK)
    if figure == "open_descriptors":
        counts = [reading.open_descriptors for reading in around]
        return Bound(
            min(counts), max(counts) + 2
        )  # the listing's own, and a connection that came with the scrape
    sizes = [reading.resident_bytes for reading in around]
    slack = BATCH * max(reading.threads for reading in around)
    return Bound(min(sizes) - slack, max(sizes) + slack)


CHECK = register(
    Check(
        "kernel",
        for_metrics("kernel", lambda metric: metric.truth.kind == "process"),
        judge,
        order=530,
        scope="first",
    )
)
