"""Scrapes of the monitoring itself that failed by themselves while a drill was about it: then nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promproof.drills.drill import Drill
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import StoredMonitoring, Timing, Turn


def blind(
    evidence: Evidence, drill: Drill, turns: Sequence[Turn], timing: Timing, slack: float
) -> list[tuple[float, float]]:
    """Intervals (run times) after such scrapes, until an evaluation has seen the next good one; none for a drill that
    is about the target.

    What a component does while the drill keeps it down, and as long as it takes to come back, is planned.
    """
    if not drill.fault.watched:
        return []
    taken: list[tuple[float, float]] = []
    if drill.fault.takes_over and turns:
        first = turns[0]
        taken = [
            (first.asked, first.done + timing.scrape + timing.scrape_timeout + timing.evaluation + slack)
        ]
    planned = list(_planned(turns, timing, slack))
    seen = timing.scrape_timeout + timing.evaluation + slack
    found = [*taken]
    for record in evidence.history.of(StoredMonitoring):
        for series in record.data.series:
            job = series.labels.get("job", "")
            if series.name != "up" or job == evidence.contract.target.job:
                continue
            failed: float | None = None
            for t, value in series.samples:
                if value == 1 and failed is not None:
                    found.append((failed, t + seen))
                    failed = None
                is_planned = job in drill.fault.downs and any(begin <= t <= end for begin, end in planned)
                if value == 0 and failed is None and not is_planned:
                    failed = t
            if failed is not None:
                found.append((failed, failed + timing.scrape + seen))
    return sorted(found)


def _planned(turns: Sequence[Turn], timing: Timing, slack: float) -> Iterator[tuple[float, float]]:
    """From when the fault was asked for until it is certainly over."""
    begun: float | None = None
    for turn in turns:
        if turn.do == "break" and begun is None:
            begun = turn.asked
        elif turn.do == "heal" and begun is not None:
            yield begun - timing.scrape_timeout, turn.done + timing.scrape + timing.scrape_timeout + slack
            begun = None
    if begun is not None:
        yield begun - timing.scrape_timeout, float("inf")
