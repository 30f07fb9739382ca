"""How long detection takes beyond the theoretical minimum.

    python -m benchmarks.detection_latency [REPORT FOLDER ...]

Without a folder it runs the default drills first. The minimum is the time in which the window fills up to the
threshold in proportion, `for`, group_wait and an injected delay; the excess over it should stay under two scrape
intervals plus two evaluations at the drill's scale. Events are whole, so that a dosed window may cross its threshold
later than in proportion: that is the dose's doing and not detection's, and stands in a column of its own.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import words
from promproof.contract.model import load
from promproof.drills import plan
from promproof.drills.case import Case, build
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.history import read
from promproof.evidence.records import DrillDriven
from promproof.places import DEFAULT_CONTRACT, DEFAULT_REPORTS, REPOSITORY


@dataclass(frozen=True)
class Latency:
    """From the fault to the notification, in seconds."""

    drill: str
    seen: float
    shortest: float
    allowed: float
    """The excess that two scrapes and two evaluations make."""
    dosing: float
    """What the dose's granularity may add."""

    @property
    def excess(self) -> float:
        """Seconds beyond the theoretical minimum."""
        return self.seen - self.shortest

    @property
    def late(self) -> bool:
        """Whether it took longer than intervals and dose explain."""
        return self.excess > self.allowed + self.dosing


def latencies(folder: Path) -> Iterator[Latency]:
    """Those of every drill of a run that was notified."""
    evidence = Evidence(load(DEFAULT_CONTRACT), read(folder / "history.jsonl"))
    for record in evidence.history.of(DrillDriven):
        try:
            case = build(evidence, record.data.name)
            seen = _notified(case)
        except Gap:
            continue
        if seen is not None:
            timing = case.timing
            allowed = 2 * timing.scrape + 2 * timing.evaluation
            shortest, dosing = plan.shortest(case.drill, timing), plan.granularity(case.drill, timing)
            yield Latency(case.drill.name, seen, shortest, allowed, dosing)


def _notified(case: Case) -> float | None:
    told = [
        delivery.t
        for delivery in case.delivered
        if delivery.status == "firing" and delivery.receiver in case.receivers
    ]
    return min(told) - case.at("raised").done if told else None


def main() -> int:
    """Print a line for each drill; 1 when an excess is too long."""
    given = words.parser(__doc__)
    given.add_argument("folders", nargs="*", type=words.run)
    folders: list[Path] = given.parse_args().folders
    if not folders:
        subprocess.run([sys.executable, "-m", "promproof", "drill"], cwd=REPOSITORY, check=False)
        folders = sorted(DEFAULT_REPORTS.glob("drill-*"))[-1:]
    print(f"{'drill':<26}{'seen':>8}{'minimum':>9}{'excess':>8}{'allowed':>9}{'dosing':>8}")
    late = False
    for folder in folders:
        for latency in latencies(folder):
            late = late or latency.late
            print(
                f"{latency.drill:<26}{latency.seen:8.2f}{latency.shortest:9.2f}{latency.excess:8.2f}{latency.allowed:9.2f}"
                f"{latency.dosing:8.2f}"
            )
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
